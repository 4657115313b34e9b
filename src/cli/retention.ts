import { setTimeout as delay } from 'node:timers/promises';
import { cleanupRoutes } from '../api/perfwatch/cleanup.ts';
import { retentionRoutes } from '../api/perfwatch/retention.ts';
import { LOCAL_COLLECTOR } from '../auth/bootstrap.ts';
import type { Route } from '../http/route.ts';
import { type ArchiveAdmin, LocalArchiveAdmin } from '../jobs/archive.ts';
import { Cleanup } from '../jobs/cleanup.ts';
import { type CleanupSchedule, scheduleCleanup } from '../jobs/cleanup-schedule.ts';
import type { SeriesReader } from '../pipeline/series-reader.ts';
import type { RuntimeConfig } from '../state/runtime-config.ts';
import type { State } from '../state/state.ts';
import { isoSeconds } from '../state/time.ts';
import type { SeriesStore } from '../store/contract.ts';
import type { Logger } from './log.ts';
import type { Teardown } from './teardown.ts';

/** The shutdown waits so long for the step under way. One that takes longer is cut off with the process, and is whole or undone. */
const STOP_PATIENCE_MS = 1_500;

export interface RetentionParts {
  dataDir: string;
  store: SeriesStore;
  state: State;
  config: RuntimeConfig;
}

export interface Retention {
  archive: ArchiveAdmin;
  routes(reader: SeriesReader): Route[];
  /**
   * Begins to clean up by itself. The shutdown ends the clean-up first, before whatever waits for its answer, so this is to be called
   * last.
   */
  begin(): void;
}

/** Lets the store refuse rows past retention from now on, and gets the clean-up ready. */
export async function startRetention(parts: RetentionParts, log: Logger, teardown: Teardown): Promise<Retention> {
  const { dataDir, store, state, config } = parts;
  const now = () => Date.now();
  const cleanup = new Cleanup({ store, state, config, log, now, dataDir });
  const createdAt = state.collectors.byId(LOCAL_COLLECTOR)?.createdAt ?? isoSeconds(now());
  let schedule: CleanupSchedule | undefined;
  await cleanup.refuseOldRows();
  return {
    archive: new LocalArchiveAdmin({ store, state, steps: cleanup.steps, now, dataDir }),
    routes: (reader) => [
      ...retentionRoutes({
        config,
        reader,
        lastArchiveRun: () => cleanup.lastSuccess,
        createdAt,
        lastSet: (names) => state.settings.lastSet(names),
      }),
      ...cleanupRoutes({ cleanup, config, reader, nextRunMs: () => schedule?.nextMs() ?? null }),
    ],
    begin() {
      schedule = scheduleCleanup({ cleanup, config, log, now, installedMs: Date.parse(createdAt) });
      teardown.add(async () => {
        schedule?.stop();
        await Promise.race([cleanup.stop(), delay(STOP_PATIENCE_MS, undefined, { ref: false })]);
      });
    },
  };
}
