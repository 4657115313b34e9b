import { setImmediate as nextTurn } from 'node:timers/promises';
import { LOCAL_COLLECTOR } from '../../auth/bootstrap.ts';
import type { HostInventory } from '../../collect/inventory.ts';
import type { Catalogue } from '../../metrics/catalogue.ts';
import type { MetricsView } from '../../metrics/view.ts';
import type { SeriesReader } from '../../pipeline/series-reader.ts';
import type { RuntimeConfig } from '../../state/runtime-config.ts';
import type { RangeQuery, RangeResult } from '../../store/contract.ts';
import { isoFromUs } from '../time.ts';
import type { Block, BlockContext } from './block.ts';
import { BLOCKS, type BlockName } from './blocks.ts';
import { INTERVALS_US, type Interval, type TimeRange } from './history-query.ts';
import { aggregateOf, HistoryView, planView, type ViewPlan } from './history-view.ts';
import { perfSampling } from './perf.ts';

/** How long points are built without a look at other requests. */
const TURN_MS = 4;

export interface HistoryServices {
  catalogue: Catalogue;
  reader: SeriesReader;
  host: HostInventory;
  config: RuntimeConfig;
  /** The events that the settings name. */
  perfEvents: readonly string[];
}

export interface PointsQuery extends TimeRange {
  interval: Interval;
  limit: number;
  /** Where buckets begin; the Unix epoch when left out. */
  originUs?: number;
}

type ContextServices = Pick<HistoryServices, 'catalogue' | 'config' | 'perfEvents'> & Pick<BlockContext, 'host'>;

/** What blocks of the past are built from. */
export function pastContext({ catalogue, host, config, perfEvents }: ContextServices, view: MetricsView): BlockContext {
  const settings = config.get();
  const perf = perfSampling(catalogue, settings, perfEvents);
  return { view, host, settings, perf, sampleTime: null, counters: null };
}

/** What a block of the past reads. */
export function blockPlan(services: ContextServices, block: BlockName): ViewPlan {
  return planView((view) => pastBlock(block, pastContext(services, view)));
}

function pastBlock(block: BlockName, context: BlockContext): Block | null {
  const { build, past = build } = BLOCKS[block];
  return past(context);
}

/** The data points of a block, each as JSON, oldest first; `truncated` when there were more than `limit`. */
export async function readPoints(
  services: HistoryServices,
  block: BlockName,
  { interval, ...range }: PointsQuery,
): Promise<Points> {
  const plan = blockPlan(services, block);
  const buckets = await readBuckets(services, plan, { ...range, bucketUs: INTERVALS_US[interval] });
  return pointsOf(services, block, buckets, range);
}

/** What a plan asks of one family. */
export interface FamilyBuckets {
  family: string;
  fields: readonly string[];
  /** Fields whose number of samples per bucket is in the columns behind those of `fields`. */
  counted: readonly string[];
  result: RangeResult;
}

export type BucketsQuery = Pick<RangeQuery, 'fromUs' | 'toUs' | 'bucketUs' | 'originUs' | 'limit'>;

/** @param countedPlan of which families which fields are counted too */
export function readBuckets(
  { reader, catalogue }: HistoryServices,
  plan: ViewPlan,
  query: BucketsQuery,
  countedPlan: ViewPlan = new Map(),
): Promise<FamilyBuckets[]> {
  return Promise.all(
    Array.from(plan, async ([family, { fields, ...instances }]) => {
      const counted = countedPlan.get(family)?.fields ?? [];
      const select = [
        ...fields.map((field) => ({ field, aggregate: aggregateOf(catalogue, family, field) })),
        ...counted.map((field) => ({ field, aggregate: 'count' as const })),
      ];
      const selector = { family, collector: LOCAL_COLLECTOR, ...instances, ...query };
      return { family, fields, counted, result: await reader.store.range({ ...selector, select }) };
    }),
  );
}

export interface Points {
  points: string[];
  truncated?: true;
}

export async function pointsOf(
  services: HistoryServices,
  block: BlockName,
  families: readonly FamilyBuckets[],
  { limit }: { limit: number },
): Promise<Points> {
  const all = await encodePoints(services, block, new HistoryView(families));
  // Families may have buckets that others lack, so all of them together may be too many where none was cut.
  const cut = all.length > limit || families.some(({ result }) => result.truncated);
  return { points: all.slice(0, limit), ...(cut ? { truncated: true as const } : {}) };
}

/**
 * The data points as JSON, at all of a view's timestamps or `only` at some. Ten thousand of them take a tenth of a second, in which
 * others are served too.
 */
export async function encodePoints(
  services: HistoryServices,
  block: BlockName,
  view: HistoryView,
  only?: ReadonlySet<number>,
): Promise<string[]> {
  const context = pastContext(services, view);
  const points: string[] = [];
  let turnEndsMs = performance.now() + TURN_MS;
  for (let us = view.advance(); us !== null; us = view.advance()) {
    if (only && !only.has(us)) continue;
    const data = pastBlock(block, context);
    if (data) points.push(JSON.stringify({ timestamp: isoFromUs(us), data }));
    if (performance.now() < turnEndsMs) continue;
    await nextTurn();
    turnEndsMs = performance.now() + TURN_MS;
  }
  return points;
}

/** A JSON object with encoded points and their `count` between the members of `head` and `tail`. */
export function withPoints(head: object, points: readonly string[], tail: object): string {
  const data = `"data_points":[${points.join()}]`;
  return `${JSON.stringify(head).slice(0, -1)},${data},${JSON.stringify({ count: points.length, ...tail }).slice(1)}`;
}
