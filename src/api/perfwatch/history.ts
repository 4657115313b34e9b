import { Type } from 'typebox';
import { HttpError } from '../../http/errors.ts';
import { encodedJson, json } from '../../http/reply.ts';
import { defineRoute, type Route } from '../../http/route.ts';
import { answeringRefusals } from '../refusals.ts';
import { isoFromUs } from '../time.ts';
import { hostReaders } from './access.ts';
import { type CompareServices, compareRoute } from './compare.ts';
import { type HistoryServices, type Points, readPoints, withPoints } from './history-points.ts';
import {
  blockOf,
  DATA_POINTS,
  DEFAULT_LIMIT,
  INTERVAL_NAMES,
  intervalOf,
  limitParameter,
  METRIC_TYPE_PARAMETER,
  METRIC_TYPES,
  STALE,
  TIME,
  TRUNCATED,
  timeRange,
} from './history-query.ts';
import { readRows } from './history-rows.ts';

export function historyRoutes(services: CompareServices): Route[] {
  return [historyMetrics(services), historyTypes(), compareRoute(services)];
}

function historyMetrics(services: HistoryServices): Route {
  return defineRoute({
    method: 'GET',
    path: '/api/history/metrics',
    summary: 'Past figures of one metric type, aggregated into buckets or as sampled',
    tags: ['perfwatch'],
    access: hostReaders,
    query: Type.Object({
      metric_type: METRIC_TYPE_PARAMETER,
      start_time: Type.String({ maxLength: 64, description: 'ISO 8601; inclusive; UTC when it names no zone' }),
      end_time: Type.String({ maxLength: 64, description: 'ISO 8601; exclusive' }),
      interval: Type.Optional(
        Type.Enum([...INTERVAL_NAMES, 'auto', 'raw'], {
          description: 'Bucket width; raw answers the rows as sampled, page by page',
        }),
      ),
      limit: limitParameter('Data points'),
      cursor: Type.Optional(
        Type.String({ maxLength: 256, description: 'next_cursor of the page before; interval=raw only' }),
      ),
    }),
    responses: { 200: { description: 'Data points, oldest first', schema: HISTORY_RESPONSE } },
    async handler({ query }) {
      const { fromUs, toUs } = timeRange(
        { name: 'start_time', text: query.start_time },
        { name: 'end_time', text: query.end_time },
      );
      if (query.cursor !== undefined && query.interval !== 'raw') {
        throw HttpError.badRequest('cursor: goes with interval=raw only', 'cursor');
      }
      const { metric_type } = query;
      const block = blockOf(metric_type);
      const range = { fromUs, toUs, limit: query.limit ?? DEFAULT_LIMIT };
      const interval = query.interval === 'raw' ? 'raw' : intervalOf(query.interval, toUs - fromUs);
      const stale = await services.reader.catchUp(toUs);
      const { points, ...rest } = await answeringRefusals<Points & { next_cursor?: string | null }>(() =>
        interval === 'raw'
          ? readRows(services, block, range, query.cursor)
          : readPoints(services, block, { ...range, interval }),
      );
      const head = { metric_type, start_time: isoFromUs(fromUs), end_time: isoFromUs(toUs), interval };
      return encodedJson(withPoints(head, points, { ...rest, ...(stale ? { stale } : {}) }));
    },
  });
}

const HISTORY_RESPONSE = Type.Object({
  metric_type: Type.String(),
  start_time: TIME,
  end_time: TIME,
  interval: Type.String(),
  data_points: DATA_POINTS,
  count: Type.Integer(),
  truncated: TRUNCATED,
  next_cursor: Type.Optional(Type.Union([Type.String(), Type.Null()], { description: 'interval=raw: the next page' })),
  stale: STALE,
});

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
    handler: () => json({ metric_types: METRIC_TYPES }),
  });
}
