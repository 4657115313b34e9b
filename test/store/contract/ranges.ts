import { describe, expect, test } from 'vitest';
import type { Aggregate, RangeQuery } from '../../../src/store/contract.ts';
import type { Subject } from '../contract.ts';
import { loadFrame, MINUTE, rowsOf, SECOND, T0 } from '../fixtures.ts';

const EVERY: Aggregate[] = ['avg', 'min', 'max', 'last', 'count'];

export function ranges(subject: Subject): void {
  const query = (overrides: Partial<RangeQuery> = {}): RangeQuery => ({
    family: 'load',
    collector: 1,
    fromUs: T0,
    toUs: T0 + 10 * MINUTE,
    bucketUs: MINUTE,
    select: EVERY.map((aggregate) => ({ field: 'value', aggregate })),
    ...overrides,
  });

  describe('range queries', () => {
    test('buckets are aligned to the epoch, and half open', async () => {
      const { feeder, store } = subject;
      const at = [0, 59.999999, 60, 61, 179.5];
      await feeder.append(at.map((second, index) => loadFrame(T0 + second * SECOND, index)));
      const result = await store.range(query({ fromUs: T0, toUs: T0 + 179.5 * SECOND }));
      expect(rowsOf(result)).toEqual([
        { timestampUs: T0, instance: '', values: [0.5, 0, 1, 1, 2] },
        { timestampUs: T0 + MINUTE, instance: '', values: [2.5, 2, 3, 3, 2] },
      ]);
      expect(result.truncated).toBe(false);
    });

    test('a range that begins inside a bucket takes only what lies in it', async () => {
      const { feeder, store } = subject;
      await feeder.append([10, 30, 50].map((second) => loadFrame(T0 + second * SECOND, second)));
      const result = await store.range(query({ fromUs: T0 + 30 * SECOND }));
      expect(rowsOf(result)).toEqual([{ timestampUs: T0, instance: '', values: [40, 30, 50, 50, 2] }]);
    });

    test('buckets of any width, down to a µs', async () => {
      const { feeder, store } = subject;
      await feeder.append([0, 1, 6, 7, 14].map((us) => loadFrame(T0 + us, us)));
      const counts = async (bucketUs: number) =>
        rowsOf(await store.range(query({ bucketUs, select: [{ field: 'value', aggregate: 'count' }] }))).map((row) => [
          row.timestampUs,
          row.values[0],
        ]);
      const expected = (width: number) => {
        const found = new Map<number, number>();
        for (const us of [0, 1, 6, 7, 14]) {
          const bucket = Math.floor((T0 + us) / width) * width;
          found.set(bucket, (found.get(bucket) ?? 0) + 1);
        }
        return [...found];
      };
      for (const width of [1, 7, 1_000]) expect(await counts(width)).toEqual(expected(width));
    });

    test('NaN is absent, not zero: from avg, min, max, last and count', async () => {
      const { feeder, store } = subject;
      const values = [Number.NaN, 4, -2, Number.NaN];
      await feeder.append(values.map((value, second) => loadFrame(T0 + second * SECOND, value)));
      await feeder.append([loadFrame(T0 + MINUTE, Number.NaN)]);
      expect(rowsOf(await store.range(query()))).toEqual([
        { timestampUs: T0, instance: '', values: [1, -2, 4, -2, 2] },
        { timestampUs: T0 + MINUTE, instance: '', values: [Number.NaN, Number.NaN, Number.NaN, Number.NaN, 0] },
      ]);
    });

    test('`last` is the latest in time, not the last to arrive', async () => {
      const { feeder, store } = subject;
      await feeder.append([loadFrame(T0 + 40 * SECOND, 40)]);
      await feeder.append([loadFrame(T0 + 20 * SECOND, 20)]);
      const select = [{ field: 'value', aggregate: 'last' as const }];
      expect(rowsOf(await store.range(query({ select })))[0]?.values).toEqual([40]);
    });

    test('instances are aggregated apart, and can be chosen', async () => {
      const { feeder, store } = subject;
      const frame = { ...loadFrame(T0, 0), instances: ['a', 'b', 'c'], values: [[1], [2], [3]] };
      await feeder.append([frame, { ...frame, timestampUs: T0 + MINUTE }]);
      const select = [{ field: 'value', aggregate: 'max' as const }];
      const found = async (instances?: string[]) =>
        rowsOf(await store.range(query({ select, ...(instances && { instances }) }))).map(
          (row) => row.instance + row.values,
        );
      expect(await found()).toEqual(['a1', 'b2', 'c3', 'a1', 'b2', 'c3']);
      expect(await found(['c', 'a', 'none'])).toEqual(['a1', 'c3', 'a1', 'c3']);
      expect(await found([])).toEqual([]);
    });

    test('at most `limit` buckets, the oldest, with all of their instances', async () => {
      const { feeder, store } = subject;
      for (const minute of [0, 2, 3, 7]) {
        await feeder.append([
          { ...loadFrame(T0 + minute * MINUTE, 0), instances: ['a', 'b'], values: [[minute], [minute]] },
        ]);
      }
      const found = async (limit: number, toUs = T0 + 10 * MINUTE) => {
        const result = await store.range(query({ limit, toUs }));
        return [result.truncated, ...rowsOf(result).map((row) => (row.timestampUs - T0) / MINUTE)];
      };
      expect(await found(1)).toEqual([true, 0, 0]);
      expect(await found(3)).toEqual([true, 0, 0, 2, 2, 3, 3]);
      expect(await found(4)).toEqual([false, 0, 0, 2, 2, 3, 3, 7, 7]);
      expect(await found(3, T0 + 7 * MINUTE)).toEqual([false, 0, 0, 2, 2, 3, 3]);
      expect(await found(100)).toHaveLength(9);
    });

    test('instances that only a dropped bucket has are not named', async () => {
      const { feeder, store } = subject;
      await feeder.append([loadFrame(T0, 1, 'a'), loadFrame(T0 + MINUTE, 1, 'b')]);
      expect((await store.range(query({ limit: 1 }))).instances).toEqual(['a']);
    });

    test('the same field and several fields at once, in the order asked for', async () => {
      const { feeder, store } = subject;
      await feeder.append([{ family: 'load', fields: ['x', 'y'], timestampUs: T0, values: [[1, 2]] }]);
      const select = (['y', 'x', 'y', 'z'] as const).map((field) => ({ field, aggregate: 'avg' as const }));
      const asked = [...select, { field: 'z', aggregate: 'count' as const }];
      expect(rowsOf(await store.range(query({ select: asked })))[0]?.values).toEqual([2, 1, 2, Number.NaN, 0]);
    });

    test('without rows, without the family, and in an empty range: no rows, not an error', async () => {
      const { feeder, store } = subject;
      const empty = { instances: [], truncated: false };
      expect(await store.range(query())).toMatchObject(empty);
      await feeder.append([loadFrame(T0, 1)]);
      for (const nothing of [{ collector: 2 }, { fromUs: T0 + 1 }, { toUs: T0 }, { instances: ['x'] }]) {
        const result = await store.range(query(nothing));
        expect(result).toMatchObject(empty);
        expect([result.timestampsUs.length, ...result.columns.map(({ length }) => length)]).toEqual([0, 0, 0, 0, 0, 0]);
      }
    });

    test.each<[string, Partial<RangeQuery>]>([
      ['ends before it begins', { fromUs: T0 + 1, toUs: T0 }],
      ['has no whole times', { fromUs: Number.NaN }],
      ['has no bucket', { bucketUs: 0 }],
      ['has half a bucket', { bucketUs: 0.5 }],
      ['has no room', { limit: 0 }],
      ['has an unknown aggregate', { select: [{ field: 'value', aggregate: 'median' as Aggregate }] }],
    ])('a query that %s is refused', async (_, overrides) => {
      await expect(subject.store.range(query(overrides))).rejects.toMatchObject({ code: 'TACHO_BAD_QUERY' });
    });
  });
}
