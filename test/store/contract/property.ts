import { describe, expect, test } from 'vitest';
import type { StoreBatch } from '../../../src/store/contract.ts';
import type { Subject } from '../contract.ts';
import { allRows, Feeder, MINUTE, type Row, random, rowsOf, SECOND, T0, type TestFrame } from '../fixtures.ts';
import { AGGREGATES, Model, quantileOf } from './model.ts';

const FAMILIES = ['cpu', 'disk'];
const FIELDS = ['a', 'b', 'c', 'd'];
const INSTANCES = ['x', 'y', 'z'];
const SPAN = { fromUs: T0 - 40 * SECOND, toUs: T0 + 170 * SECOND };
const ROUNDS = 40;

export function againstTheModel(subject: Subject): void {
  describe('random appends', () => {
    test.each([1, 2, 3])('leave what the model says (seed %i)', async (seed) => {
      const next = random(seed);
      const pick = <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)] as T;
      const some = <T>(items: readonly T[]): T[] => items.filter(() => next() < 0.6);
      let store = subject.store;
      let feeder = new Feeder(store);
      const model = new Model();
      const sent: StoreBatch[] = [];
      const numbers = new Map<string, number>();

      const frame = (round: number): TestFrame => {
        // Mostly onwards, at times far back, and often a moment that something else was sent for too.
        const second = next() < 0.7 ? round * 4 + Math.floor(next() * 5) : Math.floor(next() * 200) - 30;
        const fields = some(FIELDS);
        const instances = some(INSTANCES);
        const value = () => (next() < 0.2 ? Number.NaN : Math.round((next() - 0.5) * 1e4) / 8);
        const values = instances.map(() => fields.map(value));
        return { family: pick(FAMILIES), fields, instances, timestampUs: T0 + second * SECOND, values };
      };

      for (let round = 0; round < ROUNDS; round++) {
        const batches: StoreBatch[] = [];
        for (let count = 0; count < 1 + next() * 3; count++) {
          if (sent.length > 0 && next() < 0.2) {
            batches.push(pick(sent));
            continue;
          }
          const source = pick(['local', 'agent']);
          const number = (numbers.get(source) ?? 0) + 1 + Math.floor(next() * 2);
          numbers.set(source, number);
          const frames = Array.from({ length: 1 + Math.floor(next() * 4) }, () => frame(round));
          const collector = 1 + Math.floor(next() * 2);
          batches.push(feeder.batch(frames, { source, number, collector }));
          const stored = frames.filter(({ fields, instances }) => fields.length > 0 && instances?.length);
          model.add(stored, collector);
        }
        await store.append(batches);
        sent.push(...batches);
        if (round === ROUNDS / 2) {
          store = await subject.reopen();
          feeder = new Feeder(store);
        }
      }

      for (const family of FAMILIES) {
        for (const collector of [1, 2]) {
          const expected = model.rows(family, collector, FIELDS);
          expect(await allRows(store, family, FIELDS, { collector, limit: 1 + Math.floor(next() * 20) })).toEqual(
            expected,
          );
          for (const bucketUs of [7 * SECOND, MINUTE]) {
            const select = AGGREGATES.map((aggregate) => ({ field: 'b', aggregate }));
            const found = rowsOf(await store.range({ family, collector, ...SPAN, bucketUs, select }));
            expect(found).toEqual(rowsClose(model.range(family, collector, 'b', { ...SPAN, bucketUs })));
          }
          const { instances, values } = await store.quantiles({
            family,
            collector,
            ...SPAN,
            fields: ['c'],
            quantiles: [0.3, 0.95],
          });
          for (const [index, instance] of instances.entries()) {
            const inSpan = expected.filter(
              (row) => row.instance === instance && row.timestampUs >= SPAN.fromUs && row.timestampUs < SPAN.toUs,
            );
            const column = inSpan.map((row) => row.values[FIELDS.indexOf('c')] as number);
            expect(values[index]?.[0]).toEqual([0.3, 0.95].map((quantile) => close(quantileOf(column, quantile))));
          }
        }
      }
    });
  });
}

function rowsClose(rows: readonly Row[]) {
  return rows.map((row) => ({ ...row, values: row.values.map(close) }));
}

function close(value: number): unknown {
  return Number.isNaN(value) ? value : expect.closeTo(value, 9);
}
