import { setImmediate as nextTurn } from 'node:timers/promises';
import { Type } from 'typebox';
import { LOCAL_COLLECTOR } from '../../auth/bootstrap.ts';
import type { HostInventory } from '../../collect/inventory.ts';
import { HttpError } from '../../http/errors.ts';
import { encodedJson, json } from '../../http/reply.ts';
import { defineRoute, type Route } from '../../http/route.ts';
import type { Catalogue } from '../../metrics/catalogue.ts';
import type { SeriesReader } from '../../pipeline/series-reader.ts';
import type { RuntimeConfig } from '../../state/runtime-config.ts';
import { type RowsPage, type RowsQuery, StoreError } from '../../store/contract.ts';
import { answeringRefusals } from '../refusals.ts';
import { isoFromUs, usFromIso } from '../time.ts';
import { hostReaders } from './access.ts';
import type { Block, BlockContext } from './block.ts';
import { BLOCKS, type BlockName } from './blocks.ts';
import { aggregateOf, HistoryView, planBlock } from './history-view.ts';

/** The types PerfWatch lists; `perf` is an alias of `perf_events` in queries. */
const METRIC_TYPES = ['cpu', 'disk', 'memory', 'memory_bandwidth', 'network', 'perf_events'] as const;

const SECOND_US = 1_000_000;
const INTERVALS_US = {
  '5s': 5 * SECOND_US,
  '1m': 60 * SECOND_US,
  '5m': 300 * SECOND_US,
  '1h': 3_600 * SECOND_US,
} as const;
type Interval = keyof typeof INTERVALS_US;

const DEFAULT_LIMIT = 1_000;
const MAX_LIMIT = 10_000;
/** How long points are built without a look at other requests. */
const TURN_MS = 4;

export interface HistoryServices {
  catalogue: Catalogue;
  reader: SeriesReader;
  host: HostInventory;
  config: RuntimeConfig;
}

interface DataPoint {
  timestamp: string;
  data: Block;
}

/** Auto interval: fine enough to see, coarse enough to draw. */
function autoInterval(rangeUs: number): Interval {
  if (rangeUs <= 1_800 * SECOND_US) return '5s';
  if (rangeUs <= 12 * 3_600 * SECOND_US) return '1m';
  if (rangeUs <= 3 * 86_400 * SECOND_US) return '5m';
  return '1h';
}

/** Reads a time parameter. @throws HttpError 400 that names it. */
function timeParameter(name: string, text: string): number {
  const us = usFromIso(text);
  if (us === null)
    throw HttpError.badRequest(`${name}: must be an ISO 8601 date-time, for example 2025-01-18T10:00:00Z`, name);
  return us;
}

export function historyRoutes(services: HistoryServices): Route[] {
  return [historyMetrics(services), historyTypes()];
}

const PLANS = new Map((Object.keys(BLOCKS) as BlockName[]).map((name) => [name, planBlock(BLOCKS[name])]));

function historyMetrics(services: HistoryServices): Route {
  return defineRoute({
    method: 'GET',
    path: '/api/history/metrics',
    summary: 'Past figures of one metric type, aggregated into buckets or as sampled',
    tags: ['perfwatch'],
    access: hostReaders,
    query: Type.Object({
      metric_type: Type.Enum([...METRIC_TYPES, 'perf'], {
        description: 'What to read; perf is an alias of perf_events',
      }),
      start_time: Type.String({ maxLength: 64, description: 'ISO 8601; inclusive; UTC when it names no zone' }),
      end_time: Type.String({ maxLength: 64, description: 'ISO 8601; exclusive' }),
      interval: Type.Optional(
        Type.Enum([...(Object.keys(INTERVALS_US) as Interval[]), 'auto', 'raw'], {
          description: 'Bucket width; raw answers the rows as sampled, page by page',
        }),
      ),
      limit: Type.Optional(
        Type.Integer({ minimum: 1, maximum: MAX_LIMIT, description: `Data points; ${DEFAULT_LIMIT} if absent` }),
      ),
      cursor: Type.Optional(
        Type.String({ maxLength: 256, description: 'next_cursor of the page before; interval=raw only' }),
      ),
    }),
    responses: { 200: { description: 'Data points, oldest first', schema: HISTORY_RESPONSE } },
    async handler({ query }) {
      const fromUs = timeParameter('start_time', query.start_time);
      const toUs = timeParameter('end_time', query.end_time);
      if (toUs <= fromUs) throw HttpError.badRequest('end_time: must be later than start_time', 'end_time');
      if (query.cursor !== undefined && query.interval !== 'raw') {
        throw HttpError.badRequest('cursor: goes with interval=raw only', 'cursor');
      }
      const range = { fromUs, toUs, limit: query.limit ?? DEFAULT_LIMIT };
      const stale = await services.reader.catchUp(toUs);
      const { interval, points, ...rest } = await answeringRefusals(async () =>
        query.interval === 'raw'
          ? await readRaw(services, query.metric_type, range, query.cursor)
          : await readBuckets(services, query.metric_type, range, query.interval),
      );
      const { metric_type } = query;
      const head = { metric_type, start_time: isoFromUs(fromUs), end_time: isoFromUs(toUs), interval };
      const tail = { count: points.length, ...rest, ...(stale ? { stale } : {}) };
      const data = `"data_points":[${points.join()}]`;
      return encodedJson(`${JSON.stringify(head).slice(0, -1)},${data},${JSON.stringify(tail).slice(1)}`);
    },
  });
}

