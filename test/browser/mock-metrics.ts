/** Plausible figures for the mock server: smooth, and the same for the same moment, so that history and stream agree. */
export interface MockHost {
  cores: number;
  perfAvailable: boolean;
}

export const NO_PMU = 'ENOENT: no such PMU: this kernel shows no counters of the CPU';
export const NO_CONTROLLERS = 'ENOENT: no such PMU: this kernel shows no counters of memory controllers';
const NO_SUCH_EVENT = 'the PMU does not count this';

const HARDWARE_EVENTS = {
  cycles: 3_200_000_000,
  instructions: 5_920_000_000,
  branches: 1_000_000_000,
  'branch-misses': 12_500_000,
  'dTLB-load-misses': 5_920_000,
};

const GIB = 2 ** 30;
const TOTAL_BYTES = 16 * GIB;

/** A wave around `middle` that never goes below 0; `seed` makes each figure its own. */
function wave(timeMs: number, seed: number, middle: number, swing: number): number {
  const minutes = timeMs / 60_000;
  const slow = Math.sin(minutes * 0.9 + seed * 2.1);
  const fast = Math.sin(minutes * 7.3 + seed * 5.7) * 0.5;
  const jitter = Math.sin(minutes * 61.7 + seed * 9.1) * 0.3;
  return Math.max(0, middle + (swing * (slow + fast + jitter)) / 1.8);
}

const rounded = (value: number) => Math.round(value * 100) / 100;
const whole = (value: number) => Math.round(value);

export function mockMetrics(timeMs: number, { cores, perfAvailable }: MockHost) {
  const user = wave(timeMs, 1, 26, 20);
  const system = wave(timeMs, 2, 9, 6);
  const iowait = wave(timeMs, 3, 2, 3);
  const usage = user + system + 1.4;
  const used = wave(timeMs, 4, 6.4, 1.2) * GIB;
  const received = wave(timeMs, 5, 2.2e6, 2.4e6);
  const sent = wave(timeMs, 6, 6e5, 5e5);
  const read = wave(timeMs, 7, 3e6, 5e6);
  const written = wave(timeMs, 8, 9e6, 9e6);
  return {
    cpu: {
      usage_percent: rounded(usage),
      per_core: Array.from({ length: cores }, (_, core) =>
        rounded(Math.min(100, wave(timeMs, core * 3.3, usage, usage * 1.1))),
      ),
      user: rounded(user),
      system: rounded(system),
      idle: rounded(100 - usage - iowait),
      iowait: rounded(iowait),
      steal: 0.2,
      frequency_mhz: Array.from({ length: cores }, (_, core) => whole(wave(timeMs, core, 3100, 250))),
      temperature_celsius: Array.from({ length: cores }, () => null),
      interrupts: whole(wave(timeMs, 9, 12_500, 3000)),
      context_switches: whole(wave(timeMs, 10, 34_000, 9000)),
      load_avg: [1.42, 1.18, 0.97].map((load, index) => rounded(wave(timeMs / (index + 1), index, load, 0.3))),
      core_count: cores,
      physical_cores: Math.ceil(cores / 2),
    },
    memory: {
      usage_percent: rounded((100 * used) / TOTAL_BYTES),
      total_bytes: TOTAL_BYTES,
      used_bytes: whole(used),
      available_bytes: whole(TOTAL_BYTES - used),
      cached_bytes: whole(wave(timeMs, 11, 4.6, 0.4) * GIB),
      buffers_bytes: whole(0.31 * GIB),
      shared_bytes: whole(0.12 * GIB),
      swap_used_bytes: whole(wave(timeMs, 12, 0.4, 0.1) * GIB),
      swap_total_bytes: 8 * GIB,
    },
    network: {
      interfaces: {
        lo: interfaceFigures(4_200, 4_200),
        eth0: interfaceFigures(received, sent),
        wg0: interfaceFigures(0, 0),
      },
      connections: { established: 45, time_wait: 12, listen: 8 },
      bytes_recv_per_sec: whole(received),
      bytes_sent_per_sec: whole(sent),
      total_bytes_recv: 83_214_556_123,
      total_bytes_sent: 12_714_556_123,
      errors_in: 0,
      errors_out: 0,
      drops_in: 3,
      drops_out: 0,
    },
    disk: {
      devices: {
        nvme0n1: deviceFigures(read * 0.8, written),
        sda: deviceFigures(read * 0.2, 0),
      },
      partitions: {
        '/': { total_bytes: 512e9, used_bytes: 256e9, usage_percent: 50 },
        '/boot/efi': { total_bytes: 5.2e8, used_bytes: 3.1e7, usage_percent: 6 },
        '/srv/backups': { total_bytes: 4e12, used_bytes: 3.72e12, usage_percent: 93 },
      },
      io: { read_bytes_per_sec: whole(read), write_bytes_per_sec: whole(written) },
    },
    perf: perfAvailable
      ? {
          available: true,
          ipc: rounded(wave(timeMs, 13, 1.85, 0.4)),
          cycles: 3_200_000_000,
          instructions: 5_920_000_000,
          l1i_cache_misses: 12_500,
          l1d_cache_misses: 45_000_000,
          l2_cache_misses: null,
          llc_misses: 2_960_000,
        }
      : { available: false, reason: NO_PMU, ipc: null },
    perf_events: perfEvents(timeMs, perfAvailable),
    memory_bandwidth: {
      available: true,
      ...(perfAvailable
        ? {
            source: 'uncore_imc',
            read_bytes_per_sec: whole(wave(timeMs, 15, 12.5e9, 3e9)),
            write_bytes_per_sec: 8e9,
            total_bytes_per_sec: whole(wave(timeMs, 15, 12.5e9, 3e9) + 8e9),
          }
        : { source: null, reason: NO_CONTROLLERS }),
      pgpgin_per_sec: rounded(read / 1024),
      pgpgout_per_sec: rounded(written / 1024),
      pswpin_per_sec: 0,
      pswpout_per_sec: 0,
      pgfault_per_sec: rounded(wave(timeMs, 14, 5400, 2500)),
      pgmajfault_per_sec: 0.2,
    },
  };
}

