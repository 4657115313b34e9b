import type { Rows } from '../chart/rows.ts';
import { rowsWithGaps } from '../chart/rows.ts';
import type { BlockPoint } from '../history/loader.ts';
import type { Value } from '../live/metrics.ts';

/** One of the two periods of a comparison. */
export interface ComparePeriod {
  start_time: string;
  end_time: string;
  data_points: { timestamp: string; data: object }[];
  truncated?: boolean;
}

/** `GET /api/history/compare` */
export interface Comparison {
  interval: string;
  current: ComparePeriod;
  comparison: ComparePeriod;
  summary: { current_avg: number | null; comparison_avg: number | null; change_percent: number | null };
  stale?: boolean;
}

/** What is known of one of the periods, and how far apart its points are. */
interface Layer<B> {
  points: readonly BlockPoint<B>[];
  spacing: { stepMs: number; gapMs: number };
}

/** The points of a period, each at its distance from the period's start. */
export function offsetPoints({ start_time, data_points }: ComparePeriod): BlockPoint<object>[] {
  const startMs = Date.parse(start_time);
  return data_points.map(({ timestamp, data }) => ({ timeMs: Date.parse(timestamp) - startMs, data }));
}

/**
 * Two periods on one axis, the seconds since the start of each: column 0 is the current one, column 1 the one it is compared with.
 * Rows that only one of them has are null in the other's column only where that one has a gap: else its line would break.
 */
export function overlay<B>(current: Layer<B>, comparison: Layer<B>, of: (data: B) => Value, lengthMs: number): Rows {
  const single = ({ points, spacing }: Layer<B>) => {
    const values = points.map(({ timeMs, data }) => ({ timeMs, values: [of(data) ?? null] }));
    return rowsWithGaps(values, 1, { ...spacing, fromMs: 0, toMs: lengthMs });
  };
  const [first, second] = [single(current), single(comparison)];
  const times = [...new Set([...first.times, ...second.times])].sort((a, b) => a - b);
  return { times, columns: [alignedTo(times, first), alignedTo(times, second)] };
}

/**
 * The values of one column at other times, where it may have no row of its own: null within its gaps, elsewhere undefined, across which
 * uPlot draws the line.
 */
function alignedTo(times: readonly number[], { times: own, columns }: Rows): (number | null)[] {
  const byTime = new Map(own.map((time, row) => [time, columns[0]?.[row] ?? null]));
  let latest: number | null = null;
  return times.map((time) => {
    const value = byTime.get(time);
    if (value === undefined) return latest === null ? null : undefined;
    latest = value;
    return value;
  }) as (number | null)[];
}
