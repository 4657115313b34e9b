import { Type } from 'typebox';
import { json, text } from '../../http/reply.ts';
import { defineRoute, type Route } from '../../http/route.ts';
import type { Catalogue } from '../../metrics/catalogue.ts';
import type { MetricsView } from '../../metrics/view.ts';
import { hostReaders } from '../perfwatch/access.ts';
import { checkHealth, type HealthSources } from './health.ts';
import { type InstanceLabels, OPENMETRICS_CONTENT_TYPE, openMetrics } from './openmetrics.ts';
import { type OwnFigures, ownMetrics } from './own-metrics.ts';

export interface OperationsServices extends HealthSources {
  catalogue: Catalogue;
  view: MetricsView;
  instanceLabels: InstanceLabels;
  metricsAuth: boolean;
  streamFigures(): OwnFigures['stream'];
  connections(): number;
}

const HealthSchema = Type.Object({
  status: Type.Enum(['ready', 'degraded', 'unavailable']),
  reasons: Type.Array(Type.String()),
});

/** What operators and their scrapers ask for. */
export function operationsRoutes(services: OperationsServices): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/healthz',
      summary: 'Whether the daemon is alive',
      tags: ['operations'],
      access: 'public',
      responses: { 200: { description: 'Alive', schema: Type.Object({ status: Type.Literal('ok') }) } },
      handler: () => json({ status: 'ok' }),
    }),
    defineRoute({
      method: 'GET',
      path: '/readyz',
      summary: 'Whether the daemon can keep what it samples, and what is missing',
      tags: ['operations'],
      access: 'public',
      responses: {
        200: { description: 'Ready, or degraded with reasons', schema: HealthSchema },
        503: { description: 'Samples may be lost', schema: HealthSchema },
      },
      async handler() {
        const health = await checkHealth(services);
        return json(health, health.status === 'unavailable' ? 503 : 200);
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/metrics',
      summary: "This host's figures and the daemon's own, as OpenMetrics",
      tags: ['operations'],
      access: services.metricsAuth ? hostReaders : 'public',
      responses: { 200: { description: 'OpenMetrics 1.0 text' } },
      async handler() {
        const own = ownMetrics({
          sampler: services.samplerStats(),
          outbox: await services.outboxStatus().catch(() => null),
          stream: services.streamFigures(),
          connections: services.connections(),
        });
        return text(openMetrics(services.catalogue, services.view, own, services.instanceLabels), 200, {
          'content-type': OPENMETRICS_CONTENT_TYPE,
        });
      },
    }),
  ];
}
