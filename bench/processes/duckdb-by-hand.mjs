// The least that Node needs to keep the daemon's rows in DuckDB: duckdb-by-hand.mjs ROWS.json DATABASE.
// The captured rows are appended every ten seconds as if they had just been sampled, each table in one appender.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { DuckDBInstance, DuckDBTimestampValue } from '@duckdb/node-api';

const APPEND_MS = 10_000;
const COLLECTOR = 1;

const [rowsFile, database] = process.argv.slice(2);
const tables = JSON.parse(readFileSync(rowsFile, 'utf8'));
const instance = await DuckDBInstance.create(database, { threads: '1', memory_limit: '96MB' });
const connection = await instance.connect();
for (const { family, fields } of tables) {
  const columns = fields.map((field) => `"${field}" DOUBLE`).join(', ');
  await connection.run(
    `CREATE TABLE "${family}" (timestamp TIMESTAMP, collector INTEGER, instance VARCHAR, ${columns})`,
  );
}

async function append() {
  const startMs = Date.now() - APPEND_MS;
  await connection.run('BEGIN');
  for (const { family, rows } of tables) {
    const appender = await connection.createAppender(family);
    for (const [second, instanceName, ...values] of rows) {
      appender.appendTimestamp(new DuckDBTimestampValue(BigInt(startMs + second * 1000) * 1000n));
      appender.appendInteger(COLLECTOR);
      appender.appendVarchar(instanceName);
      for (const value of values) {
        if (value === null) appender.appendNull();
        else appender.appendDouble(value);
      }
      appender.endRow();
    }
    appender.closeSync();
  }
  await connection.run('COMMIT');
}

setInterval(append, APPEND_MS);
