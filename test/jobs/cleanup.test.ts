import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type SeriesStore, StoreError } from '../../src/store/contract.ts';
import { openCleanup, us } from './fixture.ts';

const NOW = '2026-02-10T10:30:00Z';
/** Past 30, past 7, and within 7 days of NOW; the two that border on the bounds are the youngest that a rule takes. */
const PAST_RETENTION = ['2026-01-09T12:00:00Z', '2026-01-10T23:59:59Z'];
const PAST_DOWNSAMPLING = [
  '2026-01-11T00:00:00Z',
  '2026-02-01T12:00:10Z',
  '2026-02-01T12:00:20Z',
  '2026-02-02T23:59:59Z',
];
const YOUNG = ['2026-02-03T00:00:00Z', '2026-02-10T10:00:00Z'];

/** The store, with some of its methods replaced. */
function having(store: SeriesStore, replaced: Partial<SeriesStore>): SeriesStore {
  return new Proxy(store, {
    get(target, name) {
      const method: unknown = Reflect.get(replaced, name) ?? Reflect.get(target, name);
      return typeof method === 'function' ? method.bind(target) : method;
    },
  });
}

describe('a run', () => {
  test('condenses, deletes and archives by whole UTC days, and says what it did', async () => {
    const { cleanupOf, load, post, rows, store, lines, dataDir } = await openCleanup(NOW);
    await load(...PAST_RETENTION, ...PAST_DOWNSAMPLING, ...YOUNG);
    await post('old', '2026-01-10T12:00:00Z');
    await post('young', '2026-01-11T12:00:00Z');
    const result = await cleanupOf().run();
    expect(result).toMatchObject({
      problem: null,
      stopped: false,
      downsampledRows: 4,
      deletedRows: 3,
      archivedRows: 7,
    });
    expect(result.archivedFiles).toBe(6);
    expect(result.archivedBytes).toBeGreaterThan(0);
    // Two of the four are of one hour.
    expect(await rows()).toEqual({ load: 2, load_rollup: 3, posts: 1 });
    expect(readdirSync(join(dataDir, 'archive/posts'))).toEqual(['2026-01-10.parquet']);
    const archived = (await store.archived()).map(({ path, rows: count }) => [path, count]);
    expect(Object.fromEntries(archived)).toMatchObject({ 'load/2026-02-01.parquet': 2, 'load/2026-01-09.parquet': 1 });
    expect(lines.map(({ message }) => message)).toEqual([
      'clean-up: begins',
      'clean-up: load',
      'clean-up: posts',
      'clean-up: done',
    ]);
    expect(lines[1]?.fields).toMatchObject({ from_day: '2026-01-09', to_day: '2026-02-02', downsampled_rows: 4 });
  });

  test('that is done again changes nothing', async () => {
    const { cleanupOf, load, rows } = await openCleanup(NOW);
    await load(...PAST_RETENTION, ...PAST_DOWNSAMPLING, ...YOUNG);
    const cleanup = cleanupOf();
    await cleanup.run();
    const before = await rows();
    expect(await cleanup.run()).toMatchObject({ problem: null, downsampledRows: 0, deletedRows: 0, archivedRows: 0 });
    expect(await rows()).toEqual(before);
  });

  test('deletes rolled-up rows once they are too old, and refuses late rows from then on', async () => {
    const { cleanupOf, clock, load, rows } = await openCleanup(NOW);
    await load(...PAST_DOWNSAMPLING);
    const cleanup = cleanupOf();
    await cleanup.run();
    expect(await rows()).toEqual({ load: 0, load_rollup: 3 });
    clock.nowMs = Date.parse('2026-03-04T00:00:00Z');
    expect(await cleanup.run()).toMatchObject({ problem: null, deletedRows: 2 });
    expect(await rows()).toEqual({ load: 0, load_rollup: 1 });
    expect((await load('2026-02-01T12:00:00Z')).refusedRows).toEqual({ load: 1 });
  });

  test('condenses rows that came in late with those that had been condensed', async () => {
    const { cleanupOf, load, rows, store } = await openCleanup(NOW);
    await load('2026-02-01T12:00:10Z');
    const cleanup = cleanupOf();
    await cleanup.run();
    await load('2026-02-01T12:00:20Z', '2026-02-01T12:00:30Z');
    expect(await cleanup.run()).toMatchObject({ downsampledRows: 2 });
    expect((await rows())['load']).toBe(0);
    const hour = { fromUs: us('2026-02-01T12:00:00Z'), toUs: us('2026-02-01T13:00:00Z'), bucketUs: 3_600_000_000 };
    const select = [{ field: 'value', aggregate: 'count' as const }];
    const { columns } = await store.range({ family: 'load', collector: 1, ...hour, select });
    expect([...(columns[0] ?? [])]).toEqual([3]);
  });

  test('without the archive writes none', async () => {
    const { cleanupOf, config, load, store } = await openCleanup(NOW);
    config.update({ archive_enabled: false });
    await load(...PAST_RETENTION);
    expect(await cleanupOf().run()).toMatchObject({ deletedRows: 2, archivedRows: 0, archivedFiles: 0 });
    expect(await store.archived()).toEqual([]);
  });

  test('leaves held days alone until the hold is over', async () => {
    const { cleanupOf, clock, load, rows, state } = await openCleanup(NOW);
    await load(...PAST_RETENTION, ...PAST_DOWNSAMPLING);
    const until = '2026-02-12T00:00:00Z';
    state.archiveHolds.add([{ table: 'load', fromDay: '2026-01-10', toDay: '2026-02-01', until }]);
    const cleanup = cleanupOf();
    expect(await cleanup.run()).toMatchObject({ deletedRows: 1, downsampledRows: 1 });
    expect(await rows()).toEqual({ load: 4, load_rollup: 1 });
    clock.nowMs = Date.parse('2026-02-12T00:00:01Z');
    await cleanup.run();
    expect((await rows())['load']).toBe(0);
    expect(state.archiveHolds.active('2026-01-01T00:00:00Z')).toEqual([]);
  });

  test('is joined by whoever asks while it runs', async () => {
    const { cleanupOf, load, state } = await openCleanup(NOW);
    await load(...PAST_RETENTION);
    const cleanup = cleanupOf();
    const [first, second] = await Promise.all([cleanup.run(), cleanup.run()]);
    expect(second).toBe(first);
    expect(state.retentionRuns.list()).toHaveLength(1);
  });

  test('tells where it is', async () => {
    const { cleanupOf, load, store } = await openCleanup(NOW);
    await load(...PAST_RETENTION);
    const seen: unknown[] = [];
    const cleanup = cleanupOf(
      having(store, {
        prune(request) {
          seen.push({ ...cleanup.progress });
          return store.prune(request);
        },
      }),
    );
    await cleanup.run();
    const where = { startedAt: NOW, table: 'load', tablesDone: 0, tablesTotal: 1 };
    expect(seen).toEqual([
      expect.objectContaining({ ...where, dayUs: us('2026-01-09T00:00:00Z'), deletedRows: 0 }),
      expect.objectContaining({ ...where, dayUs: us('2026-01-10T00:00:00Z'), deletedRows: 1 }),
    ]);
    expect(cleanup.progress).toBeNull();
  });
});

