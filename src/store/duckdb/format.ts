import type { DuckDBConnection } from '@duckdb/node-api';
import { StoreError } from '../contract.ts';
import { inTransaction } from './database.ts';

/** The version of our tables in the file, beside DuckDB's own storage version. */
const FORMAT_VERSION = 1;

/**
 * Our own tables:
 * - `tacho_applied`: a line per applied batch; the highest number of a source and spool counts, the others go when the file is opened;
 * - `tacho_pruned`: per series table, the time before which raw rows were deleted.
 */
const CREATE = [
  'CREATE TABLE tacho_format (version INTEGER)',
  'CREATE TABLE tacho_applied (source VARCHAR, spool VARCHAR, number BIGINT)',
  'CREATE TABLE tacho_pruned (name VARCHAR, before TIMESTAMP)',
  `INSERT INTO tacho_format VALUES (${FORMAT_VERSION})`,
];

/**
 * Makes a new file ours, or finds out whether this build can use it.
 * @throws StoreError TACHO_STORE_FORMAT
 */
export async function openFormat(connection: DuckDBConnection, path: string): Promise<void> {
  const tables = (await connection.runAndReadAll('SHOW TABLES')).getRows().flat();
  if (tables.length === 0) {
    await inTransaction(connection, async () => {
      for (const statement of CREATE) await connection.run(statement);
    });
    return;
  }
  if (!tables.includes('tacho_format')) {
    throw new StoreError('TACHO_STORE_FORMAT', `${path} is a DuckDB file of something else: move it away`);
  }
  const [row] = (await connection.runAndReadAll('SELECT max(version) FROM tacho_format')).getRows();
  const version = row?.[0];
  if (version !== FORMAT_VERSION) {
    throw new StoreError(
      'TACHO_STORE_FORMAT',
      `${path} has format version ${version}, this Tacho reads version ${FORMAT_VERSION}: run the version that wrote it`,
    );
  }
}
