import { DAY_US, dayOf } from '../days.ts';
import { rollupTableOf } from '../names.ts';

export interface RetentionPolicy {
  /** Rows older than this go. */
  retentionDays: number;
  /** Whether what goes is written to the archive first. */
  archive: boolean;
  /** Raw rows older than this give way to rolled-up ones; at most `retentionDays`. */
  downsampleAfterDays: number;
  /** Span of a rolled-up row; divides a day. */
  bucketUs: number;
}

/** What a policy means at a moment: both are starts of UTC days, and `deleteBeforeUs` is not the later one. */
export interface RetentionBounds {
  downsampleBeforeUs: number;
  deleteBeforeUs: number;
}

/**
 * Retention works in whole UTC days, so a row stays at most a day longer than its policy says, and the archive has one file per table and
 * day.
 */
export function boundsOf(policy: RetentionPolicy, nowUs: number): RetentionBounds {
  return {
    downsampleBeforeUs: dayOf(nowUs - policy.downsampleAfterDays * DAY_US),
    deleteBeforeUs: dayOf(nowUs - policy.retentionDays * DAY_US),
  };
}

/** `2026-01-05`. */
export function dayText(us: number): string {
  return new Date(us / 1_000).toISOString().slice(0, 10);
}

const ROLLUP_SUFFIX = rollupTableOf('');

/** What a table belongs to: the family of a rollup table, else the table itself. */
export function familyOf(table: string): string {
  return table.endsWith(ROLLUP_SUFFIX) ? table.slice(0, -ROLLUP_SUFFIX.length) : table;
}

/** Days that are left alone because they were brought back from the archive. */
export interface Hold {
  /** A family, whose raw and rolled-up rows it covers, or an event table. */
  table: string;
  /** UTC days (`2026-01-05`), both included. */
  fromDay: string;
  toDay: string;
}

export function isHeld(holds: readonly Hold[], table: string, dayUs: number): boolean {
  const [family, day] = [familyOf(table), dayText(dayUs)];
  return holds.some((hold) => hold.table === family && hold.fromDay <= day && day <= hold.toDay);
}
