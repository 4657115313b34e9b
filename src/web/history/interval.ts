import type { Span } from './range.ts';

/** The widths of the daemon's buckets. */
export const INTERVALS = ['5s', '1m', '5m', '1h'] as const;
export type Interval = (typeof INTERVALS)[number];

const INTERVAL_MS: Record<Interval, number> = { '5s': 5_000, '1m': 60_000, '5m': 300_000, '1h': 3_600_000 };
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The most data points the daemon answers with. */
export const MOST_POINTS = 10_000;

/** Two points further apart than this many intervals have a gap between them: one missing bucket is one. */
const GAP_INTERVALS = 1.5;

/** What the daemon's settings say about the resolution of what it stores. */
export interface Resolution {
  samplingMs: number;
  downsampleAfterMs: number;
  downsampleInterval: Interval;
}

/** As a daemon without settings of its own stores. */
export const DEFAULT_RESOLUTION: Resolution = {
  samplingMs: 5_000,
  downsampleAfterMs: 7 * DAY_MS,
  downsampleInterval: '1h',
};

/** `GET /api/config`, as far as the history needs it. */
interface StorageSettings {
  sampling_interval_seconds: number;
  downsample_after_days: number;
  downsample_interval: string;
}

function resolutionOf(settings: StorageSettings): Resolution {
  return {
    samplingMs: settings.sampling_interval_seconds * 1000,
    downsampleAfterMs: settings.downsample_after_days * DAY_MS,
    downsampleInterval: parseInterval(settings.downsample_interval) ?? DEFAULT_RESOLUTION.downsampleInterval,
  };
}

export function intervalMs(interval: Interval): number {
  return INTERVAL_MS[interval];
}

export function parseInterval(text: string | null): Interval | null {
  return INTERVALS.find((interval) => interval === text) ?? null;
}

/** Whether a span reaches into the time whose samples have given way to rollups; finer intervals show lone points there. */
export function reachesDownsampled(
  { fromMs }: Pick<Span, 'fromMs'>,
  { downsampleAfterMs }: Resolution,
  nowMs: number,
): boolean {
  return fromMs < nowMs - downsampleAfterMs;
}

/** The interval for a span: the daemon's own choice (up to 30 min `5s`, 12 h `1m`, 3 days `5m`), but never finer than what is stored. */
export function autoInterval(span: Span, resolution: Resolution, nowMs: number): Interval {
  const lengthMs = span.toMs - span.fromMs;
  const byLength =
    lengthMs <= HOUR_MS / 2 ? '5s' : lengthMs <= 12 * HOUR_MS ? '1m' : lengthMs <= 3 * DAY_MS ? '5m' : '1h';
  const storedMs = reachesDownsampled(span, resolution, nowMs) ? INTERVAL_MS[resolution.downsampleInterval] : 0;
  const leastMs = Math.max(INTERVAL_MS[byLength], storedMs, resolution.samplingMs);
  return INTERVALS.find((interval) => INTERVAL_MS[interval] >= leastMs) ?? '1h';
}

/** Whether all of a span's points go into one answer. */
export function fits(interval: Interval, { fromMs, toMs }: Span): boolean {
  return (toMs - fromMs) / INTERVAL_MS[interval] < MOST_POINTS;
}

/** The span in whole buckets, so that the first and last points stand for as much as the others. */
export function wholeBuckets({ fromMs, toMs }: Span, interval: Interval): Span {
  const width = INTERVAL_MS[interval];
  return { fromMs: Math.floor(fromMs / width) * width, toMs: Math.ceil(toMs / width) * width };
}

/** How far apart points of an interval are, and from which distance on there is a gap between them, in ms. */
export function spacingOf(interval: Interval, { samplingMs }: Resolution): { stepMs: number; gapMs: number } {
  const stepMs = Math.max(INTERVAL_MS[interval], samplingMs);
  return { stepMs, gapMs: GAP_INTERVALS * stepMs };
}

/**
 * The same for a period whose samples may have given way to rollups: then its points are as far apart as those were made, whatever was asked
 * for.
 *
 * @param timesMs of the period's points, ascending
 */
export function storedSpacing(
  interval: Interval,
  fromMs: number,
  timesMs: readonly number[],
  resolution: Resolution,
  nowMs: number,
) {
  const rolledUp = reachesDownsampled({ fromMs }, resolution, nowMs) && medianDistance(timesMs) > INTERVAL_MS[interval];
  return spacingOf(rolledUp ? resolution.downsampleInterval : interval, resolution);
}

function medianDistance(timesMs: readonly number[]): number {
  const distances = timesMs.slice(1).map((timeMs, index) => timeMs - (timesMs[index] ?? timeMs));
  return distances.sort((a, b) => a - b)[Math.floor(distances.length / 2)] ?? 0;
}

const SOONEST_REFRESH_MS = 10_000;
const LATEST_REFRESH_MS = 5 * 60_000;

/** How often a span that ends now is worth asking for again: about once per bucket. */
export function refreshEveryMs(interval: Interval): number {
  return Math.min(LATEST_REFRESH_MS, Math.max(SOONEST_REFRESH_MS, INTERVAL_MS[interval]));
}

/** Asks for the settings in force; without an answer charts work all the same, at worst with lone points. */
export function askResolution(get: <T>(path: string) => Promise<T>): Promise<Resolution> {
  return get<StorageSettings>('/api/config').then(resolutionOf, () => DEFAULT_RESOLUTION);
}
