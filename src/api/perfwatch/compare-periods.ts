import { Type } from 'typebox';
import { HttpError } from '../../http/errors.ts';
import { type TimeRange, timeRange } from './history-query.ts';

const HOUR_US = 3_600_000_000;
const PERIODS_US = { hour: HOUR_US, day: 24 * HOUR_US, week: 168 * HOUR_US } as const;
const SHIFTS_US = { yesterday: 24 * HOUR_US, last_week: 168 * HOUR_US } as const;

const PERIOD_NAMES = Object.keys(PERIODS_US) as (keyof typeof PERIODS_US)[];
const SHIFT_NAMES = Object.keys(SHIFTS_US) as (keyof typeof SHIFTS_US)[];

const RELATIVE = ['period', 'compare_to'] as const;
const CUSTOM = ['start_time_1', 'end_time_1', 'start_time_2', 'end_time_2'] as const;

function timeParameter(what: string) {
  return Type.Optional(Type.String({ maxLength: 64, description: `ISO 8601; ${what}; goes with the other three` }));
}

/** The parameters that say which periods: the first two, or the other four. */
export const PERIOD_PARAMETERS = {
  period: Type.Optional(Type.Enum(PERIOD_NAMES, { description: 'The last hour, day or week up to now' })),
  compare_to: Type.Optional(Type.Enum(SHIFT_NAMES, { description: 'The same one or seven days earlier' })),
  start_time_1: timeParameter('start of the current period'),
  end_time_1: timeParameter('end of the current period'),
  start_time_2: timeParameter('start of the period it is compared with'),
  end_time_2: timeParameter('end of the period it is compared with, which lasts as long'),
};

export type PeriodQuery = {
  period?: keyof typeof PERIODS_US;
  compare_to?: keyof typeof SHIFTS_US;
} & Partial<Record<(typeof CUSTOM)[number], string>>;

/** Two periods of the same length, and how they were asked for. */
export interface Periods {
  period: string;
  compare_to: string;
  current: TimeRange;
  comparison: TimeRange;
}

/**
 * Which periods a query asks for.
 * @throws HttpError 400 that names a parameter that is missing, wrong, or at odds with another
 */
export function periodsOf(query: PeriodQuery, nowUs: number): Periods {
  const relative = RELATIVE.find((name) => query[name] !== undefined);
  const custom = CUSTOM.find((name) => query[name] !== undefined);
  if (relative && custom) throw HttpError.badRequest(`${custom}: cannot be given together with ${relative}`, custom);
  return custom ? customPeriods(query) : relativePeriods(query, nowUs);
}

function relativePeriods({ period, compare_to }: PeriodQuery, nowUs: number): Periods {
  if (period === undefined) {
    const others = compare_to === undefined ? `, with compare_to; or else ${listed(CUSTOM)}` : ' with compare_to';
    throw HttpError.badRequest(`period: is required${others}`, 'period');
  }
  if (compare_to === undefined) throw HttpError.badRequest('compare_to: is required with period', 'compare_to');
  const [lengthUs, shiftUs] = [PERIODS_US[period], SHIFTS_US[compare_to]];
  const current = { fromUs: nowUs - lengthUs, toUs: nowUs };
  return { period, compare_to, current, comparison: { fromUs: current.fromUs - shiftUs, toUs: nowUs - shiftUs } };
}

function customPeriods(query: PeriodQuery): Periods {
  const read = (name: (typeof CUSTOM)[number]) => {
    const text = query[name];
    if (text !== undefined) return { name, text };
    throw HttpError.badRequest(`${name}: is required; ${listed(CUSTOM)} go together`, name);
  };
  const [start1, end1, start2, end2] = [
    read('start_time_1'),
    read('end_time_1'),
    read('start_time_2'),
    read('end_time_2'),
  ];
  const current = timeRange(start1, end1);
  const comparison = timeRange(start2, end2);
  if (current.toUs - current.fromUs !== comparison.toUs - comparison.fromUs)
    throw HttpError.badRequest('end_time_2: both periods must have the same duration', 'end_time_2');
  return { period: 'custom', compare_to: 'custom', current, comparison };
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
