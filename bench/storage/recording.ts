import { statSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

/** What a daemon has stored of its host. */
export interface Recording {
  bytes: number;
  /** Families. */
  tables: string[];
  /** Fields that are not empty, of all rows. */
  values: number;
  seconds: number;
}

/** Reads a series file that nobody has open. */
export async function recordingOf(path: string): Promise<Recording> {
  const { size: bytes } = statSync(path);
  return withFile(path, async (query) => {
    const names = await query(
      `SELECT table_name FROM duckdb_columns() WHERE database_name = 'series' AND column_name = 'instance'
       AND NOT ends_with(table_name, '_rollup') ORDER BY 1`,
    );
    const tables = names.map(([name]) => String(name));
    let [values, oldest, newest] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const table of tables) {
      const counts = await query(
        `SELECT count(COLUMNS(* EXCLUDE (timestamp, collector, instance))) FROM series."${table}"`,
      );
      values += (counts[0] ?? []).reduce((sum: number, count) => sum + Number(count), 0);
      const span = await query(`SELECT epoch(min(timestamp)), epoch(max(timestamp)) FROM series."${table}"`);
      const [from, to] = (span[0] ?? []).map(Number) as [number, number];
      oldest = Math.min(oldest, from);
      newest = Math.max(newest, to);
    }
    return { bytes, tables, values, seconds: newest - oldest };
  });
}

/** What some of the file's tables take in a file of their own: the file itself keeps room that others had. */
export async function bytesOfCopy(path: string, tables: readonly string[]): Promise<number> {
  const copy = `${path}.copy`;
  await withFile(path, async (query) => {
    await query(`ATTACH '${copy}' AS copy (BLOCK_SIZE 16384, ROW_GROUP_SIZE 16384, STORAGE_VERSION 'v1.5.0')`);
    for (const table of tables) await query(`CREATE TABLE copy."${table}" AS FROM series."${table}"`);
    await query('CHECKPOINT copy');
    await query('DETACH copy');
  });
  return statSync(copy).size;
}

type Query = (sql: string) => Promise<unknown[][]>;

async function withFile<T>(path: string, work: (query: Query) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  try {
    const connection = await instance.connect();
    await connection.run(`ATTACH '${path}' AS series`);
    const result = await work(async (sql) => (await connection.runAndReadAll(sql)).getRows());
    await connection.run('DETACH series');
    connection.closeSync();
    return result;
  } finally {
    instance.closeSync();
  }
}
