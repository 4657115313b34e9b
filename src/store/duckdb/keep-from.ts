import type { DuckDBConnection } from '@duckdb/node-api';
import { inTransaction, run } from './database.ts';
import { microseconds, Parameters } from './parameters.ts';

/** Our own table of at most one row: the time before which rows are refused. */
const KEEP_FROM_TABLE = 'tacho_keep_from';

/** In µs; -Infinity when nothing is refused. */
export async function loadKeepFrom(connection: DuckDBConnection): Promise<number> {
  const sql = `SELECT ${microseconds('max(timestamp)')} FROM ${KEEP_FROM_TABLE}`;
  const [row] = (await connection.runAndReadAll(sql)).getRows() as [number | null][];
  return row?.[0] ?? Number.NEGATIVE_INFINITY;
}

export async function saveKeepFrom(connection: DuckDBConnection, us: number): Promise<void> {
  await inTransaction(connection, async () => {
    const parameters = new Parameters();
    await connection.run(`DELETE FROM ${KEEP_FROM_TABLE}`);
    await run(connection, `INSERT INTO ${KEEP_FROM_TABLE} VALUES (${parameters.timestamp(us)})`, parameters);
  });
}
