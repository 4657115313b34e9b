import { join } from 'node:path';
import { DuckDBStore } from '../../src/store/duckdb/store.ts';
import type { TestFrame } from '../store/fixtures.ts';
import { Feeder } from '../store/fixtures.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const GIB = 2 ** 30;

export interface Recording {
  fromMs: number;
  toMs: number;
  everyMs: number;
  /** No figures were taken here. */
  gap: { fromMs: number; toMs: number };
}

/** Frames of one moment: busier at noon than at midnight, with a job at every full hour. */
function framesAt(timeMs: number): TestFrame[] {
  const day = Math.sin((timeMs / DAY_MS - 0.25) * 2 * Math.PI);
  const ripple = Math.sin(timeMs / (7 * MINUTE_MS)) + Math.sin(timeMs / (2.3 * MINUTE_MS)) / 2;
  const job = timeMs % (60 * MINUTE_MS) < 6 * MINUTE_MS ? 1 : 0;
  const user = 24 + 12 * day + 4 * ripple + 22 * job;
  const system = 7 + 2 * day + ripple + 4 * job;
  const iowait = 0.6 + 5 * job;
  const received = 2.4e6 + 1.5e6 * day + 4e5 * ripple;
  const sent = 6e5 + 3e5 * day + 1e5 * ripple;
  const read = 8e5 + 2.2e7 * job;
  const written = 3.5e6 + 1e6 * day + 6e5 * ripple + 9e6 * job;
  const used = (6.2 + 0.9 * day + 0.1 * ripple) * GIB;
  const timestampUs = timeMs * 1_000;
  const frame = (family: string, fields: Record<string, number>, instance = ''): TestFrame => ({
    family,
    instances: [instance],
    fields: Object.keys(fields),
    values: [Object.values(fields)],
    timestampUs,
  });
  const traffic = { bytes_received_per_sec: received, bytes_sent_per_sec: sent };
  const packets = { packets_received_per_sec: received / 900, packets_sent_per_sec: sent / 700 };
  const throughput = { read_bytes_per_sec: read, write_bytes_per_sec: written };
  const device = {
    reads_per_sec: read / 48_000,
    writes_per_sec: written / 24_000,
    read_latency_ms: 0.4 + 0.8 * job,
    write_latency_ms: 1.1 + 2.5 * job,
    utilization_percent: 4 + 30 * job + ripple,
  };
  return [
    frame(
      'cpu',
      {
        user_percent: user,
        system_percent: system,
        iowait_percent: iowait,
        usage_percent: user + system + 0.8,
        idle_percent: 100 - user - system - iowait - 0.8,
      },
      'all',
    ),
    frame('system', {
      load1: user / 14,
      load5: user / 16,
      load15: user / 18,
      interrupts_per_sec: 9_000 + 90 * user,
      context_switches_per_sec: 21_000 + 240 * user,
    }),
    frame('memory', {
      usage_percent: (100 * used) / (16 * GIB),
      total_bytes: 16 * GIB,
      used_bytes: used,
      available_bytes: 16 * GIB - used,
      cached_bytes: 4.4 * GIB,
      buffers_bytes: 0.3 * GIB,
    }),
    frame('network', traffic, 'all'),
    frame('network', { ...traffic, ...packets }, 'eth0'),
    frame('sockets', { tcp_established: 40 + 12 * day, tcp_time_wait: 9 + 4 * job, tcp_listen: 8 }),
    frame('disk', throughput, 'all'),
    frame('disk', { ...throughput, ...device }, 'nvme0n1'),
    frame('filesystem', { usage_percent: 61.5 + timeMs / DAY_MS / 1_000, total_bytes: 512e9, used_bytes: 315e9 }, '/'),
    frame('filesystem', { usage_percent: 93.2, total_bytes: 4e12, used_bytes: 3.73e12 }, '/srv/backups'),
    frame('memory_bandwidth', {
      page_in_bytes_per_sec: read,
      page_out_bytes_per_sec: written,
      page_io_bytes_per_sec: read + written,
      page_faults_per_sec: 4_200 + 900 * ripple,
      major_page_faults_per_sec: 0.3 + 3 * job,
    }),
  ];
}

/** Puts a past into a data folder that no daemon uses yet. */
export async function recordPast(dataDir: string, { fromMs, toMs, everyMs, gap }: Recording): Promise<void> {
  const store = await DuckDBStore.open(join(dataDir, 'series.duckdb'));
  try {
    const feeder = new Feeder(store);
    const frames: TestFrame[] = [];
    for (let timeMs = Math.ceil(fromMs / everyMs) * everyMs; timeMs < toMs; timeMs += everyMs)
      if (timeMs < gap.fromMs || timeMs >= gap.toMs) frames.push(...framesAt(timeMs));
    await feeder.append(frames, { source: 'recording' });
  } finally {
    await store.close();
  }
}
