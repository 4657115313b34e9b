import type { HostInventory } from '../../collect/inventory.ts';
import type { MetricsView } from '../../metrics/view.ts';
import type { RuntimeSettings } from '../../state/runtime-config.ts';

/** What a block may draw on beside the figures. */
export interface BlockContext {
  view: MetricsView;
  host: Pick<HostInventory, 'core_count' | 'physical_cores'>;
  settings: Pick<RuntimeSettings, 'perf_events_cpu_cores' | 'perf_events_interval_ms'>;
  /** When the figures were taken; null in a history. */
  sampleTime: string | null;
}

export type Block = Record<string, unknown>;

export interface BlockKind {
  build(context: BlockContext): Block;
  /** The figure that sums the block up, as comparisons need it: of several, the first that a host has. */
  primary: readonly ((view: MetricsView) => number)[];
}
