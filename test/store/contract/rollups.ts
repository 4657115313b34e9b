import { describe, expect, test } from 'vitest';
import type { Subject } from '../contract.ts';
import { allRows, loadFrame, MINUTE, type Row, random, rowsOf, SECOND, T0, type TestFrame } from '../fixtures.ts';
import { AGGREGATES, Model } from './model.ts';

const END = T0 + 30 * MINUTE;

export function rollups(subject: Subject): void {
  const everything = { family: 'load', collector: 1, fromUs: T0, toUs: END };
  const rollUp = (fromUs: number, toUs: number, bucketUs = MINUTE) =>
    subject.store.rollup({ family: 'load', fromUs, toUs, bucketUs, archive: false });

  async function found(
    bucketUs: number,
    span: { fromUs: number; toUs: number; originUs?: number } = everything,
  ): Promise<Row[]> {
    const select = AGGREGATES.map((aggregate) => ({ field: 'value', aggregate }));
    return rowsOf(await subject.store.range({ ...everything, ...span, bucketUs, select }));
  }

  function expected(
    model: Model,
    bucketUs: number,
    span: { fromUs: number; toUs: number; originUs?: number } = everything,
  ) {
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
    test('take the place of the raw rows, and answer alike', async () => {
      const model = await filled(1);
      const raw = await allRows(subject.store, 'load', ['value']);
      expect(await rollUp(T0, END)).toEqual({
        rows: 60,
        moved: raw.length,
        archived: { files: 0, rows: 0, bytes: 0 },
      });
      expect(await allRows(subject.store, 'load', ['value'])).toEqual([]);
      for (const bucketUs of [MINUTE, 5 * MINUTE, 30 * MINUTE])
        expect(await found(bucketUs)).toEqual(expected(model, bucketUs));
    });

    test('are joined with raw rows without a seam', async () => {
      const model = await filled(2);
      await rollUp(T0, T0 + 12 * MINUTE);
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

    test('a range may begin its buckets anywhere on the minute', async () => {
      const model = await filled(12);
      await rollUp(T0, T0 + 12 * MINUTE);
      for (const originUs of [T0 + 3 * MINUTE, T0 + 100 * MINUTE, 2 * MINUTE, -MINUTE]) {
        const span = { ...everything, originUs };
        expect(await found(5 * MINUTE, span)).toEqual(expected(model, 5 * MINUTE, span));
      }
    });

    test('a limit counts buckets of both', async () => {
      const model = await filled(3);
      await rollUp(T0, T0 + 12 * MINUTE);
      const select = [{ field: 'value', aggregate: 'max' as const }];
      const result = await subject.store.range({ ...everything, bucketUs: MINUTE, select, limit: 15 });
      expect(result.truncated).toBe(true);
      const times = expected(model, MINUTE).map((row) => row.timestampUs);
      expect(rowsOf(result).map((row) => row.timestampUs)).toEqual(times.slice(0, 30));
    });

    test('take whole buckets only', async () => {
      const model = await filled(4);
      expect((await rollUp(T0 + 1, T0 + 5 * MINUTE - 1)).rows).toBe(2 * 3);
      expect((await rollUp(T0 + 1, T0 + MINUTE)).rows).toBe(0);
      expect(await found(MINUTE)).toEqual(expected(model, MINUTE));
    });

    test('take up rows that come in later', async () => {
      const model = await filled(6);
      await rollUp(T0, T0 + 20 * MINUTE);
      const late = [loadFrame(T0 + 59.5 * SECOND, 9_999, 'a'), loadFrame(T0 + 5 * MINUTE, 5, 'new')];
      model.add(late, 1);
      await subject.feeder.append(late);
      expect(await found(MINUTE)).toEqual(expected(model, MINUTE));
      expect(await rollUp(T0, T0 + 20 * MINUTE)).toMatchObject({ rows: 2, moved: 2 });
      expect(await found(MINUTE)).toEqual(expected(model, MINUTE));
      await rollUp(T0, END);
      expect(await found(MINUTE)).toEqual(expected(model, MINUTE));
    });

    test('of several widths add up', async () => {
      const model = await filled(7);
      await rollUp(T0 + 8 * MINUTE, T0 + 12 * MINUTE, MINUTE);
      await rollUp(T0, T0 + 20 * MINUTE, 5 * MINUTE);
      await rollUp(T0 + 20 * MINUTE, END, 10 * MINUTE);
      expect(await found(10 * MINUTE)).toEqual(expected(model, 10 * MINUTE));
    });

    test('of more rows than one transaction takes are the same', async () => {
      const rows = 130_000;
      const instances = Array.from({ length: 65 }, (_, cpu) => `cpu${cpu}`);
      const frames = Array.from({ length: rows / 65 }, (_, second) => ({
        ...loadFrame(T0 + second * SECOND, 0),
        instances,
        values: instances.map((_, cpu) => [(second * 7 + cpu) % 101]),
      }));
      await subject.feeder.append(frames);
      const select = AGGREGATES.map((aggregate) => ({ field: 'value', aggregate }));
      const query = { ...everything, toUs: T0 + 60 * MINUTE, bucketUs: 10 * MINUTE, select };
      const before = rowsOf(await subject.store.range(query));
      expect(await rollUp(T0, T0 + 60 * MINUTE, 10 * MINUTE)).toMatchObject({ rows: 65 * 4, moved: rows });
      const after = rowsOf(await subject.store.range(query));
      expect(after).toEqual(before.map((row) => ({ ...row, values: row.values.map((v) => expect.closeTo(v, 9)) })));
    });

    test('fields that came later are rolled up from then on', async () => {
      const { feeder, store } = subject;
      await feeder.append([loadFrame(T0, 1)]);
      await rollUp(T0, END);
      await feeder.append([{ family: 'load', fields: ['value', 'extra'], timestampUs: T0 + MINUTE, values: [[2, 7]] }]);
      await rollUp(T0, END);
      const select = (['value', 'extra', 'never'] as const).map((field) => ({ field, aggregate: 'avg' as const }));
      expect(rowsOf(await store.range({ ...everything, bucketUs: MINUTE, select })).map((row) => row.values)).toEqual([
        [1, Number.NaN, Number.NaN],
        [2, 7, Number.NaN],
      ]);
    });

    test('keep collectors apart', async () => {
      const { feeder, store } = subject;
      await feeder.append([loadFrame(T0, 1)], { collector: 1 });
      await feeder.append([loadFrame(T0, 2)], { collector: 2 });
      expect(await rollUp(T0, END)).toMatchObject({ rows: 2, moved: 2 });
      const select = [{ field: 'value', aggregate: 'avg' as const }];
      for (const collector of [1, 2]) {
        const range = await store.range({ ...everything, collector, bucketUs: MINUTE, select });
        expect(rowsOf(range).map((row) => row.values)).toEqual([[collector]]);
      }
    });

    test('of nothing are nothing', async () => {
      const nothing = { rows: 0, moved: 0, archived: { files: 0, rows: 0, bytes: 0 } };
      expect(await rollUp(T0, END)).toEqual(nothing);
      await subject.feeder.append([loadFrame(T0 - MINUTE, 1)]);
      expect(await rollUp(T0, END)).toEqual(nothing);
      expect(await rollUp(T0, T0)).toEqual(nothing);
    });

    test('while rows come in lose none of them', async () => {
      const model = await filled(13);
      const late = Array.from({ length: 40 }, (_, index) => loadFrame(T0 + index * 41 * SECOND + 7, index, 'late'));
      model.add(late, 1);
      await Promise.all([rollUp(T0, END), ...late.map((frame) => subject.feeder.append([frame])), rollUp(T0, END)]);
      expect(await found(MINUTE)).toEqual(expected(model, MINUTE));
      await rollUp(T0, END);
      expect(await found(MINUTE)).toEqual(expected(model, MINUTE));
      expect(await allRows(subject.store, 'load', ['value'])).toEqual([]);
    });

    test('that begin while a family is asked for hide nothing of it', async () => {
      const { feeder, store } = subject;
      await feeder.append(Array.from({ length: 1_000 }, (_, second) => loadFrame(T0 + second * SECOND, second)));
      const span = { family: 'load', collector: 1, fromUs: T0, toUs: T0 + 60 * MINUTE };
      const select = [{ field: 'value', aggregate: 'count' }] as const;
      const asked = Array.from({ length: 20 }, async () => {
        const counted = await store.range({ ...span, bucketUs: 60 * MINUTE, select });
        return [...Array.from(counted.columns[0] ?? []), ...(await store.instances(span))];
      });
      await store.rollup({ ...span, bucketUs: MINUTE, archive: false });
      for (const answer of await Promise.all(asked)) expect(answer).toEqual([1_000, '']);
    });

    test('quantiles see raw rows only, and say since when', async () => {
      await filled(10);
      await rollUp(T0, T0 + 12 * MINUTE);
      const { rawSinceUs } = await subject.store.quantiles({ ...everything, fields: ['value'], quantiles: [0.5] });
      expect(rawSinceUs).toBe((await allRows(subject.store, 'load', ['value']))[0]?.timestampUs);
    });

    test('can be pruned themselves, and survive a restart', async () => {
      const model = await filled(11);
      await rollUp(T0, END);
      const request = { table: 'load_rollup', fromUs: 0, toUs: T0 + 10 * MINUTE, archive: false };
      expect((await subject.store.prune(request)).rows).toBe(20);
      const store = await subject.reopen();
      const span = { fromUs: T0 + 10 * MINUTE, toUs: END };
      const select = AGGREGATES.map((aggregate) => ({ field: 'value', aggregate }));
      const rows = rowsOf(await store.range({ ...everything, bucketUs: 5 * MINUTE, select }));
      expect(rows).toEqual(expected(model, 5 * MINUTE, span));
    });
  });
}
