import { Type } from 'typebox';
import { encodedJson } from '../../http/reply.ts';
import { defineRoute, type Route } from '../../http/route.ts';
import { answeringRefusals } from '../refusals.ts';
import { isoFromUs } from '../time.ts';
import { hostReaders } from './access.ts';
import type { BlockName } from './blocks.ts';
import { PERIOD_PARAMETERS, type Periods, periodsOf } from './compare-periods.ts';
import { primaryMeans, primaryPlan, summarise } from './compare-summary.ts';
import {
  type BucketsQuery,
  blockPlan,
  type HistoryServices,
  pointsOf,
  readBuckets,
  withPoints,
} from './history-points.ts';
import {
  blockOf,
  DATA_POINTS,
  DEFAULT_LIMIT,
  INTERVAL_NAMES,
  INTERVALS_US,
  type Interval,
  intervalOf,
  limitParameter,
  METRIC_TYPE_PARAMETER,
  STALE,
  TIME,
  type TimeRange,
  TRUNCATED,
} from './history-query.ts';

const PERIOD = Type.Object({
  start_time: TIME,
  end_time: TIME,
  data_points: DATA_POINTS,
  count: Type.Integer(),
  truncated: TRUNCATED,
});

const AVERAGE = Type.Union([Type.Number(), Type.Null()], {
  description:
    'Of usage_percent; bytes sent and received per second; bytes read and written per second; instructions per cycle, or else cpu-clock; memory traffic, or else page I/O, in bytes per second',
});

const COMPARE_RESPONSE = Type.Object({
  metric_type: Type.String(),
  period: Type.String({ description: 'custom when the periods were given' }),
  compare_to: Type.String({ description: 'custom when the periods were given' }),
  interval: Type.Enum(INTERVAL_NAMES),
  current: PERIOD,
  comparison: PERIOD,
  summary: Type.Object(
    {
      current_avg: AVERAGE,
      comparison_avg: AVERAGE,
      change_percent: Type.Union([Type.Number(), Type.Null()], {
        description: '(current - comparison) / comparison × 100; null when one of them is missing or comparison is 0',
      }),
    },
    { description: 'Means over all that was sampled in each period, whatever limit and interval are' },
  ),
  stale: STALE,
});

export interface CompareServices extends HistoryServices {
  /** ms since the Unix epoch. */
  now?(): number;
}

/** `GET /api/history/compare`: two periods side by side, point i of both as far from their starts. */
export function compareRoute(services: CompareServices): Route {
  const clock = services.now ?? Date.now;
  return defineRoute({
    method: 'GET',
    path: '/api/history/compare',
    summary: 'Past figures of one metric type in two periods of the same length',
    description:
      'Either period and compare_to, or all of start_time_1, end_time_1, start_time_2 and end_time_2; then 1 is the current period.',
    tags: ['perfwatch'],
    access: hostReaders,
    query: Type.Object({
      metric_type: METRIC_TYPE_PARAMETER,
      ...PERIOD_PARAMETERS,
      limit: limitParameter('Data points per period'),
      interval: Type.Optional(Type.Enum([...INTERVAL_NAMES, 'auto'], { description: 'Bucket width' })),
    }),
    responses: { 200: { description: 'Both periods, and how their means differ', schema: COMPARE_RESPONSE } },
    async handler({ query }) {
      const { metric_type, limit = DEFAULT_LIMIT } = query;
      const periods = periodsOf(query, Math.trunc(clock() * 1_000));
      const { period, compare_to, current, comparison } = periods;
      const interval = intervalOf(query.interval, current.toUs - current.fromUs);
      const stale = await services.reader.catchUp(Math.max(current.toUs, comparison.toUs));
      const read = (range: TimeRange) =>
        readPeriod(services, blockOf(metric_type), {
          ...range,
          ...originOf(periods, range, interval),
          bucketUs: INTERVALS_US[interval],
          limit,
        });
      const [now, then] = await answeringRefusals(() => Promise.all([read(current), read(comparison)]));
      const head = JSON.stringify({ metric_type, period, compare_to, interval });
      const tail = JSON.stringify({ summary: summarise(now.means, then.means), ...(stale ? { stale } : {}) });
      return encodedJson(`${head.slice(0, -1)},"current":${now.json},"comparison":${then.json},${tail.slice(1)}`);
    },
  });
}

/** Round timestamps where buckets of both periods can have them; else each period is divided from its start. */
function originOf({ current, comparison }: Periods, range: TimeRange, interval: Interval): { originUs?: number } {
  return (current.fromUs - comparison.fromUs) % INTERVALS_US[interval] === 0 ? {} : { originUs: range.fromUs };
}

/** A period as JSON, and the means of its primary figures. */
async function readPeriod(
  services: HistoryServices,
  block: BlockName,
  query: BucketsQuery & { limit: number },
): Promise<{ json: string; means: number[] }> {
  const families = await readBuckets(services, blockPlan(services, block), query, primaryPlan(services, block));
  const { points, ...cut } = await pointsOf(services, block, families, query);
  const head = { start_time: isoFromUs(query.fromUs), end_time: isoFromUs(query.toUs) };
  return { json: withPoints(head, points, cut), means: await primaryMeans(services, block, query, families) };
}
