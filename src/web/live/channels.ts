import type { Metrics, Value } from './metrics.ts';

export type ChannelName = 'cpu' | 'memory' | 'network' | 'disk';

/** What one chart draws. */
export interface Channel {
  /** The block of the message, which is also its name in the history. */
  block: ChannelName;
  columns: number;
  values(metrics: Metrics): (number | null)[];
}

/** null if either is: part of a sum is not the sum. */
export function sum(a: Value, b: Value): number | null {
  return typeof a === 'number' && typeof b === 'number' ? a + b : null;
}

export const CHANNELS: Record<ChannelName, Channel> = {
  /** Stacked, so each column includes the ones before: user, system, other (nice, interrupts, steal), I/O wait. */
  cpu: {
    block: 'cpu',
    columns: 4,
    values: ({ cpu }) => {
      const usage = cpu?.usage_percent ?? null;
      return [cpu?.user ?? null, sum(cpu?.user, cpu?.system), usage, sum(usage, cpu?.iowait)];
    },
  },
  memory: {
    block: 'memory',
    columns: 3,
    values: ({ memory }) => [
      memory?.used_bytes ?? null,
      sum(memory?.cached_bytes, memory?.buffers_bytes),
      memory?.swap_used_bytes ?? null,
    ],
  },
  network: {
    block: 'network',
    columns: 2,
    values: ({ network }) => [network?.bytes_recv_per_sec ?? null, network?.bytes_sent_per_sec ?? null],
  },
  disk: {
    block: 'disk',
    columns: 2,
    values: ({ disk }) => [disk?.io?.read_bytes_per_sec ?? null, disk?.io?.write_bytes_per_sec ?? null],
  },
};
