import { describe, expect, test } from 'vitest';
import type { Subject } from '../contract.ts';
import { allRows, loadFrame, loadValues, SECOND, T0 } from '../fixtures.ts';

export function appending(subject: Subject): void {
  const cpu = (timestampUs: number, fields: string[], values: number[][], instances = ['cpu0', 'cpu1']) => ({
    family: 'cpu',
    fields,
    instances,
    timestampUs,
    values,
  });

  describe('appending', () => {
    test('what was appended is there as soon as append has resolved, NaN being no value', async () => {
      const frames = [
        cpu(
          T0,
          ['usage', 'idle'],
          [
            [1.5, Number.NaN],
            [2.5, -0.25],
          ],
        ),
      ];
      expect(await subject.feeder.append(frames)).toEqual({ applied: 1, replayed: 0, refusedRows: {} });
      expect(await allRows(subject.store, 'cpu', ['usage', 'idle'])).toEqual([
        { timestampUs: T0, instance: 'cpu0', values: [1.5, Number.NaN] },
        { timestampUs: T0, instance: 'cpu1', values: [2.5, -0.25] },
      ]);
    });

    test('an infinity is no value', async () => {
      await subject.feeder.append([cpu(T0, ['usage', 'idle'], [[Number.POSITIVE_INFINITY, 1]], ['cpu0'])]);
      expect((await allRows(subject.store, 'cpu', ['usage', 'idle']))[0]?.values).toEqual([Number.NaN, 1]);
    });

    test('doubles and timestamps come back exactly', async () => {
      const values = [Number.MIN_VALUE, Number.MAX_VALUE, -Number.MAX_VALUE, 0.1 + 0.2, 2 ** 53, 1 / 3];
      const frames = values.map((value, index) => loadFrame(T0 + index * 7 + 1, value));
      await subject.feeder.append(frames);
      const rows = await allRows(subject.store, 'load', ['value']);
      expect(rows.map((row) => row.values[0])).toEqual(values);
      expect(rows.map((row) => row.timestampUs)).toEqual(values.map((_, index) => T0 + index * 7 + 1));
    });

    test.each([
      ['one batch', (merge: 'batch' | 'call' | 'later') => merge === 'batch'],
      ['two batches of one append', (merge: 'batch' | 'call' | 'later') => merge === 'call'],
      ['two appends', (merge: 'batch' | 'call' | 'later') => merge === 'later'],
    ])('rows of one key from %s are merged field by field; the later value wins, unless it is NaN', async (_, is) => {
      const { feeder, store } = subject;
      const first = cpu(
        T0,
        ['usage', 'idle'],
        [
          [1, 2],
          [3, 4],
        ],
      );
      const second = cpu(
        T0,
        ['idle', 'iowait'],
        [
          [20, 30],
          [Number.NaN, 40],
        ],
      );
      const other = { source: 'agent-7', spool: 'x', number: 3 };
      if (is('batch')) await feeder.append([first, second]);
      else if (is('call')) await store.append([feeder.batch([first]), feeder.batch([second], other)]);
      else {
        await feeder.append([first]);
        await feeder.append([second], other);
      }
      expect(await allRows(store, 'cpu', ['usage', 'idle', 'iowait'])).toEqual([
        { timestampUs: T0, instance: 'cpu0', values: [1, 20, 30] },
        { timestampUs: T0, instance: 'cpu1', values: [3, 4, 40] },
      ]);
    });

    test('late rows take their place, and are merged with what is there', async () => {
      const { feeder, store } = subject;
      await feeder.append([10, 20, 30].map((second) => loadFrame(T0 + second * SECOND, second)));
      await feeder.append([35, 5, 20, 15].map((second) => loadFrame(T0 + second * SECOND, -second)));
      expect(await loadValues(store)).toEqual([
        [5, -5],
        [10, 10],
        [15, -15],
        [20, -20],
        [30, 30],
        [35, -35],
      ]);
    });

    test('fields may come at run time: older rows have no value in them', async () => {
      const { feeder, store } = subject;
      await feeder.append([cpu(T0, ['usage'], [[1]], ['cpu0'])]);
      await feeder.append([cpu(T0 + SECOND, ['steal', 'usage'], [[9, 2]], ['cpu0'])]);
      await feeder.append([cpu(T0 + 2 * SECOND, ['usage'], [[3]], ['cpu0'])]);
      expect((await allRows(store, 'cpu', ['usage', 'steal', 'never'])).map(({ values }) => values)).toEqual([
        [1, Number.NaN, Number.NaN],
        [2, 9, Number.NaN],
        [3, Number.NaN, Number.NaN],
      ]);
    });

    test('instances may come and go', async () => {
      const { feeder, store } = subject;
      await feeder.append([cpu(T0, ['usage'], [[1]], ['cpu0'])]);
      await feeder.append([cpu(T0 + SECOND, ['usage'], [[2], [3]], ['cpu1', 'cpu0'])]);
      await feeder.append([cpu(T0 + 2 * SECOND, ['usage'], [[4]], ['cpu1'])]);
      const rows = await allRows(store, 'cpu', ['usage']);
      expect(rows.map(({ instance, values }) => [instance, values[0]])).toEqual([
        ['cpu0', 1],
        ['cpu0', 3],
        ['cpu1', 2],
        ['cpu1', 4],
      ]);
    });

    test('collectors do not see each other', async () => {
      const { feeder, store } = subject;
      await feeder.append([loadFrame(T0, 1)], { collector: 1 });
      await feeder.append([loadFrame(T0, 2)], { collector: 2 });
      await feeder.append([loadFrame(T0 - SECOND, 3)], { collector: 2 });
      expect(await loadValues(store, 1)).toEqual([[0, 1]]);
      expect(await loadValues(store, 2)).toEqual([
        [-1, 3],
        [0, 2],
      ]);
      expect(await loadValues(store, 3)).toEqual([]);
    });

    test('families of one append stay apart', async () => {
      const { feeder, store } = subject;
      await feeder.append([loadFrame(T0, 1), { ...loadFrame(T0, 2), family: 'swap' }]);
      expect(await loadValues(store)).toEqual([[0, 1]]);
      expect((await allRows(store, 'swap', ['value'])).map(({ values }) => values)).toEqual([[2]]);
    });

    test('an empty append and frames without instances are nothing', async () => {
      const { feeder, store } = subject;
      expect(await store.append([])).toEqual({ applied: 0, replayed: 0, refusedRows: {} });
      expect(await feeder.append([cpu(T0, ['usage'], [], [])])).toMatchObject({ applied: 1 });
      expect(await allRows(store, 'cpu', ['usage'])).toEqual([]);
    });

    test('many rows at once', async () => {
      const { feeder, store } = subject;
      const seconds = Array.from({ length: 5_000 }, (_, second) => second);
      await feeder.append(seconds.map((second) => loadFrame(T0 + second * SECOND, second * 2)));
      expect(await loadValues(store)).toEqual(seconds.map((second) => [second, second * 2]));
    });

    test('appends and queries at the same time', async () => {
      const { feeder, store } = subject;
      const counts: number[] = [];
      const appends = Array.from({ length: 20 }, (_, second) =>
        feeder.append([loadFrame(T0 + second * SECOND, second)]).then(async () => {
          counts.push((await loadValues(store)).length - second);
        }),
      );
      await Promise.all(appends);
      expect(Math.min(...counts)).toBeGreaterThanOrEqual(1);
      expect(await loadValues(store)).toHaveLength(20);
    });
  });
}
