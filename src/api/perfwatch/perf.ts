import type { Block, BlockContext } from './block.ts';
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

const BYTES_PER_MB = 1_000_000;

const NO_HARDWARE = 'this host counts no events of its CPUs: no permission, or a virtual machine without counters';
const NOTHING = 'this host counts no perf events: perf_event_open is not permitted, or perf_events_enabled is off';

/** The contract's `perf` block: what the CPUs count, of all together and per second. */
export function perfBlock({ view }: BlockContext): Block {
  const of = (field: string) => view.value('perf', ALL, field);
  const megabytes = (field: string) => figure(view.value('memory_bandwidth', '', field) / BYTES_PER_MB);
  const figures = {
    ipc: figure(of('instructions_per_cycle')),
    cycles: whole(of('cycles_per_sec')),
    instructions: whole(of('instructions_per_sec')),
    l1i_cache_misses: whole(of('l1i_load_misses_per_sec')),
    l1d_cache_misses: whole(of('l1d_load_misses_per_sec')),
    l2_cache_misses: whole(of('l2_misses_per_sec')),
    llc_misses: whole(of('llc_load_misses_per_sec')),
    memory_bandwidth_read_mbps: megabytes('read_bytes_per_sec'),
    memory_bandwidth_write_mbps: megabytes('write_bytes_per_sec'),
  };
  const available = Object.values(figures).some((value) => value !== null);
  return { available, ...(available ? {} : { reason: NO_HARDWARE }), ...figures };
}

/** The `perf_events` block: what `perf stat` would list, each event that does not count null and named in `unsupported_events`. */
export function perfEventsBlock({ view, settings, sampleTime }: BlockContext): Block {
  const interval_ms = settings.perf_events_interval_ms;
  const clockMs = (view.value('perf', ALL, 'cpu_clock_ms_per_sec') * interval_ms) / 1_000;
  const events: Record<string, { value: number | null; unit: string }> = {
    'cpu-clock': { value: figure(clockMs), unit: 'msec' },
  };
  for (const [event, field] of Object.entries(EVENT_FIELDS)) {
    events[event] = { value: whole(view.value('perf', ALL, field)), unit: '' };
  }
  const unsupported_events = Object.keys(events).filter((event) => events[event]?.value === null);
  const available = unsupported_events.length < Object.keys(events).length;
  return {
    available,
    ...(available ? {} : { reason: NOTHING }),
    cpu_cores: settings.perf_events_cpu_cores,
    interval_ms,
    sample_time: sampleTime,
    events,
    unsupported_events,
  };
}
