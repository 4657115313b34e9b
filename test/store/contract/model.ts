import type { Aggregate } from '../../../src/store/contract.ts';
import type { Row, TestFrame } from '../fixtures.ts';

/** What a store should hold, kept in the plainest way. */
export class Model {
  readonly #rows = new Map<string, { timestampUs: number; instance: string; fields: Map<string, number> }>();

  add(frames: readonly TestFrame[], collector: number): void {
    for (const { family, fields, instances = [''], timestampUs, values } of frames) {
      for (const [index, instance] of instances.entries()) {
        const key = JSON.stringify([family, collector, timestampUs, instance]);
        const row = this.#rows.get(key) ?? { timestampUs, instance, fields: new Map<string, number>() };
        for (const [column, field] of fields.entries()) {
          const value = values[index]?.[column] as number;
          if (!Number.isNaN(value)) row.fields.set(field, value);
        }
        this.#rows.set(key, row);
      }
    }
  }

  /** Raw rows, oldest first and by instance. */
  rows(family: string, collector: number, fields: readonly string[]): Row[] {
    const prefix = JSON.stringify([family, collector]).slice(0, -1);
    const found: Row[] = [];
    for (const [key, row] of this.#rows) {
      if (!key.startsWith(`${prefix},`)) continue;
      const values = fields.map((field) => row.fields.get(field) ?? Number.NaN);
      found.push({ timestampUs: row.timestampUs, instance: row.instance, values });
    }
    return found.sort(byTimeAndInstance);
  }

  /** One field of the rows in [fromUs, toUs), aggregated in every way, by bucket and instance. */
  range(
    family: string,
    collector: number,
    field: string,
    span: { fromUs: number; toUs: number; bucketUs: number; originUs?: number },
  ): Row[] {
    const groups = new Map<string, { timestampUs: number; instance: string; values: number[] }>();
    for (const { timestampUs, instance, values } of this.rows(family, collector, [field])) {
      if (timestampUs < span.fromUs || timestampUs >= span.toUs) continue;
      const originUs = span.originUs ?? 0;
      const bucket = Math.floor((timestampUs - originUs) / span.bucketUs) * span.bucketUs + originUs;
      const key = JSON.stringify([bucket, instance]);
      const group = groups.get(key) ?? { timestampUs: bucket, instance, values: [] };
      groups.set(key, group);
      group.values.push(...values.filter((value) => !Number.isNaN(value)));
    }
    return [...groups.values()]
      .map((group) => ({ ...group, values: AGGREGATES.map((name) => aggregate(name, group.values)) }))
      .sort(byTimeAndInstance);
  }
}

function byTimeAndInstance(a: Row, b: Row): number {
  return a.timestampUs - b.timestampUs || (a.instance < b.instance ? -1 : 1);
}

/** The order of `Model.range`'s values. */
export const AGGREGATES: readonly Aggregate[] = ['avg', 'min', 'max', 'last', 'count'];

function aggregate(name: Aggregate, values: readonly number[]): number {
  if (name === 'count') return values.length;
  if (values.length === 0) return Number.NaN;
  if (name === 'avg') return values.reduce((sum, value) => sum + value, 0) / values.length;
  if (name === 'last') return values.at(-1) as number;
  return name === 'min' ? Math.min(...values) : Math.max(...values);
}

/** Type 7, as Hyndman and Fan number them: linear between the two nearest ranks. */
export function quantileOf(values: readonly number[], quantile: number): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  const rank = (sorted.length - 1) * quantile;
  const below = sorted[Math.floor(rank)] as number;
  const above = sorted[Math.ceil(rank)] as number;
  return below + (above - below) * (rank - Math.floor(rank));
}
