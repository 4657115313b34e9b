import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Database } from '../../../src/store/duckdb/database.ts';
import { temporaryFolder } from '../fixtures.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let database: Database;

beforeEach(async () => {
  folder = await temporaryFolder();
  database = await Database.open(join(folder.path, 'series.duckdb'));
});
afterEach(async () => {
  await database.close();
  await folder.remove();
});

const numbers = (): Promise<unknown[][]> =>
  database.read(async (reader) => (await reader.runAndReadAll('SELECT * FROM numbers ORDER BY 1')).getRows());

describe('a checkpoint', () => {
  test('folds the log into the file', async () => {
    await database.write((writer) => writer.run('CREATE TABLE numbers AS SELECT * FROM range(10000)'));
    const before = statSync(`${database.path}.wal`).size;
    await database.checkpoint();
    expect(statSync(`${database.path}.wal`).size).toBe(before);
    await database.checkpoint(true);
    expect(statSync(`${database.path}.wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0);
    expect(await numbers()).toHaveLength(10_000);
  });

  test('runs while rows are read', async () => {
    await database.write((writer) => writer.run('CREATE TABLE numbers AS SELECT * FROM range(10000)'));
    await database.read(async (reader) => {
      await reader.run('BEGIN');
      const rows = await reader.stream('SELECT * FROM numbers');
      expect(await rows.fetchChunk()).not.toBeNull();
      await database.write((writer) => writer.run('INSERT INTO numbers VALUES (-1)'));
      await database.checkpoint(true);
      expect(database.troubles).toEqual([]);
      expect((await rows.getRows()).length).toBe(10_000 - 2_048);
      await reader.run('COMMIT');
    });
    expect(await numbers()).toHaveLength(10_001);
  });

  test('that fails breaks the open database; what was committed is there when it is opened again', async () => {
    await database.write((writer) => writer.run('CREATE TABLE numbers AS SELECT 1'));
    await database.write((writer) => writer.run("SET GLOBAL debug_checkpoint_abort = 'before_header'"));
    await database.checkpoint(true);
    expect(database.broken).toBe(true);
    expect(database.troubles).toHaveLength(1);
    await expect(numbers()).rejects.toMatchObject({ code: 'TACHO_STORE_UNAVAILABLE' });
    await expect(database.write((writer) => writer.run('INSERT INTO numbers VALUES (2)'))).rejects.toMatchObject({
      code: 'TACHO_STORE_UNAVAILABLE',
      message: expect.stringContaining(database.path),
    });
    await database.close();

    database = await Database.open(database.path);
    expect([database.broken, database.troubles]).toEqual([false, []]);
    expect(await numbers()).toEqual([[1]]);
    await database.write((writer) => writer.run('INSERT INTO numbers VALUES (2)'));
    await database.checkpoint(true);
    expect(await numbers()).toEqual([[1], [2]]);
  });
});

test('a query does not wait for another, nor for a write', async () => {
  await database.write((writer) => writer.run('CREATE TABLE numbers AS SELECT 1'));
  await database.read((reader) =>
    database.write(async (writer) => {
      await Promise.all([reader.run('BEGIN'), writer.run('BEGIN')]);
      await writer.run('INSERT INTO numbers VALUES (2)');
      expect(await numbers()).toEqual([[1]]);
      await Promise.all([reader.run('COMMIT'), writer.run('COMMIT')]);
    }),
  );
  expect(await numbers()).toEqual([[1], [2]]);
});

test('a query that needs more memory than appending does gets it', async () => {
  const sorted = await database.read(async (reader) =>
    (
      await reader.runAndReadAll(
        'SELECT i FROM (SELECT i, hash(i) AS a, hash(i + 1) AS b, hash(i + 2) AS c FROM range(2000000) t(i)) ORDER BY a, b, c LIMIT 1 OFFSET 1000000',
      )
    ).getRows(),
  );
  expect(sorted).toHaveLength(1);
});

test.each([
  "COPY (SELECT 1) TO '/tmp/tacho-escaped.csv'",
  "SELECT * FROM read_text('/etc/hostname')",
  'INSTALL httpfs',
])('no statement reaches outside of the data folder: %s', async (statement) => {
  await expect(database.write((writer) => writer.run(statement))).rejects.toThrow(/disabled|Cannot access/);
});

test('statements may write below the data folder, as the archive will', async () => {
  const file = join(folder.path, 'copy.csv');
  await database.write((writer) => writer.run(`COPY (SELECT 1 AS one) TO '${file}'`));
  expect(statSync(file).size).toBeGreaterThan(0);
});
