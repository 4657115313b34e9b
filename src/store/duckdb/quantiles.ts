import type { DuckDBConnection, DuckDBListValue } from '@duckdb/node-api';
import type { QuantilesQuery, QuantilesResult } from '../contract.ts';
import { checkQuantiles } from '../queries.ts';
import { type Database, inTransaction, run } from './database.ts';
import { microseconds, Parameters, quoted } from './parameters.ts';
import type { Schema } from './schema.ts';

/** Exact quantiles (type 7), by DuckDB itself. */
export async function queryQuantiles(
  database: Database,
  schema: Schema,
  query: QuantilesQuery,
): Promise<QuantilesResult> {
  checkQuantiles(query);
  const raw = schema.table(query.family, 'series');
  if (!raw) return { instances: [], values: [], rawSinceUs: null };
  return database.read((reader) =>
    inTransaction(reader, async () => {
      const { instances, rawSinceUs } = await instancesOf(reader, raw.name, query);
      const values = instances.map(() => query.fields.map(() => query.quantiles.map(() => Number.NaN)));
      // A field at a time: DuckDB holds all values of a quantile in memory, whatever its limit.
      for (const [index, field] of query.fields.entries()) {
        if (!raw.columns.has(field) || query.quantiles.length === 0) continue;
        const byInstance = await quantilesOf(reader, raw.name, field, query);
        for (const [row, instance] of instances.entries()) {
          const found = byInstance.get(instance);
          if (found && values[row]) values[row][index] = found;
        }
      }
      return { instances, values, rawSinceUs };
    }),
  );
}

async function instancesOf(
  reader: DuckDBConnection,
  table: string,
  query: QuantilesQuery,
): Promise<{ instances: string[]; rawSinceUs: number | null }> {
  const parameters = new Parameters();
  const sql = `SELECT instance, ${microseconds('min(timestamp)')}
    FROM ${quoted(table)} WHERE ${parameters.selector(query)} GROUP BY instance ORDER BY instance`;
  const rows = (await (await run(reader, sql, parameters)).getRows()) as [string, number][];
  const oldest = rows.reduce((least, [, us]) => Math.min(least, us), Number.POSITIVE_INFINITY);
  return { instances: rows.map(([instance]) => instance), rawSinceUs: rows.length > 0 ? oldest : null };
}

async function quantilesOf(
  reader: DuckDBConnection,
  table: string,
  field: string,
  query: QuantilesQuery,
): Promise<Map<string, number[]>> {
  const parameters = new Parameters();
  // The quantiles must be constants of the statement; they are numbers in [0, 1] here.
  const sql = `SELECT instance, quantile_cont(${quoted(field)}, [${query.quantiles.map((q) => q.toFixed(17)).join(', ')}]::DOUBLE[])
    FROM ${quoted(table)} WHERE ${parameters.selector(query)} AND ${quoted(field)} IS NOT NULL GROUP BY instance`;
  const rows = (await (await run(reader, sql, parameters)).getRows()) as [string, DuckDBListValue][];
  return new Map(rows.map(([instance, list]) => [instance, list.items as number[]]));
}
