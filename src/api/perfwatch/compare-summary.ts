import type { MetricsView } from '../../metrics/view.ts';
import { BLOCKS, type BlockName } from './blocks.ts';
import { figure } from './figures.ts';
import { type FamilyBuckets, type HistoryServices, pastContext, readBuckets } from './history-points.ts';
import type { TimeRange } from './history-query.ts';
import { planView, type ViewPlan } from './history-view.ts';

export interface CompareSummary {
  current_avg: number | null;
  comparison_avg: number | null;
  change_percent: number | null;
}

/** What the primary figures of a block are made of. */
export function primaryPlan(services: HistoryServices, block: BlockName): ViewPlan {
  return planView((view) => primaries(services, block, view));
}

function primaries(services: HistoryServices, block: BlockName, view: MetricsView): number[] {
  const context = pastContext(services, view);
  return BLOCKS[block].primary.map((value) => value(context));
}

/**
 * The mean of each figure that may be a block's primary one, over all that was sampled in a period; NaN where nothing was.
 * @param families what was read of the period for its points, with its primaryPlan counted
 */
export async function primaryMeans(
  services: HistoryServices,
  block: BlockName,
  range: TimeRange,
  families: readonly FamilyBuckets[],
): Promise<number[]> {
  const cut = families.some(({ result }) => result.truncated);
  const means = new Means(cut ? await readWhole(services, block, range) : families);
  return primaries(services, block, means);
}

/** The whole period as one bucket. */
function readWhole(services: HistoryServices, block: BlockName, range: TimeRange): Promise<FamilyBuckets[]> {
  const plan = primaryPlan(services, block);
  const { fromUs, toUs } = range;
  return readBuckets(services, plan, { fromUs, toUs, originUs: fromUs, bucketUs: toUs - fromUs }, plan);
}

/** Means over all buckets, each sample weighing alike. */
class Means implements MetricsView {
  readonly #families: Map<string, FamilyBuckets>;

  constructor(families: readonly FamilyBuckets[]) {
    this.#families = new Map(families.map((buckets) => [buckets.family, buckets]));
  }

  instances(family: string): readonly string[] {
    return this.#families.get(family)?.result.instances ?? [];
  }

  value(family: string, instance: string, field: string): number {
    const buckets = this.#families.get(family);
    if (!buckets) return Number.NaN;
    const { fields, counted, result } = buckets;
    const values = result.columns[fields.indexOf(field)];
    const counts = result.columns[fields.length + counted.indexOf(field)];
    const wanted = result.instances.indexOf(instance);
    let [sum, samples] = [0, 0];
    for (const [row, index] of result.instanceIndex.entries()) {
      const count = counts?.[row] ?? 0;
      if (index !== wanted || count === 0) continue;
      sum += (values?.[row] ?? Number.NaN) * count;
      samples += count;
    }
    return sum / samples;
  }
}

/** Compares the first figure that both periods have, so that one kind of figure is never compared with another. */
export function summarise(current: readonly number[], comparison: readonly number[]): CompareSummary {
  const has = (values: readonly number[]) => (index: number) => !Number.isNaN(values[index] ?? Number.NaN);
  const indexes = [...current.keys()];
  const both = indexes.find((index) => has(current)(index) && has(comparison)(index));
  const chosen = both ?? indexes.find((index) => has(current)(index) || has(comparison)(index)) ?? 0;
  const [now, then] = [current[chosen] ?? Number.NaN, comparison[chosen] ?? Number.NaN];
  return {
    current_avg: figure(now),
    comparison_avg: figure(then),
    // Of nothing, or of 0, there is no percentage; the division says so.
    change_percent: figure(((now - then) / then) * 100),
  };
}
