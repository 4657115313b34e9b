import { describe, expect, test } from 'vitest';
import type { Subject } from '../contract.ts';
import { loadFrame, random, rowsOf, SECOND, T0 } from '../fixtures.ts';
import { quantileOf } from './model.ts';

const QUANTILES = [0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1];

export function quantilesAndLatest(subject: Subject): void {
  const range = { family: 'load', collector: 1, fromUs: T0, toUs: T0 + 10_000 * SECOND };

  describe('quantiles', () => {
    test('are exact, with linear interpolation, negative values and gaps included', async () => {
      const { feeder, store } = subject;
      const next = random(7);
      const rows = Array.from({ length: 500 }, () => [(next() - 0.5) * 1e6, next() < 0.3 ? Number.NaN : -next()]);
      await feeder.append(
        rows.map((values, index) => ({
          family: 'load',
          fields: ['wide', 'negative'],
          instances: [index % 3 ? 'a' : 'b'],
          timestampUs: T0 + index * SECOND,
          values: [values],
        })),
      );
      const result = await store.quantiles({ ...range, fields: ['negative', 'wide'], quantiles: QUANTILES });
      expect(result.instances).toEqual(['a', 'b']);
      expect(result.rawSinceUs).toBe(T0);
      for (const [index, instance] of result.instances.entries()) {
        for (const [field, column] of [1, 0].entries()) {
          const values = rows
            .filter((_, row) => (row % 3 ? 'a' : 'b') === instance)
            .map((row) => row[column] as number);
          for (const [position, quantile] of QUANTILES.entries()) {
            const expected = quantileOf(values, quantile);
            const found = result.values[index]?.[field]?.[position] as number;
            expect(Math.abs(found - expected)).toBeLessThanOrEqual(Math.abs(expected) * 1e-12);
          }
        }
      }
    });

    test('one value is every quantile; no values are NaN', async () => {
      const { feeder, store } = subject;
      await feeder.append([{ family: 'load', fields: ['one', 'none'], timestampUs: T0, values: [[-3, Number.NaN]] }]);
      expect(await store.quantiles({ ...range, fields: ['one', 'none', 'never'], quantiles: [0, 0.5, 1] })).toEqual({
        instances: [''],
        values: [[[-3, -3, -3], Array(3).fill(Number.NaN), Array(3).fill(Number.NaN)]],
        rawSinceUs: T0,
      });
    });

    test('of no rows', async () => {
      const nothing = { instances: [], values: [], rawSinceUs: null };
      expect(await subject.store.quantiles({ ...range, fields: ['value'], quantiles: [0.5] })).toEqual(nothing);
      await subject.feeder.append([loadFrame(T0 - 1, 1)]);
      expect(await subject.store.quantiles({ ...range, fields: ['value'], quantiles: [0.5] })).toEqual(nothing);
    });

    test.each([-0.1, 1.1, Number.NaN])('quantile %d is refused', async (quantile) => {
      const query = { ...range, fields: ['value'], quantiles: [quantile] };
      await expect(subject.store.quantiles(query)).rejects.toMatchObject({ code: 'TACHO_BAD_QUERY' });
    });
  });

  describe('latest', () => {
    test('is the newest row of each instance in the range, with its gaps', async () => {
      const { feeder, store } = subject;
      const fields = ['x', 'y'];
      const frame = (second: number, instance: string, values: number[]) => ({
        family: 'load',
        fields,
        instances: [instance],
        timestampUs: T0 + second * SECOND,
        values: [values],
      });
      await feeder.append([frame(0, 'a', [1, 1]), frame(5, 'a', [2, Number.NaN]), frame(3, 'b', [3, 3])]);
      await feeder.append([frame(9, 'c', [4, 4])]);
      const latest = (toUs: number) => store.latest({ ...range, toUs, fields: ['y', 'x', 'never'] });
      expect(rowsOf(await latest(T0 + 9 * SECOND))).toEqual([
        { timestampUs: T0 + 3 * SECOND, instance: 'b', values: [3, 3, Number.NaN] },
        { timestampUs: T0 + 5 * SECOND, instance: 'a', values: [Number.NaN, 2, Number.NaN] },
      ]);
      expect(rowsOf(await latest(T0 + SECOND))).toEqual([
        { timestampUs: T0, instance: 'a', values: [1, 1, Number.NaN] },
      ]);
      expect((await latest(T0)).instances).toEqual([]);
    });

    test('of a family that was never stored', async () => {
      expect((await subject.store.latest({ ...range, fields: ['x'] })).instances).toEqual([]);
    });
  });

  describe('instances', () => {
    test('are the distinct ones in the range, sorted', async () => {
      const { feeder, store } = subject;
      expect(await store.instances(range)).toEqual([]);
      await feeder.append(['b', 'a', 'c', 'b'].map((instance, second) => loadFrame(T0 + second * SECOND, 1, instance)));
      await feeder.append([loadFrame(T0, 1, 'other')], { collector: 2 });
      expect(await store.instances(range)).toEqual(['a', 'b', 'c']);
      expect(await store.instances({ ...range, toUs: T0 + 2 * SECOND })).toEqual(['a', 'b']);
      expect(await store.instances({ ...range, instances: ['c', 'x'] })).toEqual(['c']);
    });
  });
}
