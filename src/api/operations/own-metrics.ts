import type { SamplerStats } from '../../collect/addon.ts';
import type { OutboxStatus } from '../../pipeline/outbox-client.ts';
import type { OwnMetric } from './openmetrics.ts';

/** What the daemon says of itself. */
export interface OwnFigures {
  sampler: SamplerStats;
  outbox: OutboxStatus | null;
  stream: {
    /** Open streams by route. */
    consumers: ReadonlyMap<string, number>;
    /** Messages of the PerfWatch stream that were left out. */
    skipped: number;
    /** Frames of the sample stream that were sent, and ticks that were not, by reason. */
    frames: number;
    dropped: Readonly<Record<string, number>>;
  };
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
    ...streamMetrics(stream),
    gauge('http_connections', 'Open HTTP and WebSocket connections.', connections),
    gauge('process_resident_memory_bytes', 'Resident memory of the daemon.', process.memoryUsage.rss()),
    counter('process_cpu_seconds', 'CPU time of the daemon, all threads.', cpuSeconds()),
  ];
}

function streamMetrics({ consumers, skipped, frames, dropped }: OwnFigures['stream']): OwnMetric[] {
  return [
    {
      name: 'stream_consumers',
      kind: 'gauge',
      help: 'Open streams.',
      samples: [...consumers].map(([route, value]) => ({ labels: { route }, value })),
    },
    counter('stream_skipped', 'PerfWatch messages left out for consumers that did not keep up.', skipped),
    counter('stream_frames', 'Frames sent to consumers of the sample stream.', frames),
    {
      name: 'stream_dropped_frames',
      kind: 'counter',
      help: 'Frames that consumers of the sample stream were told they do not get.',
      samples: Object.entries(dropped).map(([reason, value]) => ({ labels: { reason }, value })),
    },
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
