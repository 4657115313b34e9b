import type { HostInventory } from '../../collect/inventory.ts';
import type { MetricsView } from '../../metrics/view.ts';
import type { RuntimeSettings } from '../../state/runtime-config.ts';
import type { Counters } from './counters.ts';

/** What a block may draw on beside the figures. */
export interface BlockContext {
  view: MetricsView;
  host: Pick<HostInventory, 'core_count' | 'physical_cores'>;
  settings: Pick<RuntimeSettings, 'perf_events_cpu_cores'>;
  perf: PerfSampling;
  /** When perf events were read; null in a history. */
  sampleTime: string | null;
  /** Says why figures are missing; null in a history, which does not know any more. */
  counters: Pick<Counters, 'tell'> | null;
}

/** How perf events are sampled. */
export interface PerfSampling {
  /** The time between two readings, in ms. */
  intervalMs: number;
  /** The events of the family `perf_custom`, as the settings name them. */
  chosen: readonly string[];
}

export type Block = Record<string, unknown>;

export interface BlockKind {
  build(context: BlockContext): Block;
  /** What a history says in its place, where that is something else; null where it has no point. */
  past?(context: BlockContext): Block | null;
  /** The figure that sums the block up, as comparisons need it: of several, the first that a host has. */
  primary: readonly ((context: Pick<BlockContext, 'view' | 'perf'>) => number)[];
}
