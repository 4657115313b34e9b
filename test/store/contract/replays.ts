import { describe, expect, test } from 'vitest';
import type { StoreBatch } from '../../../src/store/contract.ts';
import type { Subject } from '../contract.ts';
import { loadFrame, loadValues, SECOND, T0 } from '../fixtures.ts';

export function replays(subject: Subject): void {
  /** The batch's rows say which batch they came in, so that a replay would show as another value. */
  const batch = (source: string, number: number, value: number, spool = 'a'): StoreBatch =>
    subject.feeder.batch([loadFrame(T0 + number * SECOND, value, source)], { source, number, spool });

  describe('batches', () => {
    test('a replay is ignored, in the same append and in later ones, in any order of sources', async () => {
      const { store } = subject;
      expect(await store.append([batch('a', 1, 1), batch('b', 1, 1), batch('a', 1, -1)])).toEqual({
        applied: 2,
        replayed: 1,
        refusedRows: {},
      });
      expect(
        await store.append([batch('b', 2, 1), batch('b', 1, -1), batch('a', 1, -1), batch('a', 2, 1)]),
      ).toMatchObject({ applied: 2, replayed: 2 });
      expect(await store.append([batch('a', 2, -1), batch('b', 2, -1)])).toMatchObject({ applied: 0, replayed: 2 });
      expect((await loadValues(store)).map(([, value]) => value)).toEqual([1, 1, 1, 1]);
    });

    test('numbers may be left out; what lies below the last one is a replay', async () => {
      const { store } = subject;
      await store.append([batch('a', 3, 1)]);
      expect(await store.append([batch('a', 10, 1), batch('a', 7, -1)])).toMatchObject({ applied: 1, replayed: 1 });
      expect(await loadValues(store)).toEqual([
        [3, 1],
        [10, 1],
      ]);
    });

    test('a new spool begins at 1 again, beside the old one', async () => {
      const { store } = subject;
      await store.append([batch('a', 5, 1, 'old')]);
      expect(await store.append([batch('a', 1, 2, 'new'), batch('a', 5, -1, 'old')])).toMatchObject({
        applied: 1,
        replayed: 1,
      });
      expect(await loadValues(store)).toEqual([
        [1, 2],
        [5, 1],
      ]);
    });

    test('replays stay ignored after a restart', async () => {
      await subject.store.append([batch('a', 1, 1), batch('a', 2, 1), batch('b', 4, 1)]);
      const store = await subject.reopen();
      expect(await store.append([batch('a', 2, -1), batch('b', 4, -1), batch('a', 3, 1)])).toMatchObject({
        applied: 1,
        replayed: 2,
      });
      expect((await loadValues(store)).map(([, value]) => value)).toEqual([1, 1, 1, 1]);
    });

    test('sources and spools with odd names are told apart', async () => {
      const { store } = subject;
      const odd = [`a'b`, 'a"b', 'a\nb', 'a,b', 'ab ', 'ab', 'ä', ''];
      expect(await store.append(odd.map((source) => batch(source, 1, 1)))).toMatchObject({ applied: odd.length });
      expect(await store.append(odd.map((source) => batch(source, 1, 2)))).toMatchObject({ replayed: odd.length });
      expect(await store.append(odd.map((spool) => batch('ab', 1, 3, spool)))).toMatchObject({ applied: odd.length });
    });

    const good = () => subject.feeder.batch([loadFrame(T0, 1)], { source: 'good', number: 1 });
    const cutOff = () => {
      const whole = batch('agent-3', 17, 1);
      if (whole.content.kind !== 'frames') throw new Error('frames expected');
      return { ...whole, content: { ...whole.content, payload: whole.content.payload.subarray(0, -8) } };
    };
    const frame = { family: 'load', fields: ['value'], timestampUs: T0, values: [[1]] };
    const agent = { source: 'agent-3', number: 17 };
    test.each<[string, () => StoreBatch]>([
      ['is cut off', cutOff],
      [
        'is no frame batch',
        () => ({ ...cutOff(), content: { kind: 'frames', collector: 1, payload: new Uint8Array(40) } }),
      ],
      ['has a field twice', () => subject.feeder.batch([{ ...frame, fields: ['a', 'a'], values: [[1, 2]] }], agent)],
      ['has a time that is none', () => subject.feeder.batch([{ ...frame, timestampUs: Number.NaN }], agent)],
      ['has a time before 1970', () => subject.feeder.batch([{ ...frame, timestampUs: -1 }], agent)],
      ['has an impossible collector', () => subject.feeder.batch([frame], { ...agent, collector: 2 ** 31 })],
    ])('a batch that %s is named, and nothing of its append is applied', async (_, bad) => {
      const { store } = subject;
      await expect(store.append([good(), bad()])).rejects.toMatchObject({
        code: 'TACHO_BAD_BATCH',
        message: expect.stringMatching(/17.*agent-3/),
      });
      expect(await loadValues(store)).toEqual([]);
      expect(await store.append([good()])).toMatchObject({ applied: 1, replayed: 0 });
    });

    test('a batch without a number of its own is refused', async () => {
      for (const number of [0, -1, 1.5, Number.NaN]) {
        await expect(subject.store.append([batch('a', number, 1)])).rejects.toMatchObject({ code: 'TACHO_BAD_BATCH' });
      }
    });
  });
}
