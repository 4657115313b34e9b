import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DuckDBStore } from '../../../src/store/duckdb/store.ts';
import { allRows, Feeder, loadFrame, loadValues, MINUTE, random, SECOND, T0, temporaryFolder } from '../fixtures.ts';

const DAY = 24 * 60 * MINUTE;
const SPAN = { fromUs: T0, toUs: T0 + DAY };
const FILE = 'load/2023-11-15.parquet';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let archive: string;
let store: DuckDBStore;

beforeEach(async () => {
  folder = await temporaryFolder('archive-');
  archive = join(folder.path, 'archive');
});
afterEach(async () => {
  await store.close();
  await folder.remove();
});

async function open(): Promise<void> {
  store = await DuckDBStore.open(join(folder.path, 'series.duckdb'));
}

/** Doubles that do not compress. */
async function fill(rows = 1_000): Promise<void> {
  const next = random(1);
  await new Feeder(store).append(
    Array.from({ length: rows }, (_, row) => loadFrame(T0 + row * SECOND, next())),
    { source: `${rows}`, number: 1 },
  );
}

const rollUp = () => store.rollup({ family: 'load', ...SPAN, bucketUs: MINUTE, archive: true });
const prune = () => store.prune({ table: 'load', ...SPAN, archive: true });
const restore = () => store.restore({ table: 'load', ...SPAN });

async function expectNothingLeaves(message: string): Promise<void> {
  const before = await allRows(store, 'load', ['value']);
  const refusal = { code: 'TACHO_STORE_ARCHIVE', message: expect.stringContaining(message) };
  for (const leave of [rollUp, prune]) {
    await expect(leave()).rejects.toMatchObject(refusal);
    await expect(leave()).rejects.toMatchObject({ message: expect.not.stringContaining('\n') });
  }
  expect(await allRows(store, 'load', ['value'])).toEqual(before);
  expect(store.broken).toBe(false);
  expect(await store.check()).toEqual({ ok: true, reasons: [] });
  await new Feeder(store).append([loadFrame(T0 + DAY, 1)], { source: 'after', number: 1 });
}

