import { Type } from 'typebox';
import { json } from '../../http/reply.ts';
import { defineRoute, type Route } from '../../http/route.ts';
import type { SeriesReader } from '../../pipeline/series-reader.ts';
import {
  type RuntimeConfig,
  RuntimeConfigSchema,
  RuntimeConfigUpdateSchema,
  type RuntimeSettings,
} from '../../state/runtime-config.ts';
import type { StoreUsage } from '../../store/contract.ts';
import { answeringRefusals } from '../refusals.ts';
import { isoFromUs } from '../time.ts';
import { hostReaders } from './access.ts';

const POLICY = [
  'retention_days',
  'archive_enabled',
  'downsample_after_days',
  'downsample_interval',
] as const satisfies readonly (keyof RuntimeSettings)[];

const WRITABLE = [...POLICY, 'cleanup_enabled', 'cleanup_interval_minutes'] as const;

const Time = Type.String({ format: 'date-time' });
const NullableTime = Type.Union([Time, Type.Null()]);

const PolicySchema = Type.Pick(RuntimeConfigSchema, [...POLICY]);

const DetailsSchema = Type.Object({
  ...PolicySchema.properties,
  current_data_size_mb: Type.Number({ description: 'Size of the stored series in MiB, without the archive' }),
  oldest_record: NullableTime,
  newest_record: NullableTime,
});

const RetentionSchema = Type.Object({
  id: Type.Literal(1),
  ...Type.Pick(RuntimeConfigSchema, [...WRITABLE]).properties,
  last_archive_run: NullableTime,
  created_at: Time,
  updated_at: Time,
});

const Ignored = Type.Optional(Type.Unknown({ description: 'Cannot be changed: accepted, and left alone' }));

/** PerfWatch's page sends back all that it read. */
const RetentionUpdateSchema = Type.Object(
  {
    ...Type.Pick(RuntimeConfigUpdateSchema, [...WRITABLE]).properties,
    id: Ignored,
    last_archive_run: Ignored,
    created_at: Ignored,
    updated_at: Ignored,
  },
  { additionalProperties: false },
);

export interface RetentionServices {
  config: RuntimeConfig;
  reader: SeriesReader;
  /** When the newest clean-up without a problem ended. */
  lastArchiveRun(): string | null;
  /** When this installation was made, ISO 8601. */
  createdAt: string;
  /** When one of these settings was last set, ISO 8601; null when none ever was. */
  lastSet(settings: readonly string[]): string | null;
}

/** What is kept for how long, and what there is. */
export function retentionRoutes({ config, reader, ...services }: RetentionServices): Route[] {
  const policy = () => pick(config.get(), POLICY);
  const shown = () => ({
    id: 1,
    ...pick(config.get(), WRITABLE),
    last_archive_run: services.lastArchiveRun(),
    created_at: services.createdAt,
    updated_at: services.lastSet(WRITABLE) ?? services.createdAt,
  });
  return [
    defineRoute({
      method: 'GET',
      path: '/api/config/retention',
      summary: 'What is kept for how long, how much there is, and from when to when',
      tags: ['perfwatch'],
      access: hostReaders,
      responses: { 200: { description: 'Retention policy and data', schema: DetailsSchema } },
      handler: () =>
        answeringRefusals(async () => {
          await reader.catchUp(Date.now() * 1_000);
          return json({ ...policy(), ...dataOf(await reader.store.usage()) });
        }),
    }),
    defineRoute({
      method: 'GET',
      path: '/api/retention',
      summary: 'What is kept for how long, and when it is cleaned up',
      tags: ['perfwatch'],
      access: hostReaders,
      responses: { 200: { description: 'Retention policy', schema: RetentionSchema } },
      handler: () => answeringRefusals(() => json(shown())),
    }),
    defineRoute({
      method: 'PUT',
      path: '/api/retention',
      summary: 'Changes the retention policy: all that is given or nothing; it takes effect with the next clean-up',
      tags: ['perfwatch'],
      access: 'admin',
      body: RetentionUpdateSchema,
      responses: { 200: { description: 'The policy in force now', schema: RetentionSchema } },
      handler({ body }) {
        const { id: _id, last_archive_run: _run, created_at: _created, updated_at: _updated, ...changes } = body;
        return answeringRefusals(() => {
          config.update(changes);
          return json(shown());
        });
      },
    }),
  ];
}

function pick<Name extends keyof RuntimeSettings>(settings: RuntimeSettings, names: readonly Name[]) {
  return Object.fromEntries(names.map((name) => [name, settings[name]])) as Pick<RuntimeSettings, Name>;
}

/** Raw and rolled-up rows are the records; events have routes of their own. */
function dataOf({ bytes, tables }: StoreUsage) {
  const series = tables.filter(({ kind }) => kind !== 'event');
  const oldest = series.flatMap(({ oldestUs }) => oldestUs ?? []);
  const newest = series.flatMap(({ newestUs }) => newestUs ?? []);
  return {
    // Rounded up: what is there is never shown as nothing.
    current_data_size_mb: Math.ceil((bytes / 2 ** 20) * 100) / 100,
    oldest_record: oldest.length === 0 ? null : isoFromUs(Math.min(...oldest)),
    newest_record: newest.length === 0 ? null : isoFromUs(Math.max(...newest)),
  };
}
