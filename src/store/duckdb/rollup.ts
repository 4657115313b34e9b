import type { DuckDBConnection } from '@duckdb/node-api';
import type { RollupRequest } from '../contract.ts';
import { rollupTableOf } from '../names.ts';
import { checkRollup } from '../queries.ts';
import { type Database, inTransaction, run } from './database.ts';
import { microseconds, Parameters, quoted } from './parameters.ts';
import { prunedBefore } from './pruned.ts';
import { fieldsOf, rollupColumns } from './rollup-columns.ts';
import type { Schema } from './schema.ts';

/** Where one statement rolls up: [fromUs, toUs) of one collector, in buckets that do not cross the ends. */
interface Span {
  raw: string;
  rollup: string;
  fields: readonly string[];
  collector: number;
  bucketUs: number;
  fromUs: number;
  toUs: number;
}

export async function rollUp(database: Database, schema: Schema, request: RollupRequest): Promise<{ rows: number }> {
  checkRollup(request);
  const { family, collector, bucketUs } = request;
  const raw = schema.table(family, 'series');
  if (!raw) return { rows: 0 };
  const fields = fieldsOf(raw);
  const rollup = rollupTableOf(family);
  const common = { raw: raw.name, rollup, fields, collector, bucketUs };
  const fromUs = Math.ceil(request.fromUs / bucketUs) * bucketUs;
  const toUs = Math.floor(request.toUs / bucketUs) * bucketUs;
  return database.writeMuch(async (writer) => {
    const columns = rollupColumns(fields);
    if (schema.lacks(rollup, columns)) await schema.ensure(writer, rollup, 'rollup', columns);
    return inTransaction(writer, async () => {
      const prunedUs = await prunedBefore(writer, raw.name);
      const late = await rollUpLate(writer, { ...common, fromUs, toUs: Math.min(toUs, prunedUs) });
      const fresh = await rollUpAgain(writer, { ...common, fromUs: Math.max(fromUs, prunedUs), toUs });
      return { rows: late + fresh };
    });
  });
}

/** What came in after its time had been pruned becomes one more part of its bucket. */
async function rollUpLate(writer: DuckDBConnection, span: Span): Promise<number> {
  if (span.fromUs >= span.toUs) return 0;
  const rows = await insertRollup(writer, span);
  const parameters = new Parameters();
  await run(writer, `DELETE FROM ${quoted(span.raw)} WHERE ${parameters.selector(span)}`, parameters);
  return rows;
}

/** Where the raw rows are complete, their rollup takes the place of an earlier one. */
async function rollUpAgain(writer: DuckDBConnection, span: Span): Promise<number> {
  if (span.fromUs >= span.toUs) return 0;
  const whole = await widened(writer, span);
  const parameters = new Parameters();
  await run(writer, `DELETE FROM ${quoted(span.rollup)} WHERE ${parameters.selector(whole)}`, parameters);
  return insertRollup(writer, whole);
}

/** The span with the rest of those (wider) buckets that it would cut: half of a bucket must not be lost with the other half. */
async function widened(writer: DuckDBConnection, span: Span): Promise<Span> {
  const parameters = new Parameters();
  const [row] = await (
    await run(
      writer,
      `SELECT ${microseconds('min(timestamp)')}, ${microseconds('max(timestamp + to_microseconds(bucket_us))')}
       FROM ${quoted(span.rollup)}
       WHERE collector = ${parameters.integer(span.collector)} AND timestamp < ${parameters.timestamp(span.toUs)}
         AND timestamp + to_microseconds(bucket_us) > ${parameters.timestamp(span.fromUs)}`,
      parameters,
    )
  ).getRows();
  const [oldest, newest] = (row ?? [null, null]) as [number | null, number | null];
  return {
    ...span,
    fromUs: Math.min(span.fromUs, oldest ?? span.fromUs),
    toUs: Math.max(span.toUs, newest ?? span.toUs),
  };
}

async function insertRollup(writer: DuckDBConnection, span: Span): Promise<number> {
  const parameters = new Parameters();
  const width = parameters.bigint(span.bucketUs);
  const [from, to] = [parameters.bigint(span.fromUs), parameters.bigint(span.toUs)];
  const aggregates = span.fields.map(quoted).map((field) => {
    return `, avg(${field}), min(${field}), max(${field}), arg_max(${field}, timestamp), count(${field})`;
  });
  const columns = ['bucket_us', 'timestamp', 'collector', 'instance', 'newest', ...rollupColumns(span.fields).keys()];
  const result = await run(
    writer,
    `INSERT INTO ${quoted(span.rollup)} (${columns.map(quoted).join(', ')})
     SELECT least(bucket + ${width}, ${to}) - greatest(bucket, ${from}), make_timestamp(greatest(bucket, ${from})),
       any_value(collector), instance, max(timestamp)${aggregates.join('')}
     FROM (SELECT epoch_us(timestamp) // ${width} * ${width} AS bucket, * FROM ${quoted(span.raw)}
           WHERE ${parameters.selector(span)})
     GROUP BY bucket, instance`,
    parameters,
  );
  return result.rowsChanged;
}