/** A file system of its own at `archive/`; false where that is not allowed. */
function mounted(options: string): boolean {
  try {
    execFileSync('/usr/bin/mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', archive], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('an archive that cannot be written keeps rows where they are, and goes on when it can', () => {
  test('its disk has too little room to begin', async (context) => {
    await mkdir(archive);
    await open();
    if (!mounted('size=1m')) return context.skip('mounting a tmpfs needs root');
    try {
      await fill();
      await expectNothingLeaves(`${archive}: 1 MiB of disk space are left, too few to archive 1000 rows of load`);
      expect(await readdir(join(archive, 'load'))).toEqual([]);
      execFileSync('/usr/bin/mount', ['-o', 'remount,size=16m', archive]);
      expect(await rollUp()).toMatchObject({ moved: 1_000, archived: { files: 1, rows: 1_000 } });
      expect(await restore()).toEqual({ rows: 1_000 });
    } finally {
      execFileSync('/usr/bin/umount', [archive]);
    }
  });

  test('its disk runs full on the way', async (context) => {
    await mkdir(archive);
    await open();
    // Room for four bytes a value and a reserve: these take eight.
    if (!mounted('size=26112k')) return context.skip('mounting a tmpfs needs root');
    const instances = Array.from({ length: 100 }, (_, index) => `${index}`);
    try {
      const next = random(2);
      const fields = Array.from({ length: 40 }, (_, index) => `f${index}`);
      const frames = Array.from({ length: 1_000 }, (_, second) => ({
        family: 'load',
        fields: ['value', ...fields],
        instances,
        timestampUs: T0 + second * SECOND,
        values: instances.map(() => ['value', ...fields].map(() => next() / (1 + next()))),
      }));
      await new Feeder(store).append(frames);
      await expectNothingLeaves(archive);
      expect(await readdir(join(archive, 'load'))).toEqual([]);
      execFileSync('/usr/bin/mount', ['-o', 'remount,size=64m', archive]);
      expect(await prune()).toMatchObject({ rows: 100_000, archived: { rows: 100_000 } });
    } finally {
      execFileSync('/usr/bin/umount', [archive]);
    }
  });

  test('it is read-only', async (context) => {
    await mkdir(archive);
    await open();
    if (!mounted('size=16m,ro')) return context.skip('mounting a tmpfs needs root');
    try {
      await fill();
      await expectNothingLeaves(`${archive}: the archive cannot be written (EROFS`);
    } finally {
      execFileSync('/usr/bin/umount', [archive]);
    }
    expect(await rollUp()).toMatchObject({ moved: 1_000 });
  });

  test('something else is in its place', async () => {
    await writeFile(archive, 'not a folder');
    await open();
    await fill();
    await expectNothingLeaves(`${archive}: the archive cannot be written (E`);
    await rm(archive);
    expect(await rollUp()).toMatchObject({ moved: 1_000 });
  });

  test('a link leads nowhere', async () => {
    await symlink(join(folder.path, 'gone'), archive);
    await open();
    await fill();
    await expectNothingLeaves(`${archive}: the archive cannot be written (E`);
  });
});

test('the archive may be a link to another place', async () => {
  const elsewhere = await temporaryFolder('elsewhere-');
  await symlink(elsewhere.path, archive);
  await open();
  await fill();
  await rollUp();
  expect(await readdir(join(elsewhere.path, 'load'))).toEqual(['2023-11-15.parquet']);
  expect(await restore()).toEqual({ rows: 1_000 });
  await elsewhere.remove();
});

describe('a file of the archive that cannot be read is said so, and nothing of its day changes', () => {
  async function expectRefusal(message: string): Promise<void> {
    const path = join(archive, FILE);
    await fill(7);
    const before = { tables: (await store.usage()).tables, bytes: await readFile(path) };
    const refusal = { code: 'TACHO_STORE_ARCHIVE', message: expect.stringContaining(message) };
    for (const work of [restore, rollUp, prune]) {
      await expect(work()).rejects.toMatchObject(refusal);
      await expect(work()).rejects.toMatchObject({ message: expect.not.stringContaining('\n') });
    }
    expect((await store.usage()).tables).toEqual(before.tables);
    expect(await store.archived()).toEqual([
      expect.objectContaining({ path: FILE, rows: 0, damage: expect.stringContaining(message) }),
    ]);
    expect(await readFile(path)).toEqual(before.bytes);
    expect(await store.check()).toEqual({ ok: true, reasons: [] });
    // Once a person has moved it away, the rows can go.
    await rm(path);
    expect(await rollUp()).toMatchObject({ moved: 7, archived: { files: 1 } });
  }

  beforeEach(async () => {
    await open();
    await fill();
    await rollUp();
  });

  test('it was cut off', async () => {
    await truncate(join(archive, FILE), 3_000);
    await expectRefusal(join(archive, FILE));
  });

  test('it is empty', async () => {
    await truncate(join(archive, FILE), 0);
    await expectRefusal(join(archive, FILE));
  });

  test('it is something else', async () => {
    await writeFile(join(archive, FILE), 'not a Parquet file'.repeat(100));
    await expectRefusal(join(archive, FILE));
  });

  async function writeParquet(option: string): Promise<void> {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run(`COPY (SELECT 1 AS x) TO '${join(archive, FILE)}' (FORMAT parquet${option})`);
    connection.closeSync();
    instance.closeSync();
  }

  test('somebody else wrote it', async () => {
    await writeParquet('');
    await expectRefusal(`${join(archive, FILE)} is a Parquet file of something else: move it away`);
  });

  test('a newer version wrote it', async () => {
    await writeParquet(", KV_METADATA {tacho_format: '2'}");
    await expectRefusal(
      `${join(archive, FILE)} has format version 2, this Tacho reads version 1: run the version that wrote it`,
    );
  });

  test('its columns are no names of ours', async () => {
    const columns = JSON.stringify([["x\" FROM read_text(''/etc/passwd'')--", 'DOUBLE']]).replaceAll("'", "''");
    await writeParquet(`, KV_METADATA {tacho_format: '1', tacho_kind: 'series', tacho_columns: '${columns}'}`);
    await expectRefusal(`${join(archive, FILE)} does not say what its columns are: move it away`);
  });

  test('its rows are damaged', async () => {
    const path = join(archive, FILE);
    const bytes = await readFile(path);
    bytes.fill(0xff, 200, 3_000);
    await writeFile(path, bytes);
    const before = (await store.usage()).tables;
    await expect(restore()).rejects.toMatchObject({ code: 'TACHO_STORE_ARCHIVE' });
    expect((await store.usage()).tables).toEqual(before);
    expect(await store.check()).toEqual({ ok: true, reasons: [] });
  });
});

test('what a killed process has left unfinished goes when the store is opened', async () => {
  await mkdir(join(archive, 'load'), { recursive: true });
  await writeFile(join(archive, 'load', '.unfinished'), 'half a file');
  await open();
  expect(await readdir(join(archive, 'load'))).toEqual([]);
});

test('other files in the archive are left alone', async () => {
  await mkdir(join(archive, 'load'), { recursive: true });
  await writeFile(join(archive, 'load', 'notes.txt'), 'mine');
  await writeFile(join(archive, 'README'), 'mine');
  await open();
  await fill();
  await rollUp();
  expect((await store.archived()).map(({ path }) => path)).toEqual([FILE]);
  expect((await readdir(join(archive, 'load'))).sort()).toEqual(['2023-11-15.parquet', 'notes.txt']);
  expect(await loadValues(store)).toEqual([]);
});

test.each(['instance=web', 'value=9'])('a data folder called %s does not get into what is restored', async (name) => {
  await mkdir(join(folder.path, name));
  store = await DuckDBStore.open(join(folder.path, name, 'series.duckdb'));
  await new Feeder(store).append([loadFrame(T0, 1, 'db')]);
  await rollUp();
  await restore();
  expect(await allRows(store, 'load', ['value'])).toEqual([{ timestampUs: T0, instance: 'db', values: [1] }]);
});

test('rolled-up rows come back where nothing is known of their family any more', async () => {
  await open();
  await fill(10);
  await store.rollup({ family: 'load', ...SPAN, bucketUs: MINUTE, archive: false });
  await store.prune({ table: 'load_rollup', ...SPAN, archive: true });
  await store.close();
  await rm(join(folder.path, 'series.duckdb'));
  await open();
  expect(await restore()).toEqual({ rows: 1 });
  const select = [{ field: 'value', aggregate: 'count' }] as const;
  const counted = await store.range({ family: 'load', collector: 1, ...SPAN, bucketUs: DAY, select });
  expect(Array.from(counted.columns[0] ?? [])).toEqual([10]);
});

test('an archive that leads elsewhere since the store was opened is refused', async () => {
  await open();
  await fill();
  const elsewhere = await temporaryFolder('elsewhere-');
  try {
    await symlink(elsewhere.path, archive);
    await expectNothingLeaves('the archive cannot be written');
  } finally {
    await elsewhere.remove();
  }
});

test('an archive that cannot be looked at does not keep anybody from what is stored', async () => {
  await open();
  await fill(10);
  await symlink('archive', archive);
  expect(await store.usage()).toMatchObject({ archiveBytes: 0, tables: [{ name: 'load', rows: 10 }] });
  await expectNothingLeaves('the archive cannot be written');
});