describe('a failure', () => {
  test('ends the work on its table only, and is told without paths', async () => {
    const { cleanupOf, dataDir, load, post, rows, store, lines } = await openCleanup(NOW);
    await load(...PAST_RETENTION, ...YOUNG);
    await post('old', '2026-01-10T12:00:00Z');
    const failing = having(store, {
      prune(request) {
        if (request.table !== 'load') return store.prune(request);
        throw new StoreError('TACHO_STORE_ARCHIVE', `${dataDir}/archive/load\ncannot be written`);
      },
    });
    const cleanup = cleanupOf(failing);
    const result = await cleanup.run();
    expect(result).toMatchObject({ deletedRows: 1 });
    expect(result.problem).toBe('load: archive/load cannot be written (nothing was deleted that is not archived)');
    expect(await rows()).toEqual({ load: 4, posts: 0 });
    expect(cleanup.lastRun?.problem).toBe(result.problem);
    expect(cleanup.lastSuccess).toBeNull();
    expect(lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  test('to write the archive keeps every row', async () => {
    const { cleanupOf, dataDir, load, rows } = await openCleanup(NOW);
    await load(...PAST_RETENTION, ...PAST_DOWNSAMPLING);
    writeFileSync(join(dataDir, 'archive'), 'not a folder');
    const { problem } = await cleanupOf().run();
    expect(problem).toMatch(/^load: [^/\n]*archive.*\(nothing was deleted that is not archived\)$/);
    expect(problem).not.toContain(dataDir);
    expect((await rows())['load']).toBe(6);
  });

  test('of the store as a whole is a problem of the run, not an exception', async () => {
    const { cleanupOf, store } = await openCleanup(NOW);
    const down = () => Promise.reject(new StoreError('TACHO_STORE_UNAVAILABLE', 'no disk'));
    const result = await cleanupOf(having(store, { keepFrom: down })).run();
    expect(result.problem).toBe('no disk (nothing was deleted that is not archived)');
  });

  test('to keep account does not keep it from making room', async () => {
    const { cleanupOf, load, rows, state, lines } = await openCleanup(NOW);
    await load(...PAST_RETENTION);
    const cleanup = cleanupOf();
    state.database.all('PRAGMA query_only = ON');
    expect(await cleanup.run()).toMatchObject({ deletedRows: 2, problem: null });
    state.database.all('PRAGMA query_only = OFF');
    expect((await rows())['load']).toBe(0);
    expect(lines.some(({ message }) => message.includes('cannot keep account'))).toBe(true);
    expect(cleanup.lastRun).toMatchObject({ deletedRows: 2 });
  });
});

describe('the end of the daemon', () => {
  test('stops a run behind the step under way, and the next start knows', async () => {
    const { cleanupOf, load, rows, store } = await openCleanup(NOW);
    await load(...PAST_RETENTION, ...PAST_DOWNSAMPLING);
    let stopped: Promise<void> | undefined;
    const cleanup = cleanupOf(
      having(store, {
        prune(request) {
          stopped ??= cleanup.stop();
          return store.prune(request);
        },
      }),
    );
    expect(await cleanup.run()).toMatchObject({ stopped: true, problem: null, deletedRows: 1 });
    await stopped;
    expect((await rows())['load']).toBe(5);
    expect(cleanup.lastSuccess).toBeNull();
    await expect(cleanup.run()).rejects.toMatchObject({ code: 'TACHO_CLEANUP_STOPPED' });

    const next = cleanupOf();
    expect(next.wasCutShort).toBe(true);
    expect(next.lastRun).toMatchObject({ startedAt: NOW, finishedAt: null, problem: 'cut short: the daemon ended' });
    expect(await next.run()).toMatchObject({ deletedRows: 1, downsampledRows: 4 });
    expect(cleanupOf()).toMatchObject({ wasCutShort: false, lastSuccess: NOW });
  });
});

test('a preview counts what a run then does', async () => {
  const { cleanupOf, config, load, post, state } = await openCleanup(NOW);
  await load(...PAST_RETENTION, ...PAST_DOWNSAMPLING, ...YOUNG);
  await post('old', '2026-01-10T12:00:00Z');
  state.archiveHolds.add([
    { table: 'load', fromDay: '2026-02-02', toDay: '2026-02-02', until: '2026-03-01T00:00:00Z' },
  ]);
  const cleanup = cleanupOf();
  const preview = await cleanup.preview(config.get());
  expect(preview).toEqual({
    downsampleBeforeUs: us('2026-02-03T00:00:00Z'),
    deleteBeforeUs: us('2026-01-11T00:00:00Z'),
    downsampleRows: 3,
    deleteRows: 3,
    oldestUs: us('2026-01-09T12:00:00Z'),
  });
  const shorter = await cleanup.preview(config.with({ retention_days: 5, downsample_after_days: 1 }));
  expect(shorter).toMatchObject({ deleteRows: 7, downsampleRows: 0 });
  expect(await cleanup.run()).toMatchObject({ downsampledRows: 3, deletedRows: 3 });
});

test('the store is told at once how far back rows are kept, and told again when that changes', async () => {
  const { cleanupOf, config, load } = await openCleanup(NOW);
  const cleanup = cleanupOf();
  await cleanup.refuseOldRows();
  expect((await load('2026-01-10T23:59:59Z', '2026-01-11T00:00:00Z')).refusedRows).toEqual({ load: 1 });
  config.update({ retention_days: 40 });
  await cleanup.refuseOldRows();
  expect((await load('2026-01-10T23:59:59Z')).refusedRows).toEqual({});
});
