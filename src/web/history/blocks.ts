import type { Metrics, PerfBlock, PerfEventsBlock } from '../live/metrics.ts';

/** What the history can be asked for. */
export const BLOCK_NAMES = ['cpu', 'memory', 'network', 'disk', 'memory_bandwidth', 'perf_events'] as const;
export type BlockName = (typeof BLOCK_NAMES)[number];

export type PastPerf = PerfBlock & PerfEventsBlock;

/** What the `data` of a point holds, by block. */
export interface Blocks extends Required<Pick<Metrics, 'cpu' | 'memory' | 'network' | 'disk' | 'memory_bandwidth'>> {
  /** In the history both perf blocks are one. */
  perf_events: PastPerf;
}

export type Block = Blocks[BlockName];