function perfEvents(timeMs: number, hardware: boolean) {
  const counted: Record<string, number> = {
    'context-switches': whole(wave(timeMs, 10, 34_000, 9000)),
    'cpu-migrations': 120,
    'page-faults': whole(wave(timeMs, 14, 5400, 2500)),
    ...(hardware ? HARDWARE_EVENTS : {}),
    'msr/tsc/': 4_200_000_000,
  };
  const missing = hardware ? {} : Object.fromEntries(Object.keys(HARDWARE_EVENTS).map((event) => [event, NO_PMU]));
  const unsupported_reasons: Record<string, string> = { ...missing, r13c: NO_SUCH_EVENT };
  const unsupported_events = Object.keys(unsupported_reasons);
  const values = [...Object.entries(counted), ...unsupported_events.map((event) => [event, null] as const)];
  return {
    available: true,
    events: Object.fromEntries(values.map(([event, value]) => [event, { value, unit: '' }])),
    unsupported_events,
    unsupported_reasons,
  };
}

function interfaceFigures(received: number, sent: number) {
  return {
    bytes_recv_per_sec: whole(received),
    bytes_sent_per_sec: whole(sent),
    packets_recv_per_sec: whole(received / 900),
    packets_sent_per_sec: whole(sent / 700),
  };
}

function deviceFigures(read: number, written: number) {
  return {
    read_bytes_per_sec: whole(read),
    write_bytes_per_sec: whole(written),
    read_iops: rounded(read / 32_000),
    write_iops: rounded(written / 48_000),
    read_latency_ms: read > 0 ? 0.52 : null,
    write_latency_ms: written > 0 ? 1.24 : null,
    utilization_percent: rounded((read + written) / 6e5),
  };
}
