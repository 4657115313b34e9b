import type { BlockName } from '../history/blocks.ts';
import { BLOCK_NAMES } from '../history/blocks.ts';
import { parseTime, rangeProblem, timeText } from '../history/range.ts';

export const COMPARE_PATH = '/app/compare';

export const PERIODS = ['hour', 'day', 'week'] as const;
export const AGAINST = ['yesterday', 'last_week'] as const;
export type Period = (typeof PERIODS)[number];
export type Against = (typeof AGAINST)[number];

/** Two spans of the same length; `beforeMs` is where the one compared with begins. */
export interface CustomPeriods {
  fromMs: number;
  toMs: number;
  beforeMs: number;
}

/** Everything that the compare view was asked to show; its address says the same. */
export interface CompareQuery {
  block: BlockName;
  periods: { period: Period; against: Against } | CustomPeriods;
}

export function isCustom(periods: CompareQuery['periods']): periods is CustomPeriods {
  return 'beforeMs' in periods;
}

/** What an address makes no sense of counts as not given. */
export function parseQuery(query: string): CompareQuery {
  const parameters = new URLSearchParams(query);
  const choice = <T extends string>(choices: readonly [T, ...T[]], name: string): T =>
    choices.find((each) => each === parameters.get(name)) ?? choices[0];
  const [fromMs, toMs, beforeMs] = ['from', 'to', 'before'].map((name) => parseTime(parameters.get(name)));
  const custom =
    typeof fromMs === 'number' &&
    typeof toMs === 'number' &&
    typeof beforeMs === 'number' &&
    !rangeProblem(fromMs, toMs);
  return {
    block: choice(BLOCK_NAMES, 'type'),
    periods: custom
      ? { fromMs, toMs, beforeMs }
      : { period: choice(PERIODS, 'period'), against: choice(AGAINST, 'against') },
  };
}

export function addressOf({ block, periods }: CompareQuery): string {
  const parameters = new URLSearchParams({ type: block });
  if (isCustom(periods)) {
    parameters.set('from', timeText(periods.fromMs));
    parameters.set('to', timeText(periods.toMs));
    parameters.set('before', timeText(periods.beforeMs));
  } else {
    parameters.set('period', periods.period);
    parameters.set('against', periods.against);
  }
  return `${COMPARE_PATH}?${parameters.toString().replaceAll('%3A', ':')}`;
}

/** The daemon's question for a query. */
export function requestPath({ block, periods }: CompareQuery, limit: number): string {
  const parameters = new URLSearchParams({ metric_type: block, limit: String(limit) });
  if (isCustom(periods)) {
    const { fromMs, toMs, beforeMs } = periods;
    parameters.set('start_time_1', timeText(fromMs));
    parameters.set('end_time_1', timeText(toMs));
    parameters.set('start_time_2', timeText(beforeMs));
    parameters.set('end_time_2', timeText(beforeMs + (toMs - fromMs)));
  } else {
    parameters.set('period', periods.period);
    parameters.set('compare_to', periods.against);
  }
  return `/api/history/compare?${parameters}`;
}
