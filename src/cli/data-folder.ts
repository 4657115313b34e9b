import { setTimeout as delay } from 'node:timers/promises';
import { prepareDataDir, statePaths } from '../state/data-dir.ts';
import { StateError } from '../state/errors.ts';
import { lockDataDir } from '../state/lock.ts';
import { openState, type State } from '../state/state.ts';
import { ControlClient, isDaemonListening } from './control-client.ts';

/** The two ways to do something with a data folder. */
export interface Ways<Result> {
  throughDaemon(client: ControlClient): Promise<Result>;
  /** Nobody else uses the folder meanwhile. */
  locally(state: State): Promise<Result>;
}

/** How long a daemon may hold the folder without listening: while it starts or stops. */
const PATIENCE_MS = 5000;
const RETRY_MS = 50;

/** Acts through the daemon when one runs on the data folder, else on the folder itself, under its lock. */
export async function withDataFolder<Result>(dataDir: string, ways: Ways<Result>): Promise<Result> {
  const { controlSocket } = statePaths(dataDir);
  prepareDataDir(dataDir);
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    if (await isDaemonListening(controlSocket)) return ways.throughDaemon(new ControlClient(controlSocket));
    try {
      return await underLock(dataDir, ways);
    } catch (error) {
      const held = error instanceof StateError && error.code === 'TACHO_LOCKED';
      if (!held || performance.now() > deadline) throw error;
    }
    await delay(RETRY_MS);
  }
}

async function underLock<Result>(dataDir: string, { locally }: Ways<Result>): Promise<Result> {
  const { addon } = await import('../collect/addon.ts');
  const lock = lockDataDir(dataDir, statePaths(dataDir).lock, addon);
  try {
    const state = openState(dataDir);
    try {
      return await locally(state);
    } finally {
      state.close();
    }
  } finally {
    lock.release();
  }
}
