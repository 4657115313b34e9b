import type { DuckDBConnection, DuckDBMaterializedResult } from '@duckdb/node-api';
import type { Aggregate, RangeQuery, RangeResult, SeriesResult } from '../contract.ts';
import { checkRange } from '../queries.ts';
import { type Database, inTransaction, run } from './database.ts';
import { orNaN, ours, Parameters, quoted } from './parameters.ts';
import { emptySeries, readSeries, truncateSeries } from './results.ts';
import { withRollup } from './rollup-columns.ts';
import type { Schema, Table } from './schema.ts';

/** A bucket's number. */
const NUMBER = ours('number');

/** Aggregates over raw rows. A field that the table has not got yet is NULL in every row. */
const RAW: Readonly<Record<Aggregate, (field: string) => string>> = {
  avg: (field) => `avg(${field})`,
  min: (field) => `min(${field})`,
  max: (field) => `max(${field})`,
  last: (field) => `arg_max(${field}, timestamp)`,
  count: (field) => `count(${field})`,
};

/** The same over parts of a bucket: its rollup rows, and one row for what is raw in it. */
const PARTS: Readonly<Record<Aggregate, (field: string) => string>> = {
  avg: (field) => `sum(${part(field, 'avg')} * ${part(field, 'count')}) / sum(${part(field, 'count')})`,
  min: (field) => `min(${part(field, 'min')})`,
  max: (field) => `max(${part(field, 'max')})`,
  last: (field) => `arg_max(${part(field, 'last')}, ${part(field, 'newest')})`,
  count: (field) => `coalesce(sum(${part(field, 'count')}), 0)`,
};

export async function queryRange(database: Database, schema: Schema, query: RangeQuery): Promise<RangeResult> {
  checkRange(query);
  const raw = schema.table(query.family, 'series');
  if (!raw) return { ...emptySeries(query.select.length), truncated: false };
  const result = await database.read((reader) =>
    withRollup(schema, raw.name, (rollup) => {
      if (!rollup) return select(reader, raw, undefined, query);
      return inTransaction(reader, async () =>
        select(reader, raw, (await overlaps(reader, rollup, query)) ? rollup : undefined, query),
      );
    }),
  );
  return firstBuckets(readSeries(result), query.limit ?? Number.POSITIVE_INFINITY);
}

/** Most ranges lie where everything is raw, and that is answered several times faster. */
async function overlaps(reader: DuckDBConnection, rollup: Table, query: RangeQuery): Promise<boolean> {
  const parameters = new Parameters();
  const sql = `SELECT 1 FROM ${quoted(rollup.name)} WHERE ${parameters.selector(query)} LIMIT 1`;
  return (await run(reader, sql, parameters)).rowCount > 0;
}

function select(
  reader: DuckDBConnection,
  raw: Table,
  rollup: Table | undefined,
  query: RangeQuery,
): Promise<DuckDBMaterializedResult> {
  const parameters = new Parameters();
  const { bucketUs, originUs = 0 } = query;
  // Buckets are numbered from the first one: one division a row, and no remainder of a negative number.
  const firstUs = originUs + Math.floor((query.fromUs - originUs) / bucketUs) * bucketUs;
  const [width, first] = [parameters.bigint(bucketUs), parameters.bigint(firstUs)];
  const number = `(epoch_us(timestamp) - ${first}) // ${width} AS ${NUMBER}`;
  const source = rollup
    ? parts(raw, rollup, query, number, parameters)
    : `(SELECT *, ${number} FROM ${quoted(raw.name)} WHERE ${parameters.selector(query)})`;
  const selected = query.select.map(({ field, aggregate }) => {
    const expression = rollup ? PARTS[aggregate](field) : RAW[aggregate](columnOf(raw, field));
    return `, ${orNaN(`${expression}::DOUBLE`)}`;
  });
  // Ranking the buckets is only needed where there may be too many of them.
  const mostBuckets = Math.ceil((query.toUs - query.fromUs) / bucketUs) + 1;
  const ranked =
    query.limit === undefined || query.limit >= mostBuckets
      ? ''
      : `QUALIFY dense_rank() OVER (ORDER BY ${NUMBER}) <= ${parameters.bigint(query.limit + 1)}`;
  const sql = `SELECT (${NUMBER} * ${width} + ${first})::DOUBLE, instance${selected.join('')}
    FROM ${source} GROUP BY ${NUMBER}, instance ${ranked} ORDER BY ${NUMBER}, instance`;
  return run(reader, sql, parameters);
}

function columnOf(raw: Table, field: string): string {
  return raw.columns.has(field) ? quoted(field) : 'NULL::DOUBLE';
}

/** Rows of both tables in one shape. What is raw, which is many times more, is aggregated first. */
function parts(raw: Table, rollup: Table, query: RangeQuery, number: string, parameters: Parameters): string {
  const wanted = neededParts(query);
  const rawParts = wanted.map(({ field, kept }) => {
    const column = columnOf(raw, field);
    const value = kept === 'newest' ? `max(timestamp) FILTER (${column} IS NOT NULL)` : RAW[kept](column);
    return `, ${value} AS ${part(field, kept)}`;
  });
  const rollupParts = wanted.map(({ field, kept }) => {
    if (kept === 'newest') return ', newest';
    return `, ${rollup.columns.has(`${field}_${kept}`) ? part(field, kept) : 'NULL'}`;
  });
  return `(
    SELECT ${number}, instance${rawParts.join('')}
    FROM ${quoted(raw.name)} WHERE ${parameters.selector(query)} GROUP BY ${NUMBER}, instance
    UNION ALL
    SELECT ${number}, instance${rollupParts.join('')}
    FROM ${quoted(rollup.name)} WHERE ${parameters.selector(query)}
  )`;
}

type Kept = Aggregate | 'newest';

/** What the parts of a bucket have to tell of each field, each once. */
function neededParts({ select }: RangeQuery): { field: string; kept: Kept }[] {
  const needs: Partial<Record<Aggregate, readonly Kept[]>> = { avg: ['avg', 'count'], last: ['last', 'newest'] };
  const byField = new Map<string, Set<Kept>>();
  for (const { field, aggregate } of select) {
    const kept = byField.get(field) ?? new Set();
    for (const part of needs[aggregate] ?? [aggregate]) kept.add(part);
    byField.set(field, kept);
  }
  return [...byField].flatMap(([field, kinds]) => Array.from(kinds, (kept) => ({ field, kept })));
}

function part(field: string, kept: Kept): string {
  return quoted(`${field}_${kept}`);
}

/** Drops what lies behind the first `limit` distinct timestamps. */
function firstBuckets(result: SeriesResult, limit: number): RangeResult {
  const { timestampsUs } = result;
  let buckets = 0;
  for (let row = 0; row < timestampsUs.length; row++) {
    if (row > 0 && timestampsUs[row] === timestampsUs[row - 1]) continue;
    buckets += 1;
    if (buckets > limit) return { ...truncateSeries(result, row), truncated: true };
  }
  return { ...result, truncated: false };
}
