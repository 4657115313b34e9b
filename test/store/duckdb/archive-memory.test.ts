import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, onTestFinished, test } from 'vitest';
import { DuckDBStore } from '../../../src/store/duckdb/store.ts';
import { Feeder, MINUTE, T0, temporaryFolder } from '../fixtures.ts';

const DAY = 24 * 60 * MINUTE;

test('events with more text in a day than fits into memory are archived', async () => {
  const folder = await temporaryFolder('texts-');
  onTestFinished(() => folder.remove());
  const path = join(folder.path, 'series.duckdb');
  const empty = await DuckDBStore.open(path);
  const feeder = new Feeder(empty);
  const table = { name: 'requests', columns: { body: 'text' } } as const;
  await empty.append([feeder.events(table, [{ id: 'first', timestampUs: T0, values: { body: '' } }])]);
  await empty.close();
  const rows = 60_000;
  await inFile(
    path,
    `INSERT INTO requests SELECT i::VARCHAR, make_timestamp(${T0} + i * ${DAY / rows}::BIGINT), repeat(md5(i::VARCHAR), 64)
     FROM range(1, ${rows}) AS numbers(i)`,
  );
  const store = await DuckDBStore.open(path);
  onTestFinished(() => store.close());
  expect(await store.prune({ table: 'requests', fromUs: T0, toUs: T0 + DAY, archive: true })).toMatchObject({
    rows,
    archived: { rows },
  });
});

async function inFile(path: string, sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}
