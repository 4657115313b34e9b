import { describe, expect, test } from 'vitest';
import type { RowsPage, RowsQuery } from '../../../src/store/contract.ts';
import type { Subject } from '../contract.ts';
import { allRows, loadFrame, rowsOf, SECOND, T0 } from '../fixtures.ts';

export function paging(subject: Subject): void {
  const query = (limit: number, cursor?: string | null): RowsQuery => ({
    family: 'load',
    collector: 1,
    fields: ['value'],
    fromUs: T0,
    toUs: T0 + 1_000 * SECOND,
    limit,
    ...(cursor && { cursor }),
  });
  const seconds = (page: RowsPage) => rowsOf(page).map((row) => (row.timestampUs - T0) / SECOND);
  const threeInstances = (second: number) => ({
    ...loadFrame(T0 + second * SECOND, 0),
    instances: ['a', 'b', 'c'],
    values: [[second], [second], [second]],
  });

  describe('raw rows', () => {
    test('a page holds `limit` timestamps and never splits one', async () => {
      const { feeder, store } = subject;
      await feeder.append([0, 1, 2, 3, 4].map(threeInstances));
      const first = await store.rows(query(2));
      expect(seconds(first)).toEqual([0, 0, 0, 1, 1, 1]);
      const second = await store.rows(query(2, first.nextCursor));
      expect(seconds(second)).toEqual([2, 2, 2, 3, 3, 3]);
      const third = await store.rows(query(2, second.nextCursor));
      expect(seconds(third)).toEqual([4, 4, 4]);
      expect(third.nextCursor).toBeNull();
    });

    test.each([1, 2, 3, 7, 50, 51])('pages of %i timestamps are the whole, once', async (limit) => {
      const { feeder, store } = subject;
      const frames = Array.from({ length: 50 }, (_, index) => loadFrame(T0 + index * 3, index, index % 3 ? 'a' : 'b'));
      await feeder.append(frames);
      const rows = await allRows(store, 'load', ['value'], { limit });
      expect(rows.map(({ values }) => values[0])).toEqual(frames.map((_, index) => index));
    });

    test('the last page says so, also when it is full', async () => {
      const { feeder, store } = subject;
      await feeder.append([0, 1, 2, 3].map(threeInstances));
      const first = await store.rows(query(2));
      const second = await store.rows(query(2, first.nextCursor));
      expect([first.nextCursor, second.nextCursor]).toEqual([expect.any(String), null]);
    });

    test('rows that are appended behind do not disturb the pages before', async () => {
      const { feeder, store } = subject;
      await feeder.append([0, 1, 2, 3].map(threeInstances));
      const first = await store.rows(query(2));
      await feeder.append([4, 5].map(threeInstances));
      const second = await store.rows(query(2, first.nextCursor));
      expect(seconds(second)).toEqual([2, 2, 2, 3, 3, 3]);
      await feeder.append([threeInstances(6)]);
      const third = await store.rows(query(2, second.nextCursor));
      expect(seconds(third)).toEqual([4, 4, 4, 5, 5, 5]);
      expect(seconds(await store.rows(query(2, third.nextCursor)))).toEqual([6, 6, 6]);
    });

    test('rows that come in late, behind the reader, neither repeat nor hide others', async () => {
      const { feeder, store } = subject;
      await feeder.append([10, 20, 30].map((second) => loadFrame(T0 + second * SECOND, second)));
      const first = await store.rows(query(1));
      await feeder.append([loadFrame(T0 + 5 * SECOND, 5), loadFrame(T0 + 25 * SECOND, 25)]);
      const second = await store.rows(query(3, first.nextCursor));
      expect([...seconds(first), ...seconds(second)]).toEqual([10, 20, 25, 30]);
    });

    test('of the chosen instances and time only', async () => {
      const { feeder, store } = subject;
      await feeder.append([0, 1, 2, 3].map(threeInstances));
      const page = await store.rows({ ...query(10), fromUs: T0 + SECOND, toUs: T0 + 3 * SECOND, instances: ['b'] });
      expect(rowsOf(page).map((row) => [row.timestampUs - T0, row.instance])).toEqual([
        [SECOND, 'b'],
        [2 * SECOND, 'b'],
      ]);
    });

    test('no rows are one empty page', async () => {
      const { feeder, store } = subject;
      expect(await store.rows(query(10))).toMatchObject({ instances: [], nextCursor: null });
      await feeder.append([loadFrame(T0 - 1, 1)]);
      expect(await store.rows(query(10))).toMatchObject({ instances: [], nextCursor: null });
    });

    test.each(['', 'x', '-1', '1e3', `${T0 - 1}`, `${2 * T0}`, "1'; --"])(
      'a made-up cursor %j is refused',
      async (cursor) => {
        await subject.feeder.append([threeInstances(0)]);
        await expect(subject.store.rows({ ...query(1), cursor })).rejects.toMatchObject({ code: 'TACHO_BAD_QUERY' });
      },
    );

    test.each([0, -1, 1.5, Number.NaN])('a limit of %d is refused', async (limit) => {
      await expect(subject.store.rows(query(limit))).rejects.toMatchObject({ code: 'TACHO_BAD_QUERY' });
    });
  });
}
