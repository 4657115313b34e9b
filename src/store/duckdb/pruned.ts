import type { DuckDBConnection } from '@duckdb/node-api';
import { run } from './database.ts';
import { microseconds, Parameters } from './parameters.ts';

/**
 * The time before which a series table's raw rows were deleted, in µs; -Infinity when none were. Before it, the rollup and raw rows that
 * came in since are parts that add up; behind it, the raw rows are complete and the rollup only prepares for the next pruning.
 *
 * To be asked in the transaction that relies on it.
 */
export async function prunedBefore(connection: DuckDBConnection, table: string): Promise<number> {
  const parameters = new Parameters();
  const sql = `SELECT ${microseconds('max(before)')} FROM tacho_pruned WHERE name = ${parameters.text(table)}`;
  const [row] = await (await run(connection, sql, parameters)).getRows();
  return (row?.[0] as number | null | undefined) ?? Number.NEGATIVE_INFINITY;
}

export async function setPrunedBefore(connection: DuckDBConnection, table: string, us: number): Promise<void> {
  const parameters = new Parameters();
  const values = `${parameters.text(table)}, ${parameters.timestamp(us)}`;
  await run(connection, `INSERT INTO tacho_pruned VALUES (${values})`, parameters);
}
