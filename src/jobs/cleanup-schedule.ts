import type { RuntimeConfig } from '../state/runtime-config.ts';
import type { Cleanup } from './cleanup.ts';
import type { JobLog } from './log.ts';
import { inOneLine } from './problem.ts';
import { lastTimeMs, Schedule } from './schedule.ts';

/** 03:00 UTC, when few people look. */
const ANCHOR_MS = 3 * 3_600_000;

/** What was missed while the daemon was down is made up for once its start is over. */
const MAKE_UP_AFTER_MS = 10_000;

export interface CleanupScheduleOptions {
  cleanup: Cleanup;
  config: RuntimeConfig;
  log: JobLog;
  /** ms since the Unix epoch. */
  now(): number;
  /** When this installation was made: it has missed nothing from before, in ms since the Unix epoch. */
  installedMs: number;
}

export interface CleanupSchedule {
  /** When the next clean-up is due, in ms since the Unix epoch; null while `cleanup_enabled` is false. */
  nextMs(): number | null;
  stop(): void;
}

/**
 * Cleans up every `cleanup_interval_minutes`, counted from 03:00 UTC, as long as `cleanup_enabled`. A time that was missed while the daemon was
 * down, and a run that was cut short, are made up for soon after the start. Follows changed settings at once.
 */
export function scheduleCleanup({ cleanup, config, log, now, installedMs }: CleanupScheduleOptions): CleanupSchedule {
  const intervalMs = (): number | null => {
    const { cleanup_enabled, cleanup_interval_minutes } = config.get();
    return cleanup_enabled ? cleanup_interval_minutes * 60_000 : null;
  };
  const task = () =>
    cleanup.run().catch((error: unknown) => log.error({ error: inOneLine(error) }, 'the clean-up failed'));
  const schedule = new Schedule({ intervalMs, anchorMs: ANCHOR_MS, task, now });
  const interval = intervalMs();
  const isLate = interval !== null && (cleanup.wasCutShort || missedOne(interval));
  schedule.start(isLate ? now() + MAKE_UP_AFTER_MS : null);
  const unfollow = config.onChange((current, previous) => {
    const { cleanup_enabled, cleanup_interval_minutes } = previous;
    if (current.cleanup_enabled !== cleanup_enabled || current.cleanup_interval_minutes !== cleanup_interval_minutes)
      schedule.update();
    if (current.retention_days !== previous.retention_days) void cleanup.refuseOldRows();
  });
  return {
    nextMs: () => schedule.nextMs,
    stop() {
      unfollow();
      schedule.stop();
    },
  };

  function missedOne(every: number): boolean {
    const due = lastTimeMs(now(), ANCHOR_MS, every);
    const lastRun = cleanup.lastRun;
    return installedMs < due && (lastRun === null || Date.parse(lastRun.startedAt) < due);
  }
}
