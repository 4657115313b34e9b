import { describe, expect, test } from 'vitest';
import type { EventRow, EventsQuery, EventTable } from '../../../src/store/contract.ts';
import type { Subject } from '../contract.ts';
import { SECOND, T0 } from '../fixtures.ts';
import { HOSTILE_TEXT } from './names.ts';

const REQUESTS: EventTable = {
  name: 'requests',
  columns: { path: 'text', status: 'integer', seconds: 'double', tags: 'json', seen: 'timestamp' },
};

function request(id: string, second: number, values: Partial<EventRow['values']> = {}): EventRow {
  const defaults = { path: '/', status: 200, seconds: 0.5, tags: '{}', seen: T0 };
  return { id, timestampUs: T0 + second * SECOND, values: { ...defaults, ...values } as EventRow['values'] };
}

export function events(subject: Subject): void {
  const append = (rows: EventRow[], table = REQUESTS) => subject.store.append([subject.feeder.events(table, rows)]);
  const query = (overrides: Partial<EventsQuery> = {}) =>
    subject.store.events({ table: REQUESTS, fromUs: T0, toUs: T0 + 1_000 * SECOND, limit: 100, ...overrides });
  const ids = async (overrides: Partial<EventsQuery> = {}) => (await query(overrides)).rows.map(({ id }) => id);

  describe('events', () => {
    test('come back as they were, each type', async () => {
      const rows = [
        request('a', 0),
        request('b', 1, { path: '', status: -(2 ** 53) + 1, seconds: -1e-300, tags: '[1, {"b" : 2 ,"a":1}]', seen: 1 }),
        request('c', 2, { path: null, status: null, seconds: null, tags: null, seen: null }),
        request('d', 3, {
          status: Number.MAX_SAFE_INTEGER,
          seconds: Number.MAX_VALUE,
          tags: 'null',
          seen: T0 + 123_457,
        }),
      ];
      await append(rows);
      expect(await query()).toEqual({ rows, total: 4 });
    });

    test('values may be left out, and a double without a number is none', async () => {
      await append([{ id: 'a', timestampUs: T0, values: { seconds: Number.NaN } }]);
      const values = { path: null, status: null, seconds: null, tags: null, seen: null };
      expect((await query()).rows).toEqual([{ id: 'a', timestampUs: T0, values }]);
    });

    test('strings are kept byte for byte, in ids, text and JSON, and can be asked for', async () => {
      const rows = HOSTILE_TEXT.map((text, second) =>
        request(text, second, { path: text, tags: JSON.stringify({ text }) }),
      );
      await append(rows);
      expect((await query()).rows).toEqual(rows);
      for (const [index, path] of HOSTILE_TEXT.entries())
        expect((await query({ where: { path } })).rows).toEqual([rows[index]]);
    });

    test('an event that comes again replaces itself: in one batch, in one append and later', async () => {
      await append([request('a', 0, { status: 1 }), request('a', 0, { status: 2 }), request('b', 5)]);
      expect((await query()).rows.map(({ values }) => values['status'])).toEqual([2, 200]);
      const { feeder, store } = subject;
      await store.append([
        feeder.events(REQUESTS, [request('b', 5, { status: 3 })]),
        feeder.events(REQUESTS, [request('b', 5, { status: 4, path: null }), request('c', 9)], { source: 'other' }),
      ]);
      await append([request('c', 9, { status: 5 })]);
      expect((await query()).rows.map(({ id, values }) => [id, values['status'], values['path']])).toEqual([
        ['a', 2, '/'],
        ['b', 4, null],
        ['c', 5, '/'],
      ]);
    });

    test('are ordered by time, then id, wherever they came from', async () => {
      await append([request('z', 2), request('m', 1), request('b', 2)]);
      await append([request('a', 2), request('late', 0)]);
      expect(await ids()).toEqual(['late', 'm', 'a', 'b', 'z']);
    });

    test('pages and the total are those of the filter', async () => {
      await append(Array.from({ length: 25 }, (_, index) => request(`id-${index + 10}`, index, { status: index % 2 })));
      const page = await query({ where: { status: 1 }, limit: 5, offset: 10 });
      expect(page.total).toBe(12);
      expect(page.rows.map(({ id }) => id)).toEqual(['id-31', 'id-33']);
      expect(await query({ limit: 3, offset: 100 })).toEqual({ rows: [], total: 25 });
    });

    test('filters: several at once, each type, null, and the half-open range', async () => {
      await append([
        request('a', 0, { path: '/x', seconds: 0.25 }),
        request('b', 1, { path: '/x', seconds: null, seen: T0 + 1 }),
        request('c', 2, { path: '/y', tags: '[1]' }),
      ]);
      expect(await ids({ where: { path: '/x', seconds: 0.25 } })).toEqual(['a']);
      expect(await ids({ where: { seconds: null } })).toEqual(['b']);
      expect(await ids({ where: { seen: T0 + 1 } })).toEqual(['b']);
      expect(await ids({ where: { tags: '[1]' } })).toEqual(['c']);
      expect(await ids({ where: { id: 'c' } })).toEqual(['c']);
      expect(await ids({ where: { path: '/X' } })).toEqual([]);
      expect(await ids({ fromUs: T0 + SECOND, toUs: T0 + 2 * SECOND })).toEqual(['b']);
    });

    test('columns may come at run time', async () => {
      await append([request('a', 0)]);
      const table = { ...REQUESTS, columns: { ...REQUESTS.columns, region: 'text' as const } };
      expect((await query({ table, where: { region: null } })).rows[0]?.values['region']).toBeNull();
      expect((await query({ table, where: { region: 'eu' } })).total).toBe(0);
      await append([request('b', 1, { region: 'eu' })], table);
      expect((await query({ table })).rows.map(({ values }) => values['region'])).toEqual([null, 'eu']);
      expect(await ids({ table, where: { region: 'eu' } })).toEqual(['b']);
    });

    test('replays are ignored', async () => {
      const { feeder, store } = subject;
      await store.append([feeder.events(REQUESTS, [request('a', 0)], { number: 1 })]);
      const replay = feeder.events(REQUESTS, [request('a', 0, { status: 500 })], { number: 1 });
      expect(await store.append([replay])).toMatchObject({ applied: 0, replayed: 1 });
      expect((await query()).rows[0]?.values['status']).toBe(200);
    });

    test('a column of another type is refused, and nothing is applied', async () => {
      await append([request('a', 0)]);
      const table: EventTable = { name: 'requests', columns: { status: 'text' } };
      const conflict = { code: 'TACHO_STORE_TYPE_CONFLICT', message: expect.stringContaining('status') };
      await expect(
        append([request('b', 1), { id: 'c', timestampUs: T0, values: { status: 'x' } }], table),
      ).rejects.toThrow();
      await expect(append([{ id: 'c', timestampUs: T0, values: { status: 'x' } }], table)).rejects.toMatchObject(
        conflict,
      );
      await expect(query({ table })).rejects.toMatchObject(conflict);
      expect(await ids()).toEqual(['a']);
    });

    test.each<[string, EventRow]>([
      ['text for a number', request('x', 0, { status: '200' })],
      ['half a number for an integer', request('x', 0, { status: 0.5 })],
      ['a number for text', request('x', 0, { path: 1 })],
      ['half a µs', { ...request('x', 0), timestampUs: T0 + 0.5 }],
      ['an undeclared column', request('x', 0, { other: 1 })],
    ])('%s is refused, naming batch and event', async (_, row) => {
      const bad = subject.feeder.events(REQUESTS, [request('fine', 0), row], { source: 'posts', number: 9 });
      await expect(subject.store.append([bad])).rejects.toMatchObject({
        code: 'TACHO_BAD_BATCH',
        message: expect.stringMatching(/9.*posts.*"x"/),
      });
      expect((await query()).total).toBe(0);
    });

    test.each(['id', 'timestamp', 'Path', 'a"b', ''])('column %j is refused', async (column) => {
      const table: EventTable = { name: 'requests', columns: { [column]: 'text' } };
      await expect(append([request('a', 0)], table)).rejects.toMatchObject({ code: 'TACHO_BAD_QUERY' });
      await expect(query({ table })).rejects.toMatchObject({ code: 'TACHO_BAD_QUERY' });
      await expect(query({ where: { [column === 'id' ? 'nope' : column]: 1 } })).rejects.toMatchObject({
        code: 'TACHO_BAD_QUERY',
      });
    });

    test('none are an empty page; they can be pruned', async () => {
      expect(await query()).toEqual({ rows: [], total: 0 });
      await append([request('a', 0), request('b', 1), request('c', 2)]);
      expect(
        await subject.store.prune({ table: 'requests', fromUs: 0, toUs: T0 + 2 * SECOND, archive: false }),
      ).toMatchObject({ rows: 2 });
      expect(await ids()).toEqual(['c']);
    });
  });
}
