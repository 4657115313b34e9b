import { Type } from 'typebox';
import { json } from '../../http/reply.ts';
import { defineRoute, type Route } from '../../http/route.ts';
import {
  type RuntimeConfig,
  RuntimeConfigSchema,
  RuntimeConfigUpdateSchema,
  type RuntimeSettings,
} from '../../state/runtime-config.ts';
import { answeringRefusals } from '../refusals.ts';
import { hostReaders } from './access.ts';

/** The settings that PerfWatch's configuration page knows; the clean-up schedule has a page of its own. */
const SHOWN = [
  'sampling_interval_seconds',
  'retention_days',
  'archive_enabled',
  'downsample_after_days',
  'downsample_interval',
  'perf_events_enabled',
  'perf_events_cpu_cores',
  'perf_events_interval_ms',
] as const satisfies readonly (keyof RuntimeSettings)[];

const READ_ONLY = { app_version: Type.String({ description: 'Version of the daemon; cannot be changed' }) };

const ConfigSchema = Type.Object({ ...Type.Pick(RuntimeConfigSchema, [...SHOWN]).properties, ...READ_ONLY });

/** PerfWatch's page sends back all that it read, so what cannot be changed is accepted and left alone. */
const ConfigUpdateSchema = Type.Object(
  { ...Type.Pick(RuntimeConfigUpdateSchema, [...SHOWN]).properties, app_version: Type.Optional(Type.String()) },
  { additionalProperties: false },
);

export interface ConfigServices {
  config: RuntimeConfig;
  appVersion: string;
}

export function configRoutes({ config, appVersion }: ConfigServices): Route[] {
  const shown = () => {
    const settings = config.get();
    return { ...Object.fromEntries(SHOWN.map((name) => [name, settings[name]])), app_version: appVersion };
  };
  return [
    defineRoute({
      method: 'GET',
      path: '/api/config',
      summary: 'The settings in force',
      tags: ['perfwatch'],
      access: hostReaders,
      responses: { 200: { description: 'Settings', schema: ConfigSchema } },
      handler: () => json(shown()),
    }),
    defineRoute({
      method: 'PUT',
      path: '/api/config',
      summary: 'Changes settings: all of those given or none; they take effect at once and survive a restart',
      tags: ['perfwatch'],
      access: 'admin',
      body: ConfigUpdateSchema,
      responses: {
        200: {
          description: 'The settings in force now',
          schema: Type.Object({ message: Type.String(), config: ConfigSchema }),
        },
      },
      handler({ body }) {
        const { app_version: _readOnly, ...changes } = body;
        return answeringRefusals(() => {
          config.update(changes);
          return json({ message: 'Configuration updated', config: shown() });
        });
      },
    }),
  ];
}
