import type { Block, BlockContext } from './block.ts';

/** The events that PerfWatch dashboards read, by their `perf list` names, with the unit of the value. */
const EVENT_UNITS: Record<string, string> = {
  'cpu-clock': 'msec',
  'context-switches': '',
  'cpu-migrations': '',
  'page-faults': '',
  cycles: '',
  instructions: '',
  branches: '',
  'branch-misses': '',
  'L1-dcache-loads': '',
  'L1-dcache-load-misses': '',
  'LLC-loads': '',
  'LLC-load-misses': '',
  'L1-icache-loads': '',
  'dTLB-loads': '',
  'dTLB-load-misses': '',
  'iTLB-loads': '',
  'iTLB-load-misses': '',
};

/** Why there are no perf figures: this build opens no counters. */
const REASON = 'this version of Tacho does not open perf_event counters';

/** The contract's `perf` block. */
export function perfBlock(_context: BlockContext): Block {
  return {
    available: false,
    reason: REASON,
    ipc: null,
    cycles: null,
    instructions: null,
    l1i_cache_misses: null,
    l1d_cache_misses: null,
    l2_cache_misses: null,
    llc_misses: null,
    memory_bandwidth_read_mbps: null,
    memory_bandwidth_write_mbps: null,
  };
}

/** The `perf_events` block: what `perf stat` would list, each event that does not count null and named in `unsupported_events`. */
export function perfEventsBlock({ settings, sampleTime }: BlockContext): Block {
  return {
    available: false,
    reason: REASON,
    cpu_cores: settings.perf_events_cpu_cores,
    interval_ms: settings.perf_events_interval_ms,
    sample_time: sampleTime,
    events: Object.fromEntries(Object.entries(EVENT_UNITS).map(([event, unit]) => [event, { value: null, unit }])),
    unsupported_events: Object.keys(EVENT_UNITS),
  };
}
