// The least that Node needs to answer questions from a series file: query-by-hand.mjs DATABASE.
// Each line of its input is a JSON list of statements; it answers with the length of all their rows as JSON.

import process from 'node:process';
import { createInterface } from 'node:readline';
import { DuckDBInstance } from '@duckdb/node-api';

const [database] = process.argv.slice(2);
// What the daemon opens its file with while queries run.
const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '128MB' });
const connection = await instance.connect();
await connection.run(`ATTACH '${database}' AS series (READ_ONLY)`);
await connection.run('USE series');

for await (const line of createInterface({ input: process.stdin })) {
  let length = 0;
  for (const sql of JSON.parse(line)) {
    const reader = await connection.runAndReadAll(sql);
    length += JSON.stringify(reader.getRowsJS()).length;
  }
  console.log(String(length));
}
