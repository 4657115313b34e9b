import type { StoreBatch } from '../store/contract.ts';

/** The source name of this host's own frames. */
export const LOCAL_SOURCE = 'local';

/**
 * What happens to a source's entries when the outbox is full. `drop_oldest`: the oldest such entries make room (local samples,
 * captured request logs). `refuse`: the new one is refused, so that its sender keeps it (agents, posted metrics).
 */
export type OverflowPolicy = 'drop_oldest' | 'refuse';

/** Something to be kept, as its producer hands it over. */
export interface OutboxEntry {
  source: string;
  policy: OverflowPolicy;
  content: StoreBatch['content'];
  /** Of the local source: the stamp of the newest frame in `content`, from which the next start resumes its clock epoch. */
  lastTimestampUs?: number;
  /** Acknowledge only what a power loss cannot take back (one fsync); without it an acknowledged entry survives any process death. */
  durable?: boolean;
}

/** An entry as it crosses to the outbox thread and as the queue file holds it. */
export interface PackedEntry {
  source: string;
  policy: OverflowPolicy;
  kind: StoreBatch['content']['kind'];
  /** Of frames; null for events, whose rows name what they belong to. */
  collector: number | null;
  payload: Uint8Array;
  lastTimestampUs: number | null;
  durable: boolean;
}

export function packEntry(entry: OutboxEntry): PackedEntry {
  const { source, policy, content } = entry;
  const frames = content.kind === 'frames';
  return {
    source,
    policy,
    kind: content.kind,
    collector: frames ? content.collector : null,
    payload: frames ? content.payload : Buffer.from(JSON.stringify({ table: content.table, rows: content.rows })),
    lastTimestampUs: entry.lastTimestampUs ?? null,
    durable: entry.durable ?? false,
  };
}

/** What the store is given of a stored entry; the inverse of packEntry. */
export function unpackContent(entry: Pick<PackedEntry, 'kind' | 'collector' | 'payload'>): StoreBatch['content'] {
  if (entry.kind === 'frames') return { kind: 'frames', collector: entry.collector ?? 0, payload: entry.payload };
  const { buffer, byteOffset, byteLength } = entry.payload;
  return { kind: 'events', ...JSON.parse(Buffer.from(buffer, byteOffset, byteLength).toString()) };
}
