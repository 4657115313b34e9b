import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { SeriesStore } from '../../../src/store/contract.ts';
import { DAY_US, dayOf } from '../../../src/store/days.ts';
import { DuckDBStore } from '../../../src/store/duckdb/store.ts';
import { allRows, random, temporaryFolder } from '../fixtures.ts';
import { buildWorld, END_US, expectedRange, FIELDS, type Figures, POSTS, START_US, type World } from './world.ts';

const CHILD = fileURLToPath(new URL('child-simulation.ts', import.meta.url));
const SEED = 20_260_105;
const KILLS = 20;
/** Nothing is pruned, nor condensed, in the first days. */
const KILL_DURING = ['append', 'append', 'rollup', 'append', 'rollup', 'prune', 'rollup', 'prune'] as const;
const MINUTE = 60_000_000;
const FAMILIES = ['load', 'net'] as const;

/** Lives on from an operation, until it is killed at a random moment behind the given line, or to the end. */
async function live(path: string, first: number, killAt: { line: string; nth: number; afterMs: number } | null) {
  const args = ['--disable-warning=ExperimentalWarning', CHILD, path, String(SEED), String(first)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let next = first;
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('done ')) next = Number(line.slice(5)) + 1;
    if (line !== killAt?.line || ++seen !== killAt.nth) continue;
    void delay(killAt.afterMs).then(() => child.kill('SIGKILL'));
  }
  const [code, signal] = (await exited) as [number | null, string | null];
  return { next, killed: signal === 'SIGKILL', failed: code !== 0 && signal === null };
}

test('forty days with twenty kills: nothing is lost, doubled or wrong', { timeout: 240_000 }, async () => {
  const folder = await temporaryFolder('simulation-');
  const path = join(folder.path, 'series.duckdb');
  const chance = random(SEED);
  let next = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const line = KILL_DURING[kill % KILL_DURING.length] as string;
    const lived = await live(path, next, { line, nth: 1 + Math.floor(chance() * 4), afterMs: chance() * 25 });
    expect(lived).toMatchObject({ killed: true, failed: false });
    next = lived.next;
  }
  const world = buildWorld(SEED);
  const end = await live(path, next, null);
  expect(end).toEqual({ next: world.operations.length, killed: false, failed: false });

  const store = await DuckDBStore.open(path);
  await checkTables(world, store);
  for (const bucketUs of [10 * MINUTE, 60 * MINUTE, END_US - START_US]) await checkRanges(world, store, bucketUs);
  await store.close();

  const restored = join(folder.path, 'restored');
  cpSync(join(folder.path, 'archive'), join(restored, 'archive'), { recursive: true });
  const fresh = await DuckDBStore.open(join(restored, 'series.duckdb'));
  await checkArchive(world, fresh);
  await fresh.close();
  await folder.remove();
});

/** Raw rows and events, one by one. */
async function checkTables(world: World, store: SeriesStore): Promise<void> {
  expect(world.rows.some(({ refused }) => refused)).toBe(true);
  for (const family of FAMILIES) {
    const raw = world.rows.filter((row) => !row.refused && row.family === family && row.bucketUs === null);
    expect(raw.length).toBeGreaterThan(100);
    expect(await rawRows(store, family)).toEqual(
      raw.map(({ instance, timestampUs, values }) => `${timestampUs} ${instance} ${values}`).sort(),
    );
  }
  expect(await eventIds(store)).toEqual(idsOf(world, (timestampUs) => dayOf(timestampUs) >= world.deletedBeforeUs));
}

async function checkRanges(world: World, store: SeriesStore, bucketUs: number): Promise<void> {
  for (const family of FAMILIES) {
    for (const [index, field] of FIELDS.entries()) {
      const found = await foundRange(store, family, field, bucketUs);
      const expected = expectedRange(world, family, index, bucketUs);
      expect([...found.keys()].sort()).toEqual([...expected.keys()].sort());
      for (const [key, { avg, ...exact }] of expected) {
        const { avg: foundAvg, ...foundExact } = found.get(key) as Figures;
        expect([family, field, key, foundExact]).toEqual([family, field, key, exact]);
        expect(foundAvg / avg).toBeCloseTo(1, 12);
      }
    }
  }
}

/** All that was condensed or deleted is in the archive, once, as it had been sampled. */
async function checkArchive(world: World, store: SeriesStore): Promise<void> {
  const files = await store.archived();
  expect(files.filter(({ damage }) => damage !== null)).toEqual([]);
  for (const table of [...FAMILIES, POSTS.name]) {
    for (let fromUs = START_US - 20 * DAY_US; fromUs < END_US; fromUs += DAY_US) {
      await store.restore({ table, fromUs, toUs: fromUs + DAY_US });
    }
  }
  for (const family of FAMILIES) {
    const gone = world.rows.filter((row) => !row.refused && row.family === family && row.bucketUs !== null);
    const archivedRows = files.filter(({ table }) => table === family).reduce((sum, { rows }) => sum + rows, 0);
    expect(archivedRows).toBe(gone.length);
    expect(await rawRows(store, family)).toEqual(
      gone.map(({ instance, timestampUs, values }) => `${timestampUs} ${instance} ${values}`).sort(),
    );
  }
  expect(await eventIds(store)).toEqual(idsOf(world, (timestampUs) => dayOf(timestampUs) < world.deletedBeforeUs));
}

async function rawRows(store: SeriesStore, family: string): Promise<string[]> {
  const rows = await allRows(store, family, FIELDS);
  return rows.map(({ instance, timestampUs, values }) => `${timestampUs} ${instance} ${values}`).sort();
}

async function eventIds(store: SeriesStore): Promise<string[]> {
  const { rows } = await store.events({ table: POSTS, fromUs: 0, toUs: END_US, limit: 10_000 });
  return rows.map(({ id, values }) => `${id} ${values['value']}`).sort();
}

function idsOf(world: World, isThere: (timestampUs: number) => boolean): string[] {
  const there = world.events.filter(({ refused, timestampUs }) => !refused && isThere(timestampUs));
  expect(there.length).toBeGreaterThan(10);
  return there.map(({ id, value }) => `${id} ${value}`).sort();
}

async function foundRange(store: SeriesStore, family: string, field: string, bucketUs: number) {
  const aggregates = ['count', 'avg', 'min', 'max', 'last'] as const;
  const select = aggregates.map((aggregate) => ({ field, aggregate }));
  const span = { fromUs: 0, toUs: END_US };
  const { timestampsUs, instances, instanceIndex, columns } = await store.range({
    family,
    collector: 1,
    ...span,
    bucketUs,
    select,
  });
  return new Map(
    Array.from(timestampsUs, (timestampUs, row) => [
      `${instances[instanceIndex[row] as number]} ${timestampUs}`,
      Object.fromEntries(aggregates.map((name, column) => [name, columns[column]?.[row]])) as unknown as Figures,
    ]),
  );
}
