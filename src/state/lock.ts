import { StateError } from './errors.ts';

/** The native addon's file locks: flock(2), released by the kernel however the process ends. */
export interface FileLocks {
  /** Throws an error with code `TACHO_LOCKED` when another process holds the lock. */
  lockFile(path: string): number;
  unlockFile(handle: number): void;
}

/** Makes this process the only one that uses the data folder. Throws a StateError `TACHO_LOCKED` when another one does. */
export function lockDataDir(dataDir: string, path: string, locks: FileLocks): { release(): void } {
  let handle: number | null;
  try {
    handle = locks.lockFile(path);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const held = Reflect.get(error, 'code') === 'TACHO_LOCKED';
    throw held
      ? new StateError('TACHO_LOCKED', `data_dir ${dataDir} is in use by another tacho process`, { cause: error })
      : new StateError('TACHO_DATA_DIR', `data_dir ${dataDir} cannot be locked: ${error.message}`, { cause: error });
  }
  return {
    release() {
      if (handle !== null) locks.unlockFile(handle);
      handle = null;
    },
  };
}
