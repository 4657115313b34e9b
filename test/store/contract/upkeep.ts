import { describe, expect, test } from 'vitest';
import type { EventTable } from '../../../src/store/contract.ts';
import type { Subject } from '../contract.ts';
import { loadFrame, loadValues, MINUTE, SECOND, T0 } from '../fixtures.ts';

const until = (toUs: number) => ({ fromUs: 0, toUs, archive: false });
const pruned = (rows: number) => ({ rows, archived: { files: 0, rows: 0, bytes: 0 } });

export function upkeep(subject: Subject): void {
  describe('upkeep', () => {
    test('usage counts the rows of each table and the bytes of all', async () => {
      const { feeder, store } = subject;
      expect((await store.usage()).tables).toEqual([]);
      await feeder.append([loadFrame(T0, 1), loadFrame(T0 + 90 * SECOND, 2)]);
      await store.append([
        feeder.events({ name: 'requests', columns: { path: 'text' } }, [
          { id: 'a', timestampUs: T0 + 7, values: { path: '/' } },
        ]),
      ]);
      await store.rollup({ family: 'load', fromUs: T0, toUs: T0 + MINUTE, bucketUs: MINUTE, archive: false });
      const { bytes, archiveBytes, tables } = await store.usage();
      expect(bytes).toBeGreaterThan(0);
      expect(archiveBytes).toBe(0);
      expect(tables.sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
        { name: 'load', kind: 'series', rows: 1, oldestUs: T0 + 90 * SECOND, newestUs: T0 + 90 * SECOND },
        { name: 'load_rollup', kind: 'rollup', rows: 1, oldestUs: T0, newestUs: T0 },
        { name: 'requests', kind: 'event', rows: 1, oldestUs: T0 + 7, newestUs: T0 + 7 },
      ]);
    });

    test('a pruned table may be empty', async () => {
      const { feeder, store } = subject;
      await feeder.append([loadFrame(T0, 1)]);
      expect(await store.prune({ ...until(T0 + 1), table: 'load' })).toEqual(pruned(1));
      expect((await store.usage()).tables).toEqual([
        { name: 'load', kind: 'series', rows: 0, oldestUs: null, newestUs: null },
      ]);
      expect(await loadValues(store)).toEqual([]);
      await feeder.append([loadFrame(T0 + SECOND, 2)]);
      expect(await loadValues(store)).toEqual([[1, 2]]);
    });

    test('pruning takes a span, of all collectors', async () => {
      const { feeder, store } = subject;
      for (const collector of [1, 2]) {
        await feeder.append(
          [0, 1, 2, 3].map((second) => loadFrame(T0 + second * SECOND, second)),
          { collector },
        );
      }
      const span = { fromUs: T0 + SECOND, toUs: T0 + 3 * SECOND };
      expect(await store.prune({ table: 'load', ...span, archive: false })).toEqual(pruned(4));
      const left = [
        [0, 0],
        [3, 3],
      ];
      expect([await loadValues(store, 1), await loadValues(store, 2)]).toEqual([left, left]);
    });

    test('pruning what is not there', async () => {
      expect(await subject.store.prune({ ...until(T0), table: 'load' })).toEqual(pruned(0));
      for (const table of ['tacho_applied', 'Load', 'a; --', 'x_rollup_rollup']) {
        await expect(subject.store.prune({ ...until(T0), table })).rejects.toMatchObject({ code: 'TACHO_BAD_QUERY' });
      }
      await expect(subject.store.prune({ ...until(Number.NaN), table: 'load' })).rejects.toMatchObject({
        code: 'TACHO_BAD_QUERY',
      });
    });

    test('days tell how many rows each has', async () => {
      const { feeder, store } = subject;
      expect(await store.days({ table: 'load', toUs: T0 })).toEqual([]);
      const day = 24 * 60 * MINUTE;
      const midnight = Math.floor(T0 / day) * day;
      await feeder.append([-1, 0, 1, day - 1, 3 * day, 3 * day + 2].map((us) => loadFrame(midnight + us, us)));
      expect(await store.days({ table: 'load', toUs: midnight + 3 * day + 2 })).toEqual([
        { dayUs: midnight - day, rows: 1 },
        { dayUs: midnight, rows: 3 },
        { dayUs: midnight + 3 * day, rows: 1 },
      ]);
      await store.rollup({ family: 'load', fromUs: midnight, toUs: midnight + day, bucketUs: MINUTE, archive: false });
      expect(await store.days({ table: 'load_rollup', toUs: 2 * T0 })).toEqual([{ dayUs: midnight, rows: 2 }]);
      await expect(store.days({ table: 'no table', toUs: 0 })).rejects.toMatchObject({ code: 'TACHO_BAD_QUERY' });
    });

    test('rows older than is kept are refused and counted, also after a restart', async () => {
      const { feeder } = subject;
      const requests: EventTable = { name: 'requests', columns: {} };
      const event = (id: string, timestampUs: number) => ({ id, timestampUs, values: {} });
      await feeder.append([loadFrame(T0, 0)]);
      await subject.store.keepFrom(T0 + 10 * SECOND);
      const store = await subject.reopen();
      const pair = ['a', 'b'];
      const result = await store.append([
        feeder.batch([
          loadFrame(T0 + 9 * SECOND, 9),
          { family: 'old', fields: ['x'], instances: pair, timestampUs: T0, values: [[1], [2]] },
          loadFrame(T0 + 10 * SECOND, 10),
        ]),
        feeder.batch([loadFrame(T0, 5)]),
        feeder.events(requests, [event('a', T0 + 10 * SECOND - 1), event('b', T0 + 10 * SECOND)]),
      ]);
      expect(result).toEqual({ applied: 3, replayed: 0, refusedRows: { load: 2, old: 2, requests: 1 } });
      expect(await loadValues(store)).toEqual([
        [0, 0],
        [10, 10],
      ]);
      const { rows } = await store.events({ table: requests, fromUs: 0, toUs: 2 * T0, limit: 9 });
      expect(rows.map(({ id }) => id)).toEqual(['b']);
      expect((await store.usage()).tables.map(({ name }) => name).sort()).toEqual(['load', 'requests']);

      await store.keepFrom(T0 + 5 * SECOND);
      expect(await store.append([feeder.batch([loadFrame(T0 + 6 * SECOND, 6)])])).toMatchObject({ refusedRows: {} });
      expect(await loadValues(store)).toHaveLength(3);
      await expect(store.keepFrom(0.5)).rejects.toMatchObject({ code: 'TACHO_BAD_QUERY' });
    });

    test('a store that is well says so', async () => {
      await subject.feeder.append([loadFrame(T0, 1)]);
      expect(await subject.store.check()).toEqual({ ok: true, reasons: [] });
    });

    test('everything is there after a restart, and appending goes on', async () => {
      await subject.feeder.append([loadFrame(T0, 1), loadFrame(T0 + SECOND, 2)]);
      const before = (await subject.store.usage()).tables;
      const store = await subject.reopen();
      expect((await store.usage()).tables).toEqual(before);
      await store.append([subject.feeder.batch([loadFrame(T0 + SECOND, 20), loadFrame(T0 + 2 * SECOND, 3)])]);
      expect(await loadValues(store)).toEqual([
        [0, 1],
        [1, 20],
        [2, 3],
      ]);
    });

    test('a closed store refuses', async () => {
      await subject.store.close();
      await expect(subject.feeder.append([loadFrame(T0, 1)])).rejects.toMatchObject({
        code: 'TACHO_STORE_UNAVAILABLE',
      });
      await expect(loadValues(subject.store)).rejects.toMatchObject({ code: 'TACHO_STORE_UNAVAILABLE' });
    });
  });
}