const HISTORY_RESPONSE = Type.Object({
  metric_type: Type.String(),
  start_time: Type.String({ format: 'date-time' }),
  end_time: Type.String({ format: 'date-time' }),
  interval: Type.String(),
  data_points: Type.Array(
    Type.Object({ timestamp: Type.String({ format: 'date-time' }), data: Type.Record(Type.String(), Type.Unknown()) }),
  ),
  count: Type.Integer(),
  truncated: Type.Optional(Type.Boolean({ description: 'There were more buckets than limit; the oldest are given' })),
  next_cursor: Type.Optional(Type.Union([Type.String(), Type.Null()], { description: 'interval=raw: the next page' })),
  stale: Type.Optional(Type.Boolean({ description: 'The store did not take the newest rows in time' })),
});

interface Range {
  fromUs: number;
  toUs: number;
  limit: number;
}

async function readBuckets(
  services: HistoryServices,
  block: BlockName,
  range: Range,
  asked: Interval | 'auto' | undefined,
) {
  const interval = asked === undefined || asked === 'auto' ? autoInterval(range.toUs - range.fromUs) : asked;
  const results = await Promise.all(
    Array.from(PLANS.get(block) ?? [], async ([family, fields]) => {
      const select = fields.map((field) => ({ field, aggregate: aggregateOf(services.catalogue, family, field) }));
      const selector = { family, collector: LOCAL_COLLECTOR, ...range, bucketUs: INTERVALS_US[interval] };
      return { family, fields, result: await services.reader.store.range({ ...selector, select }) };
    }),
  );
  const all = await encodePoints(services, block, new HistoryView(results));
  // Families may have buckets that others lack, so all of them together may be too many where none was cut.
  const truncated = all.length > range.limit || results.some(({ result }) => result.truncated);
  return { interval, points: all.slice(0, range.limit), ...(truncated ? { truncated } : {}) };
}

async function readRaw(services: HistoryServices, block: BlockName, range: Range, cursor: string | undefined) {
  const [lead, ...others] = PLANS.get(block) ?? [];
  if (!lead) return { interval: 'raw' as const, points: [], next_cursor: null };
  const [family, fields] = lead;
  const selector = { collector: LOCAL_COLLECTOR, ...range };
  const page = await leadPage(services, { ...selector, family, fields, ...(cursor === undefined ? {} : { cursor }) });
  const results = [{ family, fields, result: page }];
  const first = page.timestampsUs[0];
  const last = page.timestampsUs.at(-1);
  if (first !== undefined && last !== undefined) {
    // The other families of the block join at the lead's own timestamps.
    const span = { ...selector, fromUs: first, toUs: last + 1 };
    for (const [family, fields] of others) {
      results.push({ family, fields, result: await services.reader.store.rows({ ...span, family, fields }) });
    }
  }
  const leadTimes = new Set(page.timestampsUs);
  const points = await encodePoints(services, block, new HistoryView(results), leadTimes);
  return { interval: 'raw' as const, points, next_cursor: page.nextCursor };
}

/** The only part of a query that the caller makes up and the schema cannot check is the cursor. */
async function leadPage({ reader }: HistoryServices, query: RowsQuery): Promise<RowsPage> {
  try {
    return await reader.store.rows(query);
  } catch (error) {
    if (error instanceof StoreError && error.code === 'TACHO_BAD_QUERY' && query.cursor !== undefined) {
      throw HttpError.badRequest('cursor: must be the next_cursor of an answer to the same query', 'cursor');
    }
    throw error;
  }
}

/** The data points as JSON. Ten thousand of them take a tenth of a second, in which others are served too. */
async function encodePoints(
  services: HistoryServices,
  block: BlockName,
  view: HistoryView,
  only?: ReadonlySet<number>,
): Promise<string[]> {
  const context: BlockContext = { view, host: services.host, settings: services.config.get(), sampleTime: null };
  const points: string[] = [];
  let turnEndsMs = performance.now() + TURN_MS;
  for (let us = view.advance(); us !== null; us = view.advance()) {
    if (only && !only.has(us)) continue;
    const point: DataPoint = { timestamp: isoFromUs(us), data: BLOCKS[block](context) };
    points.push(JSON.stringify(point));
    if (performance.now() < turnEndsMs) continue;
    await nextTurn();
    turnEndsMs = performance.now() + TURN_MS;
  }
  return points;
}

function historyTypes(): Route {
  return defineRoute({
    method: 'GET',
    path: '/api/history/metrics/types',
    summary: 'The metric types that history can be asked for',
    tags: ['perfwatch'],
    access: hostReaders,
    responses: {
      200: { description: 'Metric types', schema: Type.Object({ metric_types: Type.Array(Type.String()) }) },
    },
    handler: () => json({ metric_types: [...METRIC_TYPES] }),
  });
}
