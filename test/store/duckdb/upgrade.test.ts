import { copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DuckDBStore } from '../../../src/store/duckdb/store.ts';
import { allRows, Feeder, loadFrame, MINUTE, rowsOf, SECOND, T0, temporaryFolder } from '../fixtures.ts';
import { smallDisk } from './small-disk.ts';

/**
 * A file of format version 1, written by Tacho 0.1.0: `cpu` of collector 1 every 5 s for ten minutes from T0 (usage_percent i and i + 0.5,
 * user_percent i / 3 and none, for `all` and `0`), rolled up by the minute up to minute 8 and pruned before minute 4, with one row that came in
 * late at 90.5 s; `memory` of collector 2, of which two minutes were rolled up and none pruned; two rows of the event table `metrics`.
 */
const FIXTURE = fileURLToPath(new URL('../../fixtures/formats/0.1.0/series.duckdb', import.meta.url));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let path: string;

beforeEach(async () => {
  folder = await temporaryFolder('upgrade-');
  path = join(folder.path, 'series.duckdb');
  await copyFile(FIXTURE, path);
});
afterEach(() => folder.remove());

async function expectContents(store: DuckDBStore): Promise<void> {
  const select = (['avg', 'min', 'max', 'last', 'count'] as const).map((aggregate) => ({
    field: 'usage_percent',
    aggregate,
  }));
  const span = { fromUs: T0, toUs: T0 + 10 * MINUTE };
  const cpu = rowsOf(await store.range({ family: 'cpu', collector: 1, ...span, bucketUs: MINUTE, select }));
  expect(cpu.filter(({ instance }) => instance === 'all').map(({ values }) => values)).toEqual(
    Array.from({ length: 10 }, (_, minute) => {
      const first = minute * 12;
      // Seconds 60 to 115, and 1,000 at 90.5 s.
      if (minute === 1) return [expect.closeTo((12 * 17.5 + 1_000) / 13, 9), 12, 1_000, 23, 13];
      return [first + 5.5, first, first + 11, first + 11, 12];
    }),
  );
  expect(cpu.filter(({ instance }) => instance === '0')[1]?.values).toEqual([
    expect.closeTo((12 * 18 + 2_000) / 13, 9),
    12.5,
    2_000,
    23.5,
    13,
  ]);
  const raw = await allRows(store, 'cpu', ['user_percent']);
  expect(raw).toHaveLength(2 + 2 * 72);
  expect(raw[0]).toEqual({ timestampUs: T0 + 90.5 * SECOND, instance: '0', values: [2_000] });
  expect(raw.at(-1)).toEqual({ timestampUs: T0 + 595 * SECOND, instance: 'all', values: [119 / 3] });
  const memory = await allRows(store, 'memory', ['total_bytes'], { collector: 2 });
  expect(memory.map(({ values }) => values)).toEqual([[16_000_000_000], [16_000_000_001], [16_000_000_002]]);
  const columns = { org: 'text', value: 'double', tags: 'json', seen: 'timestamp', size: 'integer' } as const;
  const { rows } = await store.events({ table: { name: 'metrics', columns }, fromUs: 0, toUs: 2 * T0, limit: 9 });
  expect(rows).toEqual([
    {
      id: 'metric_1',
      timestampUs: T0 + 7,
      values: { org: 'acme', value: 0.1, tags: '{"a":[1]}', seen: T0 + 8, size: 2 ** 52 },
    },
    { id: 'metric_2', timestampUs: T0 + 8, values: { org: null, value: null, tags: null, seen: null, size: null } },
  ]);
}

test('a file of version 1 is upgraded, nothing counts twice, and a copy is kept', async () => {
  const store = await DuckDBStore.open(path);
  await expectContents(store);
  // Four minutes of two instances were pruned; the other rollup rows stood beside raw rows.
  const { tables } = await store.usage();
  expect(Object.fromEntries(tables.map(({ name, rows }) => [name, rows]))).toEqual({
    cpu: 146,
    cpu_rollup: 8,
    memory: 3,
    memory_rollup: 0,
    metrics: 2,
  });
  const replay = new Feeder(store).batch([loadFrame(T0, 1)], { number: 1 });
  expect(await store.append([replay])).toMatchObject({ replayed: 1 });
  await store.close();
  expect(await readFile(`${path}.bak-v1`)).toEqual(await readFile(FIXTURE));

  const again = await DuckDBStore.open(path);
  await expectContents(again);
  await again.close();
  expect((await readdir(folder.path)).sort()).toEqual(['series.duckdb', 'series.duckdb.bak-v1']);
});

test('what is left of an upgrade that was cut short is in nobody’s way', async () => {
  await writeFile(`${path}.bak-unfinished`, 'half a copy');
  await (await DuckDBStore.open(path)).close();
  expect((await readdir(folder.path)).sort()).toEqual(['series.duckdb', 'series.duckdb.bak-v1']);
});

test('without room for the copy, the upgrade is refused and says how much it needs; with room, it goes on', async (context) => {
  const disk = await smallDisk('1m');
  if (!disk) return context.skip('mounting a tmpfs needs root');
  try {
    const tight = join(disk.path, 'series.duckdb');
    const ballast = join(disk.path, 'ballast');
    await copyFile(FIXTURE, tight);
    await writeFile(ballast, Buffer.alloc(700 * 1024));
    await expect(DuckDBStore.open(tight)).rejects.toMatchObject({
      code: 'TACHO_STORE_UNAVAILABLE',
      message: `${tight} needs 1 MiB of disk space for a copy before its upgrade; 0 MiB are free`,
    });
    expect((await readdir(disk.path)).sort()).toEqual(['ballast', 'series.duckdb']);
    await rm(ballast);
    const store = await DuckDBStore.open(tight);
    await expectContents(store);
    await store.close();
  } finally {
    await disk.remove();
  }
});
