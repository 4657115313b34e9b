import type { HostInventory } from '../../collect/inventory.ts';
import type { MetricsView } from '../../metrics/view.ts';

/** What a block may draw on beside the figures. */
export interface BlockContext {
  view: MetricsView;
  host: Pick<HostInventory, 'core_count' | 'physical_cores'>;
  perfEvents: { cpu_cores: string; interval_ms: number };
  /** When the figures were taken; null in a history. */
  sampleTime: string | null;
}

export type Block = Record<string, unknown>;
