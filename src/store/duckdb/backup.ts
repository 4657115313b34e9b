import { constants } from 'node:fs';
import { copyFile, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StoreError } from '../contract.ts';
import { messageOf } from './errors.ts';
import { sync } from './sync.ts';

/**
 * Copies a series file that nobody has open to `<path>.bak-v<version>`: whole under that name or not at all. Costs no room where the file
 * system can share blocks.
 * @throws StoreError TACHO_STORE_UNAVAILABLE, saying how much room is needed when that is what lacks
 */
export async function backUp(path: string, version: number): Promise<void> {
  const backup = `${path}.bak-v${version}`;
  const unfinished = `${path}.bak-unfinished`;
  const { size } = await stat(path);
  try {
    await rm(unfinished, { force: true });
    await copyFile(path, unfinished, constants.COPYFILE_FICLONE);
    await sync(unfinished);
    await rename(unfinished, backup);
    await sync(dirname(path));
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw new StoreError('TACHO_STORE_UNAVAILABLE', await explanation(path, backup, size, error), { cause: error });
  }
}

async function explanation(path: string, backup: string, bytes: number, error: unknown): Promise<string> {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) {
    return `${path} cannot be copied to ${backup} before its upgrade (${messageOf(error)})`;
  }
  const { bavail, bsize } = await statfs(dirname(path));
  return `${path} needs ${mebibytes(bytes)} MiB of disk space for a copy before its upgrade; ${Math.floor((bavail * bsize) / 2 ** 20)} MiB are free`;
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}
