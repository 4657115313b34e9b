import { describe, expect, test } from 'vitest';
import type { Subject } from '../contract.ts';
import { allRows, loadFrame, MINUTE, rowsOf, T0 } from '../fixtures.ts';

/** Text that comes back wrong when anything between us and the disk quotes, splits, trims or normalises it. */
export const HOSTILE_TEXT = [
  `it's`,
  `say "hi"`,
  `'; DROP TABLE load; --`,
  'a\\b',
  '$1 ? :x %s {}',
  'line\nbreak\r\n\ttab',
  ' padded ',
  'comma, equals=1',
  'Ünïcödé 日本語 🦀',
  'e\u0301 is not \u00e9',
  'CPU0',
  'null',
  'x'.repeat(5_000),
];

const HOSTILE_NAMES = [
  'load"; DROP TABLE load; --',
  `load'`,
  'Load',
  '1load',
  'lo ad',
  'lo-ad',
  'läd',
  '',
  'a'.repeat(64),
  'a\n',
  'main.load',
];

export function names(subject: Subject): void {
  const range = { collector: 1, fromUs: T0, toUs: T0 + 1 };

  describe('names', () => {
    test('instances come back byte for byte, and can be asked for', async () => {
      const { feeder, store } = subject;
      const values = HOSTILE_TEXT.map((_, index) => [index]);
      await feeder.append([{ ...loadFrame(T0, 0), instances: HOSTILE_TEXT, values }]);
      expect(new Set(await store.instances({ family: 'load', ...range }))).toEqual(new Set(HOSTILE_TEXT));
      for (const [index, instance] of HOSTILE_TEXT.entries()) {
        const page = await store.rows({
          family: 'load',
          ...range,
          instances: [instance],
          fields: ['value'],
          limit: 10,
        });
        expect(rowsOf(page)).toEqual([{ timestampUs: T0, instance, values: [index] }]);
      }
    });

    test('case tells instances apart', async () => {
      const { feeder, store } = subject;
      await feeder.append([{ ...loadFrame(T0, 0), instances: ['eth0', 'ETH0'], values: [[1], [2]] }]);
      expect((await allRows(store, 'load', ['value'])).map(({ instance, values }) => [instance, values[0]])).toEqual([
        ['ETH0', 2],
        ['eth0', 1],
      ]);
    });

    test.each([...HOSTILE_NAMES, 'tacho_applied', 'load_rollup'])('family %j is refused everywhere', async (family) => {
      const { feeder, store } = subject;
      const refusal = { code: 'TACHO_BAD_QUERY' };
      await expect(feeder.append([{ ...loadFrame(T0, 0), family }])).rejects.toMatchObject(refusal);
      await expect(store.rows({ family, ...range, fields: [], limit: 1 })).rejects.toMatchObject(refusal);
      await expect(store.range({ family, ...range, select: [], bucketUs: 1 })).rejects.toMatchObject(refusal);
      await expect(store.instances({ family, ...range })).rejects.toMatchObject(refusal);
    });

    test.each([...HOSTILE_NAMES, 'timestamp', 'collector', 'instance'])(
      'field %j is refused everywhere',
      async (field) => {
        const { feeder, store } = subject;
        const refusal = { code: 'TACHO_BAD_QUERY' };
        await expect(feeder.append([{ ...loadFrame(T0, 0), fields: [field] }])).rejects.toMatchObject(refusal);
        await expect(store.rows({ family: 'load', ...range, fields: [field], limit: 1 })).rejects.toMatchObject(
          refusal,
        );
        await expect(
          store.range({ family: 'load', ...range, select: [{ field, aggregate: 'avg' }], bucketUs: 1 }),
        ).rejects.toMatchObject(refusal);
      },
    );

    test('words of SQL are names like others', async () => {
      const { feeder, store } = subject;
      await feeder.append([{ family: 'select', fields: ['group', 'order'], timestampUs: T0, values: [[1, 2]] }]);
      await feeder.append([{ family: 'select', fields: ['where'], timestampUs: T0, values: [[3]] }]);
      expect((await allRows(store, 'select', ['order', 'group', 'where']))[0]?.values).toEqual([2, 1, 3]);
    });

    test.each(['bucket', 'bucket_us', 'number', 'newest', 'newest_instance', 'rows', 'start', 'stored', 'tacho_part'])(
      'a field may be called %s',
      async (name) => {
        const { feeder, store } = subject;
        const span = { fromUs: T0, toUs: T0 + 2 * MINUTE };
        const frame = (timestampUs: number, value: number) => ({ ...loadFrame(timestampUs, value), fields: [name] });
        const averages = async (): Promise<[number, unknown][]> => {
          const select = [{ field: name, aggregate: 'avg' }] as const;
          const range = await store.range({ family: 'load', collector: 1, ...span, bucketUs: MINUTE, select });
          return rowsOf(range).map(({ timestampUs, values }) => [timestampUs - T0, values[0]]);
        };
        await feeder.append([frame(T0, 2), frame(T0 + MINUTE, 5)]);
        const latest = await store.latest({ family: 'load', collector: 1, ...span, fields: [name] });
        expect(rowsOf(latest)).toMatchObject([{ timestampUs: T0 + MINUTE, values: [5] }]);
        const rollUp = () => store.rollup({ family: 'load', ...span, bucketUs: MINUTE, archive: true });
        expect(await averages()).toEqual([
          [0, 2],
          [MINUTE, 5],
        ]);
        expect(await rollUp()).toMatchObject({ rows: 2, moved: 2 });
        await feeder.append([frame(T0 + 1, 4)]);
        expect(await rollUp()).toMatchObject({ rows: 1, moved: 1, archived: { rows: 1 } });
        expect(await averages()).toEqual([
          [0, 3],
          [MINUTE, 5],
        ]);
        expect(await store.restore({ table: 'load', fromUs: T0, toUs: T0 + 24 * 60 * MINUTE })).toEqual({ rows: 3 });
        expect((await allRows(store, 'load', [name])).map(({ values }) => values[0])).toEqual([2, 4, 5]);
        expect(await store.prune({ table: 'load', ...span, archive: true })).toMatchObject({ rows: 3 });
      },
    );

    test('a series table and an event table cannot share a name', async () => {
      const { feeder, store } = subject;
      const table = { name: 'load', columns: {} };
      const row = { id: 'x', timestampUs: T0, values: {} };
      await feeder.append([loadFrame(T0, 1)]);
      await expect(store.append([feeder.events(table, [row])])).rejects.toMatchObject({
        code: 'TACHO_STORE_TYPE_CONFLICT',
      });
      const both = [
        feeder.batch([{ ...loadFrame(T0, 1), family: 'swap' }]),
        feeder.events({ ...table, name: 'swap' }, [row]),
      ];
      await expect(store.append(both)).rejects.toMatchObject({ code: 'TACHO_STORE_TYPE_CONFLICT' });
    });
  });
}
