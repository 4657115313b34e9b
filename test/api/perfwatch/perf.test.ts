import { describe, expect, test } from 'vitest';
import { perfBlock, perfEventsBlock } from '../../../src/api/perfwatch/perf.ts';

/** A host whose `perf` and `memory_bandwidth` families have just these values, of all CPUs. */
function context(values: Record<string, number>) {
  return {
    view: { instances: () => ['all'], value: (_family: string, _cpu: string, field: string) => values[field] ?? NaN },
    host: { core_count: 2, physical_cores: 2 },
    settings: { perf_events_cpu_cores: 'all', perf_events_interval_ms: 500 },
    sampleTime: '2026-11-23T00:00:00Z',
  };
}

describe('perf block', () => {
  test('shows what the CPUs count, and memory traffic in MB', () => {
    const counted = { instructions_per_cycle: 1.2345, cycles_per_sec: 2e9 + 0.4, l2_misses_per_sec: 17 };
    expect(perfBlock(context({ ...counted, read_bytes_per_sec: 1_500_000 }))).toEqual({
      available: true,
      ipc: 1.235,
      cycles: 2e9,
      instructions: null,
      l1i_cache_misses: null,
      l1d_cache_misses: null,
      l2_cache_misses: 17,
      llc_misses: null,
      memory_bandwidth_read_mbps: 1.5,
      memory_bandwidth_write_mbps: null,
    });
  });

  test('is not available, with a reason, where only the kernel counts', () => {
    const block = perfBlock(context({ context_switches_per_sec: 3 }));
    expect(block).toMatchObject({ available: false, reason: expect.stringContaining('no events'), ipc: null });
  });
});

describe('perf_events block', () => {
  test('has a value for each event that counts and names the others', () => {
    const block = perfEventsBlock(context({ cpu_clock_ms_per_sec: 2_000, cycles_per_sec: 5, page_faults_per_sec: 0 }));
    expect(block).toMatchObject({
      available: true,
      cpu_cores: 'all',
      interval_ms: 500,
      events: {
        'cpu-clock': { value: 1_000, unit: 'msec' },
        cycles: { value: 5, unit: '' },
        'page-faults': { value: 0, unit: '' },
        instructions: { value: null, unit: '' },
      },
    });
    const { events, unsupported_events } = block as { events: object; unsupported_events: string[] };
    expect(Object.keys(events)).toHaveLength(17);
    expect(unsupported_events).toHaveLength(14);
    expect(unsupported_events).not.toContain('cycles');
  });

  test('is not available when nothing counts', () => {
    const block = perfEventsBlock(context({}));
    expect(block).toMatchObject({ available: false, reason: expect.any(String) });
  });
});
