import { describe, expect, test } from 'vitest';
import type { Subject } from '../contract.ts';
import { allRows, loadFrame, MINUTE, type Row, random, rowsOf, SECOND, T0, type TestFrame } from '../fixtures.ts';
import { AGGREGATES, Model } from './model.ts';

const END = T0 + 30 * MINUTE;

export function rollups(subject: Subject): void {
  const everything = { family: 'load', collector: 1, fromUs: T0, toUs: END };
  const rollUp = (fromUs: number, toUs: number, bucketUs = MINUTE) =>
    subject.store.rollup({ family: 'load', collector: 1, fromUs, toUs, bucketUs });
  const pruneBefore = (beforeUs: number) => subject.store.prune({ table: 'load', beforeUs });

  async function found(bucketUs: number, span: { fromUs: number; toUs: number } = everything): Promise<Row[]> {
    const select = AGGREGATES.map((aggregate) => ({ field: 'value', aggregate }));
    return rowsOf(await subject.store.range({ ...everything, ...span, bucketUs, select }));
  }

  function expected(model: Model, bucketUs: number, span: { fromUs: number; toUs: number } = everything) {
    return model.range('load', 1, 'value', { ...span, bucketUs }).map((row) => ({
      ...row,
      values: row.values.map((value) => (Number.isNaN(value) ? value : expect.closeTo(value, 9))),
    }));
  }

  /** Half an hour of two instances, with gaps, stored and in a model. */
  async function filled(seed: number): Promise<Model> {
    const next = random(seed);
    const frames: TestFrame[] = [];
    for (let second = 0; second < 30 * 60; second += 1 + Math.floor(next() * 20)) {
      const value = () => (next() < 0.1 ? Number.NaN : Math.round((next() - 0.5) * 1000));
      frames.push({ ...loadFrame(T0 + second * SECOND, 0), instances: ['a', 'b'], values: [[value()], [value()]] });
    }
    const model = new Model();
    model.add(frames, 1);
    await subject.feeder.append(frames);
    return model;
  }

  describe('rollups', () => {
    test('change nothing while the raw rows are there', async () => {
      const model = await filled(1);
      expect((await rollUp(T0, END)).rows).toBe(60);
      for (const bucketUs of [20 * SECOND, MINUTE, 7 * MINUTE])
        expect(await found(bucketUs)).toEqual(expected(model, bucketUs));
    });

    test('answer for pruned rows, joined with the raw ones without a seam', async () => {
      const model = await filled(2);
      await rollUp(T0, END);
      expect((await pruneBefore(T0 + 12 * MINUTE)).rows).toBeGreaterThan(0);
      expect((await allRows(subject.store, 'load', ['value']))[0]?.timestampUs).toBeGreaterThanOrEqual(
        T0 + 12 * MINUTE,
      );
      // A bucket of 5 or 30 minutes weighs rolled-up minutes and raw seconds by their counts.
      for (const bucketUs of [MINUTE, 5 * MINUTE, 30 * MINUTE])
        expect(await found(bucketUs)).toEqual(expected(model, bucketUs));
      const span = { fromUs: T0 + 4 * MINUTE, toUs: T0 + 17.5 * MINUTE };
      expect(await found(5 * MINUTE, span)).toEqual(expected(model, 5 * MINUTE, span));
      expect(await subject.store.instances({ ...everything, toUs: T0 + MINUTE })).toEqual(['a', 'b']);
    });

    test('a limit counts buckets of both', async () => {
      const model = await filled(3);
      await rollUp(T0, END);
      await pruneBefore(T0 + 12 * MINUTE);
      const select = [{ field: 'value', aggregate: 'max' as const }];
      const result = await subject.store.range({ ...everything, bucketUs: MINUTE, select, limit: 15 });
      expect(result.truncated).toBe(true);
      const times = expected(model, MINUTE).map((row) => row.timestampUs);
      expect(rowsOf(result).map((row) => row.timestampUs)).toEqual(times.slice(0, 30));
    });

    test('take whole buckets only', async () => {
      await filled(4);
      expect((await rollUp(T0 + 1, T0 + 5 * MINUTE - 1)).rows).toBe(2 * 3);
      expect((await rollUp(T0 + 1, T0 + MINUTE)).rows).toBe(0);
    });

    test('are computed again when rows come in late, before they are pruned', async () => {
      const model = await filled(5);
      await rollUp(T0, END);
      const late = [loadFrame(T0 + 90.5 * SECOND, 4_000, 'a'), loadFrame(T0 + 91.5 * SECOND, -4_000, 'new')];
      model.add(late, 1);
      await subject.feeder.append(late);
      expect((await rollUp(T0, END)).rows).toBe(61);
      await pruneBefore(END);
      expect(await found(MINUTE)).toEqual(expected(model, MINUTE));
    });

    test('take up rows that come in after their time was pruned', async () => {
      const model = await filled(6);
      await rollUp(T0, END);
      await pruneBefore(T0 + 20 * MINUTE);
      const late = [loadFrame(T0 + 59.5 * SECOND, 9_999, 'a'), loadFrame(T0 + 5 * MINUTE, 5, 'new')];
      model.add(late, 1);
      await subject.feeder.append(late);
      expect(await found(MINUTE)).toEqual(expected(model, MINUTE));
      await rollUp(T0, T0 + 20 * MINUTE);
      expect(await found(MINUTE)).toEqual(expected(model, MINUTE));
      await pruneBefore(T0 + 20 * MINUTE);
      await rollUp(T0, END);
      expect(await found(MINUTE)).toEqual(expected(model, MINUTE));
    });

    test('of another width take the place of earlier ones', async () => {
      const model = await filled(7);
      await rollUp(T0, END, 5 * MINUTE);
      await rollUp(T0 + 8 * MINUTE, T0 + 12 * MINUTE, MINUTE);
      await rollUp(T0 + 20 * MINUTE, END, 10 * MINUTE);
      await pruneBefore(END);
      expect(await found(10 * MINUTE)).toEqual(expected(model, 10 * MINUTE));
    });

    test('a bucket that the cut lies in stays raw, whole', async () => {
      const model = await filled(8);
      await rollUp(T0, END, 5 * MINUTE);
      await pruneBefore(T0 + 13 * MINUTE);
      expect((await allRows(subject.store, 'load', ['value']))[0]?.timestampUs).toBeLessThan(T0 + 11 * MINUTE);
      expect(await found(5 * MINUTE)).toEqual(expected(model, 5 * MINUTE));
    });

    test('after a cut without a rollup, what is left is rolled up', async () => {
      await filled(9);
      const model = new Model();
      await pruneBefore(T0 + 130 * SECOND);
      const left = await allRows(subject.store, 'load', ['value']);
      model.add(
        left.map(({ timestampUs, instance, values }) => loadFrame(timestampUs, values[0] as number, instance)),
        1,
      );
      await rollUp(T0, END);
      expect(await found(MINUTE)).toEqual(expected(model, MINUTE));
      await pruneBefore(END);
      expect(await found(5 * MINUTE)).toEqual(expected(model, 5 * MINUTE));
    });

    test('fields that came later are rolled up from then on', async () => {
      const { feeder, store } = subject;
      await feeder.append([loadFrame(T0, 1)]);
      await rollUp(T0, END);
      await pruneBefore(T0 + MINUTE);
      await feeder.append([{ family: 'load', fields: ['value', 'extra'], timestampUs: T0 + MINUTE, values: [[2, 7]] }]);
      await rollUp(T0, END);
      await pruneBefore(END);
      const select = (['value', 'extra', 'never'] as const).map((field) => ({ field, aggregate: 'avg' as const }));
      expect(rowsOf(await store.range({ ...everything, bucketUs: MINUTE, select })).map((row) => row.values)).toEqual([
        [1, Number.NaN, Number.NaN],
        [2, 7, Number.NaN],
      ]);
    });

    test('leave other collectors alone', async () => {
      const { feeder, store } = subject;
      await feeder.append([loadFrame(T0, 1)], { collector: 1 });
      await feeder.append([loadFrame(T0, 2)], { collector: 2 });
      expect((await rollUp(T0, END)).rows).toBe(1);
      const select = [{ field: 'value', aggregate: 'avg' as const }];
      const other = await store.range({ ...everything, collector: 2, bucketUs: MINUTE, select });
      expect(rowsOf(other).map((row) => row.values)).toEqual([[2]]);
    });

    test('of nothing are nothing', async () => {
      expect(await rollUp(T0, END)).toEqual({ rows: 0 });
      await subject.feeder.append([loadFrame(T0 - MINUTE, 1)]);
      expect(await rollUp(T0, END)).toEqual({ rows: 0 });
      expect(await rollUp(T0, T0)).toEqual({ rows: 0 });
    });

    test('quantiles see raw rows only, and say since when', async () => {
      await filled(10);
      await rollUp(T0, END);
      await pruneBefore(T0 + 12 * MINUTE);
      const { rawSinceUs } = await subject.store.quantiles({ ...everything, fields: ['value'], quantiles: [0.5] });
      expect(rawSinceUs).toBe((await allRows(subject.store, 'load', ['value']))[0]?.timestampUs);
    });

    test('can be pruned themselves, and survive a restart', async () => {
      const model = await filled(11);
      await rollUp(T0, END);
      await pruneBefore(END);
      expect((await subject.store.prune({ table: 'load_rollup', beforeUs: T0 + 10 * MINUTE })).rows).toBe(20);
      const store = await subject.reopen();
      const span = { fromUs: T0 + 10 * MINUTE, toUs: END };
      const select = AGGREGATES.map((aggregate) => ({ field: 'value', aggregate }));
      const rows = rowsOf(await store.range({ ...everything, bucketUs: 5 * MINUTE, select }));
      expect(rows).toEqual(expected(model, 5 * MINUTE, span));
    });
  });
}
