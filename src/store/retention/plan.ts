import type { DayRows, SeriesStore, StoreUsage } from '../contract.ts';
import { boundsOf, type Hold, isHeld, type RetentionBounds, type RetentionPolicy } from './policy.ts';

type Table = Pick<StoreUsage['tables'][number], 'name' | 'kind'>;

/** One UTC day of a table, and what happens to it. */
export interface RetentionStep {
  kind: 'rollup' | 'prune';
  table: string;
  dayUs: number;
  /** How many rows the day had when the step was planned. */
  rows: number;
}

/** In which order tables are looked at: raw rows give way before anything else does. */
const ORDER: readonly Table['kind'][] = ['series', 'rollup', 'event'];

/** Every table that retention is to look at, in that order. */
export function tablesInOrder<T extends Table>(tables: readonly T[]): T[] {
  return ORDER.flatMap((kind) => tables.filter((table) => table.kind === kind));
}

/** The moment before which a table's rows are of interest. */
export function horizonUs({ kind }: Table, { downsampleBeforeUs, deleteBeforeUs }: RetentionBounds): number {
  return kind === 'series' ? downsampleBeforeUs : deleteBeforeUs;
}

/** What happens to the days of a table, the oldest first. Held days stay as they are. */
export function stepsFor(
  { name: table, kind }: Table,
  days: readonly DayRows[],
  bounds: RetentionBounds,
  holds: readonly Hold[],
): RetentionStep[] {
  const horizon = horizonUs({ name: table, kind }, bounds);
  return days
    .filter(({ dayUs }) => dayUs < horizon && !isHeld(holds, table, dayUs))
    .map(({ dayUs, rows }) => ({
      kind: dayUs < bounds.deleteBeforeUs ? ('prune' as const) : ('rollup' as const),
      table,
      dayUs,
      rows,
    }))
    .sort((a, b) => a.dayUs - b.dayUs);
}

export interface RetentionPreview extends RetentionBounds {
  /** Raw rows that would give way to rolled-up ones. */
  downsampleRows: number;
  deleteRows: number;
  /** Of all tables; null when there are no rows. */
  oldestUs: number | null;
}

/** What a clean-up would do now. */
export async function previewRetention(
  store: Pick<SeriesStore, 'usage' | 'days'>,
  policy: RetentionPolicy,
  holds: readonly Hold[],
  nowUs: number,
): Promise<RetentionPreview> {
  const bounds = boundsOf(policy, nowUs);
  const { tables } = await store.usage();
  const preview: RetentionPreview = { ...bounds, downsampleRows: 0, deleteRows: 0, oldestUs: null };
  for (const table of tables) {
    if (table.oldestUs !== null) preview.oldestUs = Math.min(preview.oldestUs ?? Infinity, table.oldestUs);
    const days = await store.days({ table: table.name, toUs: horizonUs(table, bounds) });
    for (const { kind, rows } of stepsFor(table, days, bounds, holds)) {
      if (kind === 'prune') preview.deleteRows += rows;
      else preview.downsampleRows += rows;
    }
  }
  return preview;
}
