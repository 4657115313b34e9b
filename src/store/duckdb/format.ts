import { statSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { StoreError } from '../contract.ts';
import { backUp } from './backup.ts';
import { Database, inTransaction } from './database.ts';
import { MIGRATIONS } from './migrations.ts';

/** The version of our tables in the file, beside DuckDB's own storage version. */
const FORMAT_VERSION = MIGRATIONS.length;

/**
 * Opens a series file, making or upgrading it as needed. Before an upgrade a copy is kept beside it as `<file>.bak-v<N>`.
 * @throws StoreError TACHO_STORE_FORMAT when a newer version wrote it or it is not ours, else as Database.open does; or
 * TACHO_STORE_UNAVAILABLE when there is no room for the copy. The file stays as it was.
 */
export async function openCurrent(path: string): Promise<Database> {
  let database = await Database.open(path);
  try {
    const version = await database.write((writer) => versionOf(writer, path));
    if (version > 0 && version < FORMAT_VERSION) {
      await database.fold();
      await database.close();
      if (statSync(`${path}.wal`, { throwIfNoEntry: false })?.size) {
        throw new StoreError(
          'TACHO_STORE_UNAVAILABLE',
          `${path}.wal cannot be folded into the file before its upgrade`,
        );
      }
      await backUp(path, version);
      database = await Database.open(path);
    }
    await database.writeMuch((writer) => migrate(writer, version));
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** 0 for a file without tables. */
async function versionOf(connection: DuckDBConnection, path: string): Promise<number> {
  const tables = (await connection.runAndReadAll('SHOW TABLES')).getRows().flat();
  if (tables.length === 0) return 0;
  if (!tables.includes('tacho_format')) {
    throw new StoreError('TACHO_STORE_FORMAT', `${path} is a DuckDB file of something else: move it away`);
  }
  const [row] = (await connection.runAndReadAll('SELECT max(version) FROM tacho_format')).getRows();
  const version = Number(row?.[0]);
  if (!(version >= 1 && version <= FORMAT_VERSION)) {
    throw new StoreError(
      'TACHO_STORE_FORMAT',
      `${path} has format version ${row?.[0]}, this Tacho reads up to version ${FORMAT_VERSION}: run the version that wrote it`,
    );
  }
  return version;
}

/** All steps that are missing, or none of them. */
async function migrate(connection: DuckDBConnection, version: number): Promise<void> {
  if (version === FORMAT_VERSION) return;
  await inTransaction(connection, async () => {
    for (const step of MIGRATIONS.slice(version)) await step(connection);
    await connection.run(`UPDATE tacho_format SET version = ${FORMAT_VERSION}`);
  });
}
