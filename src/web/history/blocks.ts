import type { Metrics, Value } from '../live/metrics.ts';

/** What the history can be asked for. */
export const BLOCK_NAMES = ['cpu', 'memory', 'network', 'disk', 'memory_bandwidth', 'perf_events'] as const;
export type BlockName = (typeof BLOCK_NAMES)[number];

/** The `perf_events` block: what each event counted, and in which unit. */
export interface PerfEventsBlock {
  events?: Record<string, { value?: Value; unit?: string }>;
}

/** What the `data` of a point holds, by block. */
export interface Blocks extends Required<Pick<Metrics, 'cpu' | 'memory' | 'network' | 'disk' | 'memory_bandwidth'>> {
  perf_events: PerfEventsBlock;
}

export type Block = Blocks[BlockName];
