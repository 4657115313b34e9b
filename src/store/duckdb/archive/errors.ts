import { StoreError } from '../../contract.ts';
import { isAboutAccess, isAboutSpace, isInvalidated, messageOf } from '../errors.ts';

/** Runs `work`; when the archive's disk, its permissions or what lies in its place is to blame, it fails with TACHO_STORE_ARCHIVE. */
export async function writingArchive<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const blamed = isSystemError(error) || (isOfDuckDB(error) && (isAboutSpace(error) || isAboutAccess(error)));
    throw blamed ? archiveError(path, 'written', error) : error;
  }
}

/** Runs `work`, which reads archived files and writes nothing; whatever it fails with is the fault of the files. */
export async function readingArchive<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isSystemError(error) || isOfDuckDB(error) ? archiveError(path, 'read', error) : error;
  }
}

export function archiveError(path: string, what: 'written' | 'read', cause: unknown): StoreError {
  return new StoreError('TACHO_STORE_ARCHIVE', `${path}: the archive cannot be ${what} (${messageOf(cause)})`, {
    cause,
  });
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function isOfDuckDB(error: unknown): boolean {
  return error instanceof Error && !(error instanceof StoreError) && !isInvalidated(error);
}
