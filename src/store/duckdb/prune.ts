import type { DuckDBConnection } from '@duckdb/node-api';
import { StoreError } from '../contract.ts';
import { checkAnyTableName } from '../names.ts';
import { type Database, inTransaction, run } from './database.ts';
import { microseconds, Parameters, quoted } from './parameters.ts';
import { prunedBefore, setPrunedBefore } from './pruned.ts';
import { rollupTable } from './rollup-columns.ts';
import type { Schema, Table } from './schema.ts';

export async function prune(
  database: Database,
  schema: Schema,
  request: { table: string; beforeUs: number },
): Promise<{ rows: number }> {
  checkAnyTableName(request.table);
  if (!Number.isSafeInteger(request.beforeUs)) throw new StoreError('TACHO_BAD_QUERY', 'beforeUs must be whole µs');
  const table = schema.anyTable(request.table);
  if (!table) return { rows: 0 };
  const rows = await database.writeMuch((writer) =>
    table.kind === 'series'
      ? pruneRaw(writer, schema, table, request.beforeUs)
      : deleteBefore(writer, table, request.beforeUs),
  );
  // Only a checkpoint gives the space back.
  if (rows > 0) await database.checkpoint(true);
  return { rows };
}

async function pruneRaw(writer: DuckDBConnection, schema: Schema, table: Table, beforeUs: number): Promise<number> {
  const cutUs = await bucketStart(writer, rollupTable(schema, table.name), beforeUs);
  return inTransaction(writer, async () => {
    if (cutUs > (await prunedBefore(writer, table.name))) await setPrunedBefore(writer, table.name, cutUs);
    return deleteBefore(writer, table, cutUs);
  });
}

/** `us`, or the start of the earliest rollup bucket that it lies in: a bucket is either all raw or all rolled up. */
async function bucketStart(writer: DuckDBConnection, rollup: Table | undefined, us: number): Promise<number> {
  if (!rollup) return us;
  const parameters = new Parameters();
  const at = parameters.timestamp(us);
  const [row] = await (
    await run(
      writer,
      `SELECT ${microseconds('min(timestamp)')} FROM ${quoted(rollup.name)}
       WHERE timestamp < ${at} AND timestamp + to_microseconds(bucket_us) > ${at}`,
      parameters,
    )
  ).getRows();
  return (row?.[0] as number | null | undefined) ?? us;
}

async function deleteBefore(writer: DuckDBConnection, table: Table, us: number): Promise<number> {
  const parameters = new Parameters();
  const before = parameters.timestamp(us);
  return (await run(writer, `DELETE FROM ${quoted(table.name)} WHERE timestamp < ${before}`, parameters)).rowsChanged;
}
