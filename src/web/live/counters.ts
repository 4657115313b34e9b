import type { Metrics, Value } from './metrics.ts';

/** What is counted, and where it stands in a message or in a point of the history. */
type Counted = Pick<Metrics, 'perf' | 'perf_events'>;

export function countedEvent({ perf_events }: Counted, event: string): Value {
  return perf_events?.events?.[event]?.value;
}

/** The events that every host is asked for; others are there because the settings name them. */
const STANDARD: ReadonlySet<string> = new Set([
  'cpu-clock',
  'context-switches',
  'cpu-migrations',
  'page-faults',
  'cycles',
  'instructions',
  'branches',
  'branch-misses',
  'L1-dcache-loads',
  'L1-dcache-load-misses',
  'LLC-loads',
  'LLC-load-misses',
  'L1-icache-loads',
  'dTLB-loads',
  'dTLB-load-misses',
  'iTLB-loads',
  'iTLB-load-misses',
]);

/** The events that the settings name and that are counted. */
export function chosenEvents({ perf_events }: Counted): object {
  const events = Object.entries(perf_events?.events ?? {});
  return Object.fromEntries(events.filter(([event, { value }]) => !STANDARD.has(event) && typeof value === 'number'));
}

const MISSES = {
  l1d: ({ perf }: Counted) => perf?.l1d_cache_misses,
  l1i: ({ perf }: Counted) => perf?.l1i_cache_misses,
  l2: ({ perf }: Counted) => perf?.l2_cache_misses,
  llc: ({ perf }: Counted) => perf?.llc_misses,
  dtlb: (counted: Counted) => countedEvent(counted, 'dTLB-load-misses'),
  itlb: (counted: Counted) => countedEvent(counted, 'iTLB-load-misses'),
  branch: (counted: Counted) => countedEvent(counted, 'branch-misses'),
} as const;

export type MissName = keyof typeof MISSES;

export const MISS_NAMES = Object.keys(MISSES) as MissName[];

/** Misses per 1000 instructions; null where either is not counted. */
export function perThousand(counted: Counted, name: MissName): number | null {
  return ratio(MISSES[name](counted), countedEvent(counted, 'instructions'), 1_000);
}

/** The share of the branches that were predicted wrongly, in percent. */
export function missPercent(counted: Counted): number | null {
  return ratio(countedEvent(counted, 'branch-misses'), countedEvent(counted, 'branches'), 100);
}

function ratio(part: Value, whole: Value, times: number): number | null {
  return typeof part === 'number' && whole ? (part / whole) * times : null;
}
