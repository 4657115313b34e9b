import type { DuckDBConnection, DuckDBMaterializedResult } from '@duckdb/node-api';
import type { Aggregate, RangeQuery, RangeResult, SeriesResult } from '../contract.ts';
import { checkRange } from '../queries.ts';
import { type Database, inTransaction, run } from './database.ts';
import { orNaN, Parameters, quoted } from './parameters.ts';
import { prunedBefore } from './pruned.ts';
import { emptySeries, readSeries, truncateSeries } from './results.ts';
import { rollupTable } from './rollup-columns.ts';
import type { Schema, Table } from './schema.ts';

/** Aggregates over raw rows. A field that the table has not got yet is NULL in every row. */
const RAW: Readonly<Record<Aggregate, (field: string) => string>> = {
  avg: (field) => `avg(${field})`,
  min: (field) => `min(${field})`,
  max: (field) => `max(${field})`,
  last: (field) => `arg_max(${field}, timestamp)`,
  count: (field) => `count(${field})::DOUBLE`,
};

/** The same over parts: a raw row, or a rollup row that stands for several. */
const PARTS: Readonly<Record<Aggregate, (field: string) => string>> = {
  avg: (field) => `sum(${part(field, 'avg')} * ${part(field, 'count')}) / sum(${part(field, 'count')})`,
  min: (field) => `min(${part(field, 'min')})`,
  max: (field) => `max(${part(field, 'max')})`,
  last: (field) => `arg_max(${part(field, 'last')}, newest)`,
  count: (field) => `coalesce(sum(${part(field, 'count')}), 0)::DOUBLE`,
};

export async function queryRange(database: Database, schema: Schema, query: RangeQuery): Promise<RangeResult> {
  checkRange(query);
  const raw = schema.table(query.family, 'series');
  if (!raw) return { ...emptySeries(query.select.length), truncated: false };
  const rollup = rollupTable(schema, raw.name);
  const result = await database.read((reader) => {
    if (!rollup) return select(reader, raw, undefined, query);
    return inTransaction(reader, async () => {
      const prunedUs = await prunedBefore(reader, raw.name);
      return select(reader, raw, query.fromUs < prunedUs ? { rollup, prunedUs } : undefined, query);
    });
  });
  return firstBuckets(readSeries(result), query.limit ?? Number.POSITIVE_INFINITY);
}

function select(
  reader: DuckDBConnection,
  raw: Table,
  before: { rollup: Table; prunedUs: number } | undefined,
  query: RangeQuery,
): Promise<DuckDBMaterializedResult> {
  const parameters = new Parameters();
  const source = before
    ? parts(raw, before.rollup, query, before.prunedUs, parameters)
    : `${quoted(raw.name)} WHERE ${parameters.selector(query)}`;
  const selected = query.select.map(({ field, aggregate }) => {
    const expression = before ? PARTS[aggregate](field) : RAW[aggregate](columnOf(raw, field));
    return `, ${orNaN(expression)}`;
  });
  const width = parameters.bigint(query.bucketUs);
  // Ranking the buckets is only needed where there may be too many of them.
  const mostBuckets = Math.ceil((query.toUs - query.fromUs) / query.bucketUs) + 1;
  const ranked =
    query.limit === undefined || query.limit >= mostBuckets
      ? ''
      : `QUALIFY dense_rank() OVER (ORDER BY bucket) <= ${parameters.bigint(query.limit + 1)}`;
  const sql = `SELECT (epoch_us(timestamp) // ${width} * ${width})::DOUBLE AS bucket, instance${selected.join('')}
    FROM ${source} GROUP BY bucket, instance ${ranked} ORDER BY bucket, instance`;
  return run(reader, sql, parameters);
}

function columnOf(raw: Table, field: string): string {
  return raw.columns.has(field) ? quoted(field) : 'NULL::DOUBLE';
}

/** Rows of both tables in one shape. */
function parts(raw: Table, rollup: Table, query: RangeQuery, prunedBeforeUs: number, parameters: Parameters): string {
  const fields = [...new Set(query.select.map(({ field }) => field))];
  const rawParts = fields.map((field) => {
    const column = columnOf(raw, field);
    const values = (['avg', 'min', 'max', 'last'] as const).map(
      (aggregate) => `${column} AS ${part(field, aggregate)}`,
    );
    return `, ${values.join(', ')}, (${column} IS NOT NULL)::BIGINT AS ${part(field, 'count')}`;
  });
  const rollupParts = fields.map((field) => {
    const column = (aggregate: Aggregate) =>
      rollup.columns.has(`${field}_${aggregate}`) ? part(field, aggregate) : 'NULL';
    return (['avg', 'min', 'max', 'last', 'count'] as const)
      .map((aggregate) => `, ${column(aggregate)} AS ${part(field, aggregate)}`)
      .join('');
  });
  const toUs = Math.min(query.toUs, prunedBeforeUs);
  return `(
    SELECT timestamp, instance, timestamp AS newest${rawParts.join('')}
    FROM ${quoted(raw.name)} WHERE ${parameters.selector(query)}
    UNION ALL BY NAME
    SELECT timestamp, instance, newest${rollupParts.join('')}
    FROM ${quoted(rollup.name)} WHERE ${parameters.selector({ ...query, toUs })}
  )`;
}

function part(field: string, aggregate: Aggregate): string {
  return quoted(`${field}_${aggregate}`);
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
