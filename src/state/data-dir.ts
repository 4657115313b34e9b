import { accessSync, chmodSync, constants, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StateError } from './errors.ts';

/** Where each part of the data folder is. */
export function statePaths(dataDir: string) {
  return {
    database: join(dataDir, 'state.db'),
    lock: join(dataDir, 'lock'),
    signingKey: join(dataDir, 'signing.key'),
    controlSocket: join(dataDir, 'control.sock'),
  };
}

/**
 * Makes the data folder, readable by its owner only: whoever may enter it may also talk to the control socket, which asks for no password.
 * A folder that others may enter is closed to them when it is empty or already ours, and refused otherwise (it may be `/tmp`).
 */
export function prepareDataDir(dataDir: string): void {
  try {
    makeFolder(dataDir);
    if (isPrivate(dataDir)) return;
    refuseSharedFolder(dataDir);
    chmodSync(dataDir, 0o700);
  } catch (error) {
    throw unusable(dataDir, error);
  }
}

/** Whether `prepareDataDir` would succeed, as far as that can be told without making or changing anything. @throws StateError */
export function checkDataDir(dataDir: string): void {
  try {
    let nearest = dataDir;
    while (!existsSync(nearest)) nearest = dirname(nearest);
    if (!statSync(nearest).isDirectory()) throw new Error(`${nearest} is not a folder`);
    accessSync(nearest, constants.W_OK | constants.X_OK);
    if (nearest === dataDir && !isPrivate(dataDir)) refuseSharedFolder(dataDir);
  } catch (error) {
    throw unusable(dataDir, error);
  }
}

function isPrivate(dataDir: string): boolean {
  return (statSync(dataDir).mode & 0o077) === 0;
}

function refuseSharedFolder(dataDir: string): void {
  const files = readdirSync(dataDir);
  if (files.length === 0 || files.includes('state.db')) return;
  throw new StateError(
    'TACHO_DATA_DIR',
    `data_dir ${dataDir} holds other files and is open to other users: choose an empty folder, or run chmod 700 on it`,
  );
}

function unusable(dataDir: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StateError) return error;
  return new StateError('TACHO_DATA_DIR', `data_dir ${dataDir} cannot be used: ${error.message}`, { cause: error });
}

/** Not mkdirSync's `recursive`, which never returns where the kernel refuses folders with ENOENT, as /proc does. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  mkdirSync(path, { mode: 0o700 });
}
