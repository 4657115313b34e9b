import type { DuckDBConnection } from '@duckdb/node-api';
import { quoted } from './parameters.ts';

type Step = (connection: DuckDBConnection) => Promise<void>;

/**
 * Our own tables in the series file, as numbered steps: step N (counted from 1) leads from version N − 1 to N, and `tacho_format` says
 * where a file is. A step that was released is never changed; a new one is added at the end.
 */
export const MIGRATIONS: readonly Step[] = [
  // `tacho_applied` has a line per applied batch; the highest number of a source and spool counts, the others go when the file is opened.
  async (connection) => {
    await connection.run('CREATE TABLE tacho_format (version INTEGER)');
    await connection.run('CREATE TABLE tacho_applied (source VARCHAR, spool VARCHAR, number BIGINT)');
    await connection.run('CREATE TABLE tacho_pruned (name VARCHAR, before TIMESTAMP)');
    await connection.run('INSERT INTO tacho_format VALUES (1)');
  },
  // Rows move into rollups from now on. Behind the time before which raw rows were deleted, rollup rows were copies of rows still there.
  async (connection) => {
    for (const table of await rollupTables(connection)) {
      const family = table.slice(0, -'_rollup'.length);
      await connection.run(
        `DELETE FROM ${quoted(table)}
         WHERE timestamp >= coalesce((SELECT max(before) FROM tacho_pruned WHERE name = '${family}'), '-infinity'::TIMESTAMP)`,
      );
    }
    await connection.run('DROP TABLE tacho_pruned');
    // At most one row: `append` refuses what is older.
    await connection.run('CREATE TABLE tacho_keep_from (timestamp TIMESTAMP)');
  },
];

async function rollupTables(connection: DuckDBConnection): Promise<string[]> {
  const rows = await connection.runAndReadAll(
    `SELECT table_name FROM duckdb_columns()
     WHERE database_name = current_database() AND column_name = 'bucket_us' AND ends_with(table_name, '_rollup')`,
  );
  return rows.getRows().map(([name]) => name as string);
}
