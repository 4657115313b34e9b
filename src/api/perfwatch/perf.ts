import type { Catalogue } from '../../metrics/catalogue.ts';
import type { MetricsView } from '../../metrics/view.ts';
import type { RuntimeSettings } from '../../state/runtime-config.ts';
import type { Block, BlockContext, PerfSampling } from './block.ts';
import type { Told } from './counters.ts';
import { figure, whole } from './figures.ts';

const ALL = 'all';

/** The events that PerfWatch dashboards read, by their `perf list` names, with the field of the `perf` family that counts each. */
const EVENT_FIELDS = {
  'context-switches': 'context_switches_per_sec',
  'cpu-migrations': 'cpu_migrations_per_sec',
  'page-faults': 'page_faults_per_sec',
  cycles: 'cycles_per_sec',
  instructions: 'instructions_per_sec',
  branches: 'branches_per_sec',
  'branch-misses': 'branch_misses_per_sec',
  'L1-dcache-loads': 'l1d_loads_per_sec',
  'L1-dcache-load-misses': 'l1d_load_misses_per_sec',
  'LLC-loads': 'llc_loads_per_sec',
  'LLC-load-misses': 'llc_load_misses_per_sec',
  'L1-icache-loads': 'l1i_loads_per_sec',
  'dTLB-loads': 'dtlb_loads_per_sec',
  'dTLB-load-misses': 'dtlb_load_misses_per_sec',
  'iTLB-loads': 'itlb_loads_per_sec',
  'iTLB-load-misses': 'itlb_load_misses_per_sec',
} as const;

/** What the `perf` block shows of the CPUs: the event behind each figure, and its field. */
const CPU_FIGURES = {
  cycles: ['cycles', 'cycles_per_sec'],
  instructions: ['instructions', 'instructions_per_sec'],
  l1i_cache_misses: ['L1-icache-load-misses', 'l1i_load_misses_per_sec'],
  l1d_cache_misses: ['L1-dcache-load-misses', 'l1d_load_misses_per_sec'],
  l2_cache_misses: ['l2-misses', 'l2_misses_per_sec'],
  llc_misses: ['LLC-load-misses', 'llc_load_misses_per_sec'],
} as const;

const BYTES_PER_MB = 1_000_000;

/** Said of what is counted, and has not been read twice yet. */
const NOT_YET = 'counted, but not for long enough to tell';

/** @param chosen the events that the settings name */
export function perfSampling(
  catalogue: Catalogue,
  { perf_events_interval_ms }: Pick<RuntimeSettings, 'perf_events_interval_ms'>,
  chosen: readonly string[],
): PerfSampling {
  return { intervalMs: Math.max(perf_events_interval_ms, catalogue.family('perf').floorIntervalMs), chosen };
}

/** The contract's `perf` block: what the CPUs count, of all together and per second. */
export function perfBlock({ view, counters }: BlockContext): Block {
  const figures = perfFigures(view);
  if (Object.values(figures).some((value) => value !== null)) return { available: true, ...figures };
  const events = Object.values(CPU_FIGURES).map(([event]) => event);
  const told = counters?.tell('perf', events);
  const reason = told ? together(events.map((event) => reasonOf(told, event))) : NOT_YET;
  return { available: false, reason, ...figures };
}

function perfFigures(view: MetricsView): Record<string, number | null> {
  const of = (field: string) => view.value('perf', ALL, field);
  const megabytes = (field: string) => figure(view.value('memory_bandwidth', '', field) / BYTES_PER_MB);
  const counted = Object.entries(CPU_FIGURES).map(([name, [, field]]) => [name, whole(of(field))] as const);
  return {
    ipc: figure(of('instructions_per_cycle')),
    ...Object.fromEntries(counted),
    memory_bandwidth_read_mbps: megabytes('read_bytes_per_sec'),
    memory_bandwidth_write_mbps: megabytes('write_bytes_per_sec'),
  };
}

/**
 * The `perf_events` block: what `perf stat` would list, with the events that the settings name; each event that does not count
 * is null and named in `unsupported_events`. Only a live message knows why: `unsupported_reasons`.
 */
export function perfEventsBlock(context: BlockContext): Block {
  const { view, settings, sampleTime, counters, perf } = context;
  const events: Record<string, { value: number | null; unit: string }> = {
    'cpu-clock': { value: figure(cpuClockMs(context)), unit: 'msec' },
  };
  for (const [event, field] of Object.entries(EVENT_FIELDS)) {
    events[event] = { value: whole(view.value('perf', ALL, field)), unit: '' };
  }
  for (const event of perf.chosen) {
    events[event] ??= { value: figure(view.value('perf_custom', event, 'value_per_sec')), unit: '' };
  }
  const unsupported_events = Object.keys(events).filter((event) => events[event]?.value === null);
  const available = unsupported_events.length < Object.keys(events).length;
  const why = counters && whyNot(unsupported_events, counters);
  return {
    available,
    ...(available ? {} : { reason: why ? together(Object.values(why)) : NOT_YET }),
    cpu_cores: settings.perf_events_cpu_cores,
    interval_ms: perf.intervalMs,
    sample_time: sampleTime,
    events,
    unsupported_events,
    ...(why ? { unsupported_reasons: why } : {}),
  };
}

function whyNot(events: readonly string[], counters: NonNullable<BlockContext['counters']>): Record<string, string> {
  const told = counters.tell('perf_events', events);
  return Object.fromEntries(events.map((event) => [event, reasonOf(told, event)]));
}

function reasonOf({ events, families }: Told, event: string): string {
  const told = events.get(`perf/${event}`) ?? events.get(`perf_custom/${event}`);
  if (told !== undefined) return told;
  const status = families.get('perf');
  return status && !status.available ? status.reason : NOT_YET;
}

/** Both perf blocks in one, for the history, where `perf` is another name of `perf_events`. Where no event was counted there is no point. */
export function perfPoint(context: BlockContext): Block | null {
  const block: Block = { ...perfFigures(context.view), ...perfEventsBlock(context) };
  return block['available'] === true ? block : null;
}

/** The time that was counted in one interval, in ms: an interval for each CPU. */
export function cpuClockMs({ view, perf }: Pick<BlockContext, 'view' | 'perf'>): number {
  return (view.value('perf', ALL, 'cpu_clock_ms_per_sec') * perf.intervalMs) / 1_000;
}

/** Each reason once. */
function together(reasons: readonly string[]): string {
  return [...new Set(reasons)].join('; ');
}
