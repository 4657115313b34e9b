import { copyFile, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DuckDBStore } from '../../../src/store/duckdb/store.ts';
import { Feeder, loadFrame, loadValues, SECOND, T0, temporaryFolder } from '../fixtures.ts';
import { AppendingProcess } from './appending-process.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let path: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder.path, 'series.duckdb');
});
afterEach(() => folder.remove());

async function filledFile(rows = 10): Promise<void> {
  const store = await DuckDBStore.open(path);
  await new Feeder(store).append(Array.from({ length: rows }, (_, row) => loadFrame(T0 + row * SECOND, Math.sin(row))));
  await store.close();
}

async function contents(): Promise<Map<string, Buffer>> {
  const files = await readdir(folder.path);
  return new Map(
    await Promise.all(files.map(async (file) => [file, await readFile(join(folder.path, file))] as const)),
  );
}

async function flipByte(file: string, at: number): Promise<void> {
  const bytes = await readFile(file);
  bytes[at] = (bytes[at] as number) ^ 0xff;
  await writeFile(file, bytes);
}

async function expectRefusal(code: string): Promise<void> {
  const before = await contents();
  await expect(DuckDBStore.open(path)).rejects.toMatchObject({ code, message: expect.stringContaining(path) });
  await expect(DuckDBStore.open(path)).rejects.toMatchObject({ message: expect.not.stringContaining('\n') });
  expect(await contents()).toEqual(before);
}

describe('a damaged file is refused in one line that names it, and stays as it is', () => {
  test.each([0, 8, 20, 4_096, 8_200])('a flipped byte at %i', async (at) => {
    await filledFile();
    await flipByte(path, at);
    await expectRefusal('TACHO_STORE_CORRUPT');
  });

  test.each([1, 100, 4_096, 20_000])('only %i bytes left', async (length) => {
    await filledFile(2_000);
    await truncate(path, length);
    await expectRefusal('TACHO_STORE_CORRUPT');
  });

  test('something else', async () => {
    await writeFile(path, 'not a DuckDB file'.repeat(1_000));
    await expectRefusal('TACHO_STORE_CORRUPT');
  });

  test('a damaged write-ahead log', async () => {
    const process = new AppendingProcess(path);
    await process.acknowledges(3);
    await process.kill();
    await flipByte(`${path}.wal`, 5_000);
    await expectRefusal('TACHO_STORE_CORRUPT');
  });

  test('damage inside is found by the query that meets it, and by check from then on', async () => {
    await filledFile(50_000);
    const bytes = await readFile(path);
    // Behind the three headers, in all blocks: whichever hold the column.
    for (let at = 3 * 4_096 + 10_000; at < bytes.length - 200_000; at += 16_384)
      bytes[at] = (bytes[at] as number) ^ 0xff;
    await writeFile(path, bytes);
    const refusal = { code: 'TACHO_STORE_CORRUPT', message: expect.stringContaining(path) };
    const store = await DuckDBStore.open(path);
    await expect(loadValues(store)).rejects.toMatchObject(refusal);
    expect(await store.check()).toEqual({ ok: false, reasons: [expect.stringContaining(path)] });
    await store.close();
  });
});

test('a folder in the place of the file', async () => {
  await mkdir(path);
  await expect(DuckDBStore.open(path)).rejects.toMatchObject({ code: 'TACHO_STORE_UNAVAILABLE' });
});

test('a data folder that is not there', async () => {
  await expect(DuckDBStore.open(join(folder.path, 'none', 'series.duckdb'))).rejects.toMatchObject({
    code: 'TACHO_STORE_UNAVAILABLE',
  });
});

test('an empty file, as a process killed at the wrong moment leaves it, is as good as none', async () => {
  await writeFile(path, '');
  await filledFile();
});

test('a log that was cut off in the middle of a batch loses that batch only', async () => {
  const process = new AppendingProcess(path);
  await process.acknowledges(4);
  await process.kill();
  const { size } = await readFile(`${path}.wal`).then(({ length }) => ({ size: length }));
  await truncate(`${path}.wal`, size - 100);
  const store = await DuckDBStore.open(path);
  const instances = await store.instances({ family: 'load', collector: 1, fromUs: 0, toUs: 2 * T0 });
  expect(instances.length).toBeGreaterThanOrEqual(3);
  await store.close();
});

test('another process has the file open', async () => {
  const process = new AppendingProcess(path);
  await process.acknowledges(1);
  await expect(DuckDBStore.open(path)).rejects.toMatchObject({
    code: 'TACHO_STORE_BUSY',
    message: expect.stringMatching(/series\.duckdb: another process has it open \(process \d+\)/),
  });
  await process.kill();
  await (await DuckDBStore.open(path)).close();
});

describe('the format version', () => {
  async function execute(sql: string): Promise<void> {
    const instance = await DuckDBInstance.create(path);
    const connection = await instance.connect();
    await connection.run(sql);
    connection.closeSync();
    instance.closeSync();
  }

  test('of a newer Tacho is refused in one line', async () => {
    await filledFile();
    await execute('UPDATE tacho_format SET version = 3');
    await expect(DuckDBStore.open(path)).rejects.toMatchObject({
      code: 'TACHO_STORE_FORMAT',
      message: `${path} has format version 3, this Tacho reads up to version 2: run the version that wrote it`,
    });
    await execute('UPDATE tacho_format SET version = 2');
    const store = await DuckDBStore.open(path);
    expect(await loadValues(store)).toHaveLength(10);
    await store.close();
  });

  test('of no Tacho at all is refused', async () => {
    await execute('CREATE TABLE mine (x INTEGER)');
    await expect(DuckDBStore.open(path)).rejects.toMatchObject({
      code: 'TACHO_STORE_FORMAT',
      message: expect.stringContaining(path),
    });
  });
});

test('what a killed process spilled to disk is removed', async () => {
  await filledFile();
  await mkdir(`${path}.tmp`);
  await copyFile(path, join(`${path}.tmp`, 'duckdb_temp_storage.tmp'));
  const store = await DuckDBStore.open(path);
  expect(await readdir(folder.path)).not.toContain('series.duckdb.tmp');
  await store.close();
  await rm(`${path}.tmp`, { recursive: true, force: true });
});

test('statements can read and write nothing outside of the data folder', async () => {
  const store = await DuckDBStore.open(path);
  await new Feeder(store).append([loadFrame(T0, 1, "x' FROM read_text('/etc/hostname'); --")]);
  expect(await loadValues(store)).toEqual([[0, 1]]);
  await store.close();
});
