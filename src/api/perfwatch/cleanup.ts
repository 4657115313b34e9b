import { Type } from 'typebox';
import { HttpError } from '../../http/errors.ts';
import { json } from '../../http/reply.ts';
import { defineRoute, type Route } from '../../http/route.ts';
import { type Cleanup, type CleanupResult, CleanupStoppedError } from '../../jobs/cleanup.ts';
import type { SeriesReader } from '../../pipeline/series-reader.ts';
import { type RuntimeConfig, RuntimeConfigUpdateSchema } from '../../state/runtime-config.ts';
import { dayText } from '../../store/retention/policy.ts';
import type { RetentionTotals } from '../../store/retention/run.ts';
import { answeringRefusals } from '../refusals.ts';
import { isoFromUs } from '../time.ts';
import { hostReaders } from './access.ts';

const Count = (description: string) => Type.Integer({ minimum: 0, description });
const Nullable = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) =>
  Type.Union([schema, Type.Null()]);
const Time = Type.String({ format: 'date-time' });

const ROW_COUNTS = {
  downsampled_count: Count('Raw rows that gave way to aggregates'),
  deleted_count: Count('Rows that were deleted because they were older than retention_days'),
  archived_count: Count('Rows that were written to the archive'),
};

const TOTALS = {
  ...ROW_COUNTS,
  archive_files: Count('Files that were written to the archive'),
  archive_bytes: Count('Their size'),
};

const ResultSchema = Type.Object({ ...TOTALS, last_archive_run: Time, duration_ms: Type.Integer({ minimum: 0 }) });

const StatusSchema = Type.Object({
  running: Type.Boolean(),
  progress: Nullable(
    Type.Object({
      started_at: Time,
      table: Nullable(Type.String()),
      day: Nullable(Type.String({ description: 'UTC day that is worked on' })),
      tables_done: Type.Integer(),
      tables_total: Type.Integer(),
      ...ROW_COUNTS,
    }),
  ),
  last_run: Nullable(
    Type.Object({
      started_at: Time,
      finished_at: Nullable(Time),
      ...TOTALS,
      problem: Nullable(Type.String({ description: 'What went wrong, in one line' })),
    }),
  ),
  next_run: Nullable(Time),
});

const PreviewQuery = Type.Pick(RuntimeConfigUpdateSchema, ['retention_days', 'downsample_after_days']);

const PreviewSchema = Type.Object({
  downsample_before: Time,
  downsample_count: Count('Raw rows that would give way to aggregates'),
  delete_before: Time,
  delete_count: Count('Rows that would be deleted'),
  archive_enabled: Type.Boolean(),
  oldest_record: Nullable(Time),
});

export interface CleanupServices {
  cleanup: Cleanup;
  config: RuntimeConfig;
  reader: SeriesReader;
  /** In ms since the Unix epoch; null while clean-ups are not scheduled. */
  nextRunMs(): number | null;
}

/** Applying the retention policy now, how that goes, and what it would do. */
export function cleanupRoutes({ cleanup, config, reader, nextRunMs }: CleanupServices): Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/api/retention/cleanup',
      summary: 'Applies the retention policy now; answers when that is done',
      description: 'It goes on when the caller hangs up. While one runs, the answer is that of the one that runs.',
      tags: ['perfwatch'],
      access: 'admin',
      responses: {
        200: { description: 'What was done', schema: ResultSchema },
        503: { description: 'Something went wrong; the rest was done' },
      },
      handler: () =>
        answeringRefusals(async () => {
          const result = await runCleanup(cleanup);
          const { finishedAt: last_archive_run, durationMs: duration_ms } = result;
          return json({ ...totalsOf(result), last_archive_run, duration_ms });
        }),
    }),
    defineRoute({
      method: 'GET',
      path: '/api/retention/cleanup',
      summary: 'Whether a clean-up runs, what the last one did, and when the next one is due',
      tags: ['perfwatch'],
      access: hostReaders,
      responses: { 200: { description: 'State of the clean-up', schema: StatusSchema } },
      handler: () => json({ ...statusOf(cleanup), next_run: isoFromMs(nextRunMs()) }),
    }),
    defineRoute({
      method: 'GET',
      path: '/api/retention/preview',
      summary: 'What the next clean-up would do under a policy',
      description: 'Parameters that are left out are as in force.',
      tags: ['perfwatch'],
      access: hostReaders,
      query: PreviewQuery,
      responses: { 200: { description: 'Rows that would change', schema: PreviewSchema } },
      handler: ({ query }) =>
        answeringRefusals(async () => {
          const settings = config.with(query);
          await reader.catchUp(Date.now() * 1_000);
          const preview = await cleanup.preview(settings);
          return json({
            downsample_before: isoFromUs(preview.downsampleBeforeUs),
            downsample_count: preview.downsampleRows,
            delete_before: isoFromUs(preview.deleteBeforeUs),
            delete_count: preview.deleteRows,
            archive_enabled: settings.archive_enabled,
            oldest_record: preview.oldestUs === null ? null : isoFromUs(preview.oldestUs),
          });
        }),
    }),
  ];
}

async function runCleanup(cleanup: Cleanup): Promise<CleanupResult> {
  try {
    const result = await cleanup.run();
    if (result.stopped) throw new CleanupStoppedError('the clean-up was cut short because the daemon is stopping');
    if (result.problem !== null) throw HttpError.unavailable(result.problem);
    return result;
  } catch (error) {
    throw error instanceof CleanupStoppedError ? HttpError.unavailable(error.message) : error;
  }
}

function statusOf({ progress, lastRun }: Cleanup) {
  return {
    running: progress !== null,
    progress: progress && {
      started_at: progress.startedAt,
      table: progress.table,
      day: progress.dayUs === null ? null : dayText(progress.dayUs),
      tables_done: progress.tablesDone,
      tables_total: progress.tablesTotal,
      ...rowCountsOf(progress),
    },
    last_run: lastRun && {
      started_at: lastRun.startedAt,
      finished_at: lastRun.finishedAt,
      ...totalsOf(lastRun),
      problem: lastRun.problem,
    },
  };
}

function rowCountsOf({ downsampledRows, deletedRows, archivedRows }: RetentionTotals) {
  return { downsampled_count: downsampledRows, deleted_count: deletedRows, archived_count: archivedRows };
}

function totalsOf(totals: RetentionTotals) {
  return { ...rowCountsOf(totals), archive_files: totals.archivedFiles, archive_bytes: totals.archivedBytes };
}

function isoFromMs(ms: number | null): string | null {
  return ms === null ? null : isoFromUs(ms * 1_000);
}
