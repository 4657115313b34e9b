import { type ArchiveFile, StoreError } from '../../contract.ts';
import type { Database } from '../database.ts';
import { archiveError } from './errors.ts';
import type { ArchiveFolder } from './folder.ts';
import { readFooter } from './footer.ts';

/** Every file with the row count that its footer tells, or why it cannot be read. */
export async function listArchive(database: Database, archive: ArchiveFolder): Promise<ArchiveFile[]> {
  const listed: ArchiveFile[] = [];
  for (const file of await archive.files().catch((error: unknown) => refuse(archive.path, error))) {
    const { path, table, dayUs } = file;
    const bytes = await archive.bytesOf(file).catch((error: unknown) => refuse(archive.path, error));
    listed.push({ path, table, dayUs, bytes, ...(await rowsOf(database, archive.absolute(file))) });
  }
  return listed;
}

function refuse(path: string, error: unknown): never {
  throw archiveError(path, 'read', error);
}

async function rowsOf(database: Database, path: string): Promise<{ rows: number; damage: string | null }> {
  try {
    const { rows } = await database.read((reader) => readFooter(reader, path));
    return { rows, damage: null };
  } catch (error) {
    if (error instanceof StoreError && error.code === 'TACHO_STORE_ARCHIVE') return { rows: 0, damage: error.message };
    throw error;
  }
}
