import { describe, expect, test } from 'vitest';
import type { BlockContext } from '../../../src/api/perfwatch/block.ts';
import { BLOCKS } from '../../../src/api/perfwatch/blocks.ts';
import { Counters } from '../../../src/api/perfwatch/counters.ts';
import { perfBlock, perfEventsBlock, perfPoint, perfSampling } from '../../../src/api/perfwatch/perf.ts';
import type { PerfEventStatus, SamplerStats } from '../../../src/collect/addon.ts';
import { loadCatalogue } from '../../../src/collect/frame-source.ts';

type FamilyStatus = SamplerStats['families'][number];

/** A sampler that tells what the test wants, and how often it was asked. */
class ToldSource {
  asked = 0;
  events: Partial<PerfEventStatus>[] = [];
  families: FamilyStatus[] = [];

  perfEvents(): PerfEventStatus[] {
    this.asked += 1;
    const nothing = { family: 'perf', name: '', pmu: '', available: false, reason: '', remedy: '' };
    return this.events.map((event) => ({ ...nothing, ...event }));
  }

  stats(): SamplerStats {
    return { families: this.families } as SamplerStats;
  }
}

const PARANOID = 'EACCES: perf_event_paranoid=2';

/** A host whose families have just these values, of all CPUs; of `perf_custom` for each event that is chosen. */
function context(values: Record<string, number>, given: Partial<BlockContext> = {}): BlockContext {
  return {
    view: { instances: () => ['all'], value: (_family: string, _cpu: string, field: string) => values[field] ?? NaN },
    host: { core_count: 2, physical_cores: 2 },
    settings: { perf_events_cpu_cores: 'all' },
    perf: { intervalMs: 500, chosen: [] },
    sampleTime: '2026-11-23T00:00:00Z',
    counters: new Counters(new ToldSource()),
    ...given,
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

  test('where only the kernel counts it is not available, for the reasons of the events of the CPUs, each once', () => {
    const source = new ToldSource();
    const cpuEvents = ['cycles', 'instructions', 'L1-dcache-load-misses', 'L1-icache-load-misses', 'LLC-load-misses'];
    source.events = [
      { name: 'cpu-clock', reason: 'of no interest here' },
      ...cpuEvents.map((name) => ({ name, reason: 'ENOENT: no such PMU' })),
      { name: 'l2-misses', reason: 'no event of cpu for it is known' },
    ];
    const block = perfBlock(context({ context_switches_per_sec: 3 }, { counters: new Counters(source) }));
    expect(block).toMatchObject({
      available: false,
      reason: 'ENOENT: no such PMU; no event of cpu for it is known',
      ipc: null,
    });
  });

  test('a sampler that knows of no event gives the reason of the family', () => {
    const source = new ToldSource();
    source.families = [{ name: 'perf', available: false, reason: 'not asked' }];
    expect(perfBlock(context({}, { counters: new Counters(source) }))).toMatchObject({ reason: 'not asked' });
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

  test('says why each of the others does not count, and what would change that', () => {
    const source = new ToldSource();
    source.events = [
      { name: 'cycles', reason: PARANOID, remedy: 'run as root' },
      { name: 'branches', available: true, reason: 'ENOENT (CPUs 4-7)' },
    ];
    const block = perfEventsBlock(context({ cpu_clock_ms_per_sec: 2_000 }, { counters: new Counters(source) }));
    const { unsupported_events, unsupported_reasons } = block as {
      unsupported_events: string[];
      unsupported_reasons: Record<string, string>;
    };
    expect(Object.keys(unsupported_reasons)).toEqual(unsupported_events);
    expect(unsupported_reasons['cycles']).toBe(`${PARANOID}: run as root`);
    expect(unsupported_reasons['branches']).toBe('counted, but not for long enough to tell');
  });

  test('has the events that the settings name', () => {
    const source = new ToldSource();
    source.events = [{ family: 'perf_custom', name: 'r13c', reason: 'ENOENT: no such PMU' }];
    const values: Record<string, number> = { 'msr/tsc/': 2.5e9, cycles: 7 };
    const view = {
      instances: () => [],
      value: (family: string, event: string) => (family === 'perf_custom' ? (values[event] ?? NaN) : 5),
    };
    const perf = { intervalMs: 1_000, chosen: ['msr/tsc/', 'r13c', 'cycles'] };
    expect(perfEventsBlock(context({}, { view, perf, counters: new Counters(source) }))).toMatchObject({
      events: { 'msr/tsc/': { value: 2.5e9, unit: '' }, r13c: { value: null, unit: '' }, cycles: { value: 5 } },
      unsupported_events: ['r13c'],
      unsupported_reasons: { r13c: 'ENOENT: no such PMU' },
    });
  });

  test('is not available when nothing counts, for all the reasons there are', () => {
    const source = new ToldSource();
    source.families = [{ name: 'perf', available: false, reason: PARANOID }];
    source.events = [{ name: 'cycles', reason: 'switched off' }];
    const block = perfEventsBlock(context({}, { counters: new Counters(source) }));
    expect(block).toMatchObject({ available: false, reason: `${PARANOID}; switched off` });
  });

  test('says that it is read as often as the settings ask, or as the sampler can', () => {
    const catalogue = loadCatalogue();
    const floorMs = catalogue.family('perf').floorIntervalMs;
    expect(perfSampling(catalogue, { perf_events_interval_ms: 700 }, [])).toEqual({ intervalMs: 700, chosen: [] });
    expect(perfSampling(catalogue, { perf_events_interval_ms: 1 }, []).intervalMs).toBe(floorMs);
  });
});

describe('perf blocks of the past', () => {
  const past = { sampleTime: null, counters: null };

  test('have the figures of both, and no reasons', () => {
    const point = perfPoint(context({ instructions_per_cycle: 1.5, cycles_per_sec: 2, l2_misses_per_sec: 3 }, past));
    expect(point).toMatchObject({ available: true, ipc: 1.5, l2_cache_misses: 3, events: { cycles: { value: 2 } } });
    expect(point).not.toHaveProperty('unsupported_reasons');
  });

  test('are left out where no event was counted', () => {
    expect(perfPoint(context({ read_bytes_per_sec: 5 }, past))).toBeNull();
  });
});

describe('memory_bandwidth block', () => {
  const build = (values: Record<string, number>, given: Partial<BlockContext>) =>
    BLOCKS.memory_bandwidth.build(context(values, given));
  const status = { name: 'memory_bandwidth', available: true, reason: '' };

  test('names what counts', () => {
    const source = new ToldSource();
    source.families = [{ ...status, source: 'resctrl' }];
    const block = build({ total_bytes_per_sec: 5.5, page_io_bytes_per_sec: 1 }, { counters: new Counters(source) });
    expect(block).toMatchObject({
      available: true,
      source: 'resctrl',
      total_bytes_per_sec: 6,
      read_bytes_per_sec: null,
    });
    expect(block).not.toHaveProperty('reason');
  });

  test('says why nothing does; page I/O there is all the same', () => {
    const source = new ToldSource();
    source.families = [{ ...status, reason: 'ENOENT: no such PMU' }];
    const block = build({ page_io_bytes_per_sec: 1 }, { counters: new Counters(source) });
    expect(block).toMatchObject({ available: true, source: null, reason: 'ENOENT: no such PMU' });
  });

  test('names no source in the past, of which it is not known', () => {
    expect(build({ total_bytes_per_sec: 5 }, { counters: null })).not.toHaveProperty('source');
  });
});

describe('Counters', () => {
  test('asks again when other figures are missing, and else seldom', () => {
    const source = new ToldSource();
    let nowMs = 0;
    const counters = new Counters(source, () => nowMs);
    const tell = (...missing: string[]) => counters.tell('perf', missing);
    tell('cycles');
    tell('cycles');
    expect(source.asked).toBe(1);
    source.events = [{ name: 'branches', reason: 'gone' }];
    expect(tell('cycles', 'branches').events.get('perf/branches')).toBe('gone');
    expect(source.asked).toBe(2);
    nowMs += 9_999;
    tell('cycles', 'branches');
    expect(source.asked).toBe(2);
    nowMs += 1;
    tell('cycles', 'branches');
    expect(source.asked).toBe(3);
  });
});
