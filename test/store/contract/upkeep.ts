import { describe, expect, test } from 'vitest';
import type { Subject } from '../contract.ts';
import { loadFrame, loadValues, MINUTE, SECOND, T0 } from '../fixtures.ts';

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
      await store.rollup({ family: 'load', collector: 1, fromUs: T0, toUs: T0 + 2 * MINUTE, bucketUs: MINUTE });
      const { bytes, tables } = await store.usage();
      expect(bytes).toBeGreaterThan(0);
      expect(tables.sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
        { name: 'load', rows: 2, oldestUs: T0, newestUs: T0 + 90 * SECOND },
        { name: 'load_rollup', rows: 2, oldestUs: T0, newestUs: T0 + MINUTE },
        { name: 'requests', rows: 1, oldestUs: T0 + 7, newestUs: T0 + 7 },
      ]);
    });

    test('a pruned table may be empty', async () => {
      const { feeder, store } = subject;
      await feeder.append([loadFrame(T0, 1)]);
      expect(await store.prune({ table: 'load', beforeUs: T0 + 1 })).toEqual({ rows: 1 });
      expect((await store.usage()).tables).toEqual([{ name: 'load', rows: 0, oldestUs: null, newestUs: null }]);
      expect(await loadValues(store)).toEqual([]);
      await feeder.append([loadFrame(T0 + SECOND, 2)]);
      expect(await loadValues(store)).toEqual([[1, 2]]);
    });

    test('pruning takes what is older, of all collectors', async () => {
      const { feeder, store } = subject;
      for (const collector of [1, 2]) {
        await feeder.append(
          [0, 1, 2].map((second) => loadFrame(T0 + second * SECOND, second)),
          { collector },
        );
      }
      expect(await store.prune({ table: 'load', beforeUs: T0 + 2 * SECOND })).toEqual({ rows: 4 });
      expect([await loadValues(store, 1), await loadValues(store, 2)]).toEqual([[[2, 2]], [[2, 2]]]);
    });

    test('pruning what is not there', async () => {
      expect(await subject.store.prune({ table: 'load', beforeUs: T0 })).toEqual({ rows: 0 });
      for (const table of ['tacho_applied', 'Load', 'a; --', 'x_rollup_rollup']) {
        await expect(subject.store.prune({ table, beforeUs: T0 })).rejects.toMatchObject({ code: 'TACHO_BAD_QUERY' });
      }
      await expect(subject.store.prune({ table: 'load', beforeUs: Number.NaN })).rejects.toMatchObject({
        code: 'TACHO_BAD_QUERY',
      });
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
