import { describe, expect, test } from 'vitest';
import type { EventTable } from '../../../src/store/contract.ts';
import type { Subject } from '../contract.ts';
import {
  allRows,
  loadFrame,
  loadValues,
  MINUTE,
  type Row,
  random,
  rowsOf,
  SECOND,
  T0,
  type TestFrame,
} from '../fixtures.ts';
import { AGGREGATES, Model } from './model.ts';

const DAY = 24 * 60 * MINUTE;
/** T0 is a midnight. */
const SPAN = { fromUs: T0, toUs: T0 + DAY };
const HOUR = 60 * MINUTE;
const NOTHING = { files: 0, rows: 0, bytes: 0 };

export function archiving(subject: Subject): void {
  const rollUp = (span = SPAN, bucketUs = HOUR) =>
    subject.store.rollup({ family: 'load', ...span, bucketUs, archive: true });
  const restore = (table = 'load', span = SPAN) => subject.store.restore({ table, ...span });
  const rows = () => allRows(subject.store, 'load', ['value', 'extra']);
  async function ranges(bucketUs = HOUR): Promise<Row[]> {
    const select = AGGREGATES.map((aggregate) => ({ field: 'value', aggregate }));
    return rowsOf(await subject.store.range({ family: 'load', collector: 1, ...SPAN, bucketUs, select }));
  }
  const files = async () => (await subject.store.archived()).map(({ path, rows }) => [path, rows]);

  /** A day of two instances and odd doubles, with gaps. */
  function day(seed: number): TestFrame[] {
    const next = random(seed);
    const value = () => (next() < 0.1 ? Number.NaN : next() < 0.5 ? Math.round(next() * 9) : (next() - 0.5) / 3);
    const frames: TestFrame[] = [];
    for (let minute = 0; minute < 24 * 60; minute += 1 + Math.floor(next() * 20)) {
      const instances = ['a', 'b'];
      frames.push({
        family: 'load',
        fields: ['value', 'extra'],
        instances,
        timestampUs: T0 + minute * MINUTE + Math.floor(next() * MINUTE),
        values: instances.map(() => [value(), value()]),
      });
    }
    return frames;
  }

  describe('the archive', () => {
    test('holds what was rolled up, and brings it back as it was', async () => {
      await subject.feeder.append(day(1));
      const before = { rows: await rows(), ranges: await ranges() };
      const { moved, archived } = await rollUp();
      expect(moved).toBe(before.rows.length);
      expect(archived).toMatchObject({ files: 1, rows: moved });
      expect(await rows()).toEqual([]);
      const [file] = await subject.store.archived();
      expect(file).toEqual({
        path: 'load/2023-11-15.parquet',
        table: 'load',
        dayUs: T0,
        rows: moved,
        bytes: archived.bytes,
        damage: null,
      });
      expect((await subject.store.usage()).archiveBytes).toBe(archived.bytes);

      expect(await restore()).toEqual({ rows: moved });
      expect(await rows()).toEqual(before.rows);
      expect(await ranges()).toEqual(before.ranges);
      expect(await subject.store.days({ table: 'load_rollup', toUs: T0 + DAY })).toEqual([]);
      expect(await restore()).toEqual({ rows: 0 });
    });

    test('is not written twice, neither with what was restored nor with what a copy of it holds', async () => {
      await subject.feeder.append(day(2));
      await rollUp();
      await restore();
      const late = loadFrame(T0 + 5 * HOUR + 1, 7, 'late');
      await subject.feeder.append([late]);
      const again = await rollUp();
      expect(again.archived).toMatchObject({ files: 1, rows: 1 });
      expect((await files()).map(([path]) => path)).toEqual(['load/2023-11-15.parquet', 'load/2023-11-15.2.parquet']);
      await restore();
      expect((await rollUp()).archived).toEqual(NOTHING);
    });

    test('gets rows that came in late as one more file, and restores all of them', async () => {
      const model = new Model();
      const frames = day(3);
      model.add(frames, 1);
      await subject.feeder.append(frames);
      await rollUp();
      const late = day(4).map((frame) => ({ ...frame, instances: ['a', 'c'] }));
      model.add(late, 1);
      await subject.feeder.append(late);
      const { archived } = await rollUp();
      expect(archived).toMatchObject({ files: 1, rows: 2 * late.length });
      await restore();
      expect(await rows()).toEqual(model.rows('load', 1, ['value', 'extra']));
    });

    test('gets each day of a table of its own; a span of several is refused', async () => {
      await subject.feeder.append([loadFrame(T0 - 1, 1), loadFrame(T0, 2), loadFrame(T0 + DAY - 1, 3)]);
      const across = { fromUs: T0 - HOUR, toUs: T0 + HOUR };
      await expect(rollUp(across)).rejects.toMatchObject({ code: 'TACHO_BAD_QUERY' });
      await expect(subject.store.prune({ table: 'load', ...across, archive: true })).rejects.toMatchObject({
        code: 'TACHO_BAD_QUERY',
      });
      await rollUp();
      await rollUp({ fromUs: T0 - DAY, toUs: T0 });
      expect(await files()).toEqual([
        ['load/2023-11-14.parquet', 1],
        ['load/2023-11-15.parquet', 2],
      ]);
      expect(await restore('load', { fromUs: T0 - DAY, toUs: T0 })).toEqual({ rows: 1 });
      expect(await loadValues(subject.store)).toEqual([[-1 / SECOND, 1]]);
      expect(await restore()).toEqual({ rows: 2 });
    });

    test('holds pruned raw and rolled-up rows; raw ones come back before those that stand for them', async () => {
      await subject.feeder.append([loadFrame(T0, 1), loadFrame(T0 + 1, 2), loadFrame(T0 + HOUR, 5)]);
      const before = await ranges();
      // The first hour is archived raw and rolled up, the second rolled up only.
      await subject.store.rollup({ family: 'load', fromUs: T0 + HOUR, toUs: T0 + DAY, bucketUs: HOUR, archive: false });
      await rollUp();
      expect(await subject.store.prune({ table: 'load_rollup', ...SPAN, archive: true })).toMatchObject({
        rows: 2,
        archived: { files: 1, rows: 2 },
      });
      expect(await ranges()).toEqual([]);
      expect(await restore()).toEqual({ rows: 3 });
      expect(await loadValues(subject.store)).toEqual([
        [0, 1],
        [1 / SECOND, 2],
      ]);
      expect(await ranges()).toEqual(before);
      expect(await restore()).toEqual({ rows: 0 });
      expect(await subject.store.prune({ table: 'load', ...SPAN, archive: true })).toEqual({
        rows: 2,
        archived: NOTHING,
      });
    });

    test('does not take the place of a rollup that stands for more than was archived', async () => {
      const { feeder, store } = subject;
      await feeder.append([loadFrame(T0, 1), loadFrame(T0 + 1, 2)]);
      await store.rollup({ family: 'load', ...SPAN, bucketUs: HOUR, archive: false });
      await feeder.append([loadFrame(T0 + 2, 6), loadFrame(T0 + HOUR, 7)]);
      await rollUp();
      const before = await ranges();
      expect(await restore()).toEqual({ rows: 1 });
      expect(await ranges()).toEqual(before);
      expect((await rows()).map(({ timestampUs }) => timestampUs)).toEqual([T0 + HOUR]);
    });

    test.each([
      { first: 5 * SECOND, second: MINUTE },
      { first: MINUTE, second: 5 * SECOND },
    ])(
      'takes nothing away where buckets of $first µs and $second µs overlap and some were not archived',
      async ({ first, second }) => {
        const { feeder, store } = subject;
        const total = async () => (await ranges()).map(({ values }) => values);
        for (const archived of [true, false]) {
          const start = archived ? T0 : T0 + HOUR;
          await feeder.append([0, 1, 2, 3, 4].map((index) => loadFrame(start + index * SECOND, index)));
          await store.rollup({ family: 'load', ...SPAN, bucketUs: first, archive: archived });
          await feeder.append([loadFrame(start + 1, 100)]);
          await store.rollup({ family: 'load', ...SPAN, bucketUs: second, archive: !archived });
        }
        const before = await total();
        await restore();
        expect(await total()).toEqual(before);
        await restore();
        expect(await total()).toEqual(before);
      },
    );

    test('gives rows that are there what they lack, and leaves fields that came later empty', async () => {
      const { feeder, store } = subject;
      await feeder.append([loadFrame(T0, 1), loadFrame(T0 + 1, 2)]);
      await rollUp();
      await feeder.append([{ family: 'load', fields: ['extra'], timestampUs: T0 + 1, values: [[9]] }]);
      expect(await restore()).toEqual({ rows: 1 });
      expect((await rows()).map(({ values }) => values)).toEqual([
        [1, Number.NaN],
        [2, 9],
      ]);
      expect(await restore()).toEqual({ rows: 0 });
      await feeder.append([loadFrame(T0 + 2, 3)]);
      expect(await loadValues(store)).toHaveLength(3);
    });

    test('keeps events, of which the last state counts', async () => {
      const { feeder, store } = subject;
      const table: EventTable = {
        name: 'requests',
        columns: { path: 'text', size: 'integer', took: 'double', tags: 'json', seen: 'timestamp' },
      };
      const event = (id: string, size: number | null) => ({
        id,
        timestampUs: T0 + 7,
        values: { path: `/${id}'`, size, took: 0.1, tags: '{"a":[1,"b"]}', seen: T0 + 8 },
      });
      const all = async () => (await store.events({ table, fromUs: 0, toUs: 2 * T0, limit: 100 })).rows;
      await store.append([feeder.events(table, [event('a', 2 ** 52 + 1), event('b', 5)])]);
      const prune = () => store.prune({ table: 'requests', ...SPAN, archive: true });
      expect(await prune()).toMatchObject({ rows: 2, archived: { rows: 2 } });
      await store.append([feeder.events(table, [event('b', null)])]);
      expect(await prune()).toMatchObject({ rows: 1, archived: { rows: 1 } });
      expect(await all()).toEqual([]);
      expect(await restore('requests')).toEqual({ rows: 2 });
      expect(await all()).toEqual([event('a', 2 ** 52 + 1), event('b', null)]);
      expect(await restore('requests')).toEqual({ rows: 0 });
    });

    test('while rows come in, what leaves is in the archive', async () => {
      const { feeder, store } = subject;
      const model = new Model();
      const frames = day(5);
      const late = Array.from({ length: 60 }, (_, index) => loadFrame(T0 + index * 97 * SECOND, index, 'late'));
      model.add([...frames, ...late], 1);
      await feeder.append(frames);
      await Promise.all([rollUp(), ...late.map((frame) => feeder.append([frame]))]);
      await rollUp();
      expect((await files()).reduce((sum, [, rows]) => sum + Number(rows), 0)).toBe(2 * frames.length + late.length);
      await restore();
      expect(await allRows(store, 'load', ['value', 'extra'])).toEqual(model.rows('load', 1, ['value', 'extra']));
    });

    test('of random days is what the model says', async () => {
      const next = random(6);
      const model = new Model();
      for (let round = 0; round < 12; round++) {
        const frames = day(100 + round).filter(() => next() < 0.1);
        model.add(frames, 1);
        await subject.feeder.append(frames);
        const choice = next();
        if (choice < 0.5) await rollUp(SPAN, choice < 0.25 ? HOUR : 5 * MINUTE);
        else if (choice < 0.7) await restore();
        else if (choice < 0.8) await subject.store.prune({ table: 'load_rollup', ...SPAN, archive: true });
      }
      await rollUp();
      await restore();
      expect(await rows()).toEqual(model.rows('load', 1, ['value', 'extra']));
    });

    test('has nothing to restore where there is nothing', async () => {
      expect(await restore()).toEqual({ rows: 0 });
      expect(await subject.store.archived()).toEqual([]);
      const refusal = { code: 'TACHO_BAD_QUERY' };
      await expect(restore('load', { fromUs: T0, toUs: T0 + 1 })).rejects.toMatchObject(refusal);
      await expect(restore('load_rollup')).rejects.toMatchObject(refusal);
      await expect(restore('../load')).rejects.toMatchObject(refusal);
    });

    test('is still there after a restart, and restores what is too old to be appended', async () => {
      await subject.feeder.append([loadFrame(T0, 1)]);
      await rollUp();
      await subject.store.keepFrom(T0 + DAY);
      const store = await subject.reopen();
      expect(await store.restore({ table: 'load', ...SPAN })).toEqual({ rows: 1 });
      expect(await loadValues(store)).toEqual([[0, 1]]);
    });
  });
}
