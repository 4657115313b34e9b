import type { SamplerStats } from '../../collect/addon.ts';
import type { OutboxStatus } from '../../pipeline/outbox-client.ts';
import type { OwnMetric } from './openmetrics.ts';

/** What the daemon says of itself. */
export interface OwnFigures {
  sampler: SamplerStats;
  outbox: OutboxStatus | null;
  stream: { consumers: number; skipped: number };
  connections: number;
}

export function ownMetrics({ sampler, outbox, stream, connections }: OwnFigures): OwnMetric[] {
  return [
    counter('sampler_ticks', 'Ticks that were sampled.', sampler.ticks),
    counter('sampler_late', 'Ticks that were sampled noticeably late.', sampler.late),
    counter(
      'sampler_missed',
      'Ticks that were not sampled because the one before took too long or the host slept.',
      sampler.missed,
    ),
    counter('sampler_overruns', 'Frames that were dropped because the ring was full.', sampler.overruns),
    counter('sampler_gaps', 'Frames that begin behind a gap.', sampler.gaps),
    counter('sampler_cpu_seconds', 'CPU time of the sampler thread.', sampler.cpuNs / 1e9),
    perReader('sampler_reads', 'Reads of a kernel interface.', sampler, (reader) => reader.reads),
    perReader('sampler_read_errors', 'Reads of a kernel interface that failed.', sampler, (reader) => reader.errors),
    perReader('sampler_read_seconds', 'Time spent in a reader.', sampler, (reader) => reader.totalNs / 1e9),
    ...(outbox ? outboxMetrics(outbox) : []),
    gauge('stream_consumers', 'Open PerfWatch streams.', stream.consumers),
    counter('stream_skipped', 'Stream messages left out for consumers that did not keep up.', stream.skipped),
    gauge('http_connections', 'Open HTTP and WebSocket connections.', connections),
    gauge('process_resident_memory_bytes', 'Resident memory of the daemon.', process.memoryUsage.rss()),
    counter('process_cpu_seconds', 'CPU time of the daemon, all threads.', cpuSeconds()),
  ];
}

function outboxMetrics(outbox: OutboxStatus): OwnMetric[] {
  return [
    gauge('outbox_batches', 'Batches that wait for the store.', outbox.depth),
    gauge('outbox_bytes', 'Bytes that wait for the store.', outbox.bytes),
    gauge('outbox_oldest_seconds', 'Age of the oldest batch that waits.', outbox.oldestAgeMs / 1e3),
    counter('outbox_dropped', 'Batches that gave way to newer ones.', outbox.dropped),
    counter('outbox_refused', 'Batches that were refused for want of room.', outbox.refused),
    counter('outbox_retries', 'Passes to the store that failed and were tried again.', outbox.retries),
    gauge('outbox_dead_letters', 'Batches that the store refused for good.', outbox.deadLetters),
    {
      name: 'store_refused_rows',
      kind: 'counter',
      help: 'Rows that the store refused because they were older than retention_days.',
      samples: Object.entries(outbox.refusedRows).map(([table, value]) => ({ labels: { table }, value })),
    },
  ];
}

function counter(name: string, help: string, value: number): OwnMetric {
  return { name, kind: 'counter', help, samples: [{ value }] };
}

function gauge(name: string, help: string, value: number): OwnMetric {
  return { name, kind: 'gauge', help, samples: [{ value }] };
}

type Reader = SamplerStats['readers'][number];

function perReader(
  name: string,
  help: string,
  { readers }: SamplerStats,
  figureOf: (reader: Reader) => number,
): OwnMetric {
  const samples = readers.map((reader) => ({ labels: { reader: reader.name }, value: figureOf(reader) }));
  return { name, kind: 'counter', help, samples };
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
