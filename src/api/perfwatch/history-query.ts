import { Type } from 'typebox';
import { HttpError } from '../../http/errors.ts';
import { usFromIso } from '../time.ts';
import { BLOCK_NAMES, type BlockName } from './blocks.ts';

/** What the queries of the past have in common: their parameters, and how those are read. */

const SECOND_US = 1_000_000;

export const INTERVALS_US = {
  '5s': 5 * SECOND_US,
  '1m': 60 * SECOND_US,
  '5m': 300 * SECOND_US,
  '1h': 3_600 * SECOND_US,
} as const;
export type Interval = keyof typeof INTERVALS_US;

export const INTERVAL_NAMES = Object.keys(INTERVALS_US) as Interval[];

/** `perf` is an alias of `perf_events` in queries. */
export const METRIC_TYPES = BLOCK_NAMES.filter((name) => name !== 'perf').sort();

export const DEFAULT_LIMIT = 1_000;
const MAX_LIMIT = 10_000;

export const METRIC_TYPE_PARAMETER = Type.Enum([...METRIC_TYPES, 'perf' as const], {
  description: 'What to read; perf is an alias of perf_events',
});

/** What is read for a metric type. */
export function blockOf(metricType: BlockName): BlockName {
  return metricType === 'perf' ? 'perf_events' : metricType;
}

export function limitParameter(what: string) {
  return Type.Optional(
    Type.Integer({ minimum: 1, maximum: MAX_LIMIT, description: `${what}; ${DEFAULT_LIMIT} if absent` }),
  );
}

export const TIME = Type.String({ format: 'date-time' });

export const DATA_POINTS = Type.Array(
  Type.Object({ timestamp: TIME, data: Type.Record(Type.String(), Type.Unknown()) }),
  { description: 'Oldest first; spans without figures have none' },
);

export const TRUNCATED = Type.Optional(
  Type.Boolean({ description: 'There were more buckets than limit; the oldest are given' }),
);

export const STALE = Type.Optional(Type.Boolean({ description: 'The store did not take the newest rows in time' }));

/** The interval asked for; automatic is fine enough to see and coarse enough to draw. */
export function intervalOf(asked: Interval | 'auto' | undefined, rangeUs: number): Interval {
  if (asked !== undefined && asked !== 'auto') return asked;
  if (rangeUs <= 1_800 * SECOND_US) return '5s';
  if (rangeUs <= 12 * 3_600 * SECOND_US) return '1m';
  if (rangeUs <= 3 * 86_400 * SECOND_US) return '5m';
  return '1h';
}

export interface TimeRange {
  fromUs: number;
  toUs: number;
}

/** Reads the two ends of a range. @throws HttpError 400 that names the parameter at fault */
export function timeRange(start: { name: string; text: string }, end: { name: string; text: string }): TimeRange {
  const fromUs = timeParameter(start.name, start.text);
  const toUs = timeParameter(end.name, end.text);
  if (toUs <= fromUs) throw HttpError.badRequest(`${end.name}: must be later than ${start.name}`, end.name);
  return { fromUs, toUs };
}

function timeParameter(name: string, text: string): number {
  const us = usFromIso(text);
  if (us === null)
    throw HttpError.badRequest(`${name}: must be an ISO 8601 date-time, for example 2025-01-18T10:00:00Z`, name);
  // Beyond, µs are not whole in a double any more.
  if (us < 0 || us > Number.MAX_SAFE_INTEGER)
    throw HttpError.badRequest(`${name}: must lie in the years 1970 to 2254`, name);
  return us;
}
