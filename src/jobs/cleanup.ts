import { StateError } from '../state/errors.ts';
import type { RetentionRun } from '../state/retention-runs.ts';
import type { RuntimeConfig, RuntimeSettings } from '../state/runtime-config.ts';
import type { State } from '../state/state.ts';
import { isoSeconds } from '../state/time.ts';
import { previewRetention, type RetentionPreview } from '../store/retention/plan.ts';
import { boundsOf, dayText, type Hold, type RetentionPolicy } from '../store/retention/policy.ts';
import {
  applyRetention,
  NOTHING_DONE,
  type RetentionFailure,
  type RetentionProgress,
  type RetentionStore,
  type RetentionTotals,
  type TableReport,
} from '../store/retention/run.ts';
import type { JobLog } from './log.ts';
import { Mutex } from './mutex.ts';
import { inOneLine } from './problem.ts';

export interface CleanupOptions {
  store: RetentionStore;
  state: State;
  config: RuntimeConfig;
  log: JobLog;
  /** ms since the Unix epoch. */
  now(): number;
  /** Left out of what people are told of a failure; the log has it. */
  dataDir: string;
}

export interface CleanupResult extends RetentionTotals {
  /** ISO 8601 in UTC with whole seconds. */
  startedAt: string;
  finishedAt: string;
  durationMs: number;
  /** What went wrong, in one line without this host's paths; null when nothing did. */
  problem: string | null;
  /** It ended before its time because the daemon stops. */
  stopped: boolean;
}

export interface CleanupProgress extends RetentionProgress {
  startedAt: string;
}

const BUCKET_US: Record<RuntimeSettings['downsample_interval'], number> = {
  '5s': 5_000_000,
  '1m': 60_000_000,
  '5m': 300_000_000,
  '1h': 3_600_000_000,
};

function policyOf(settings: RuntimeSettings): RetentionPolicy {
  return {
    retentionDays: settings.retention_days,
    archive: settings.archive_enabled,
    downsampleAfterDays: settings.downsample_after_days,
    bucketUs: BUCKET_US[settings.downsample_interval],
  };
}

/** The clean-up has stopped because the daemon ends. */
export class CleanupStoppedError extends Error {
  override readonly name = 'CleanupStoppedError';
  readonly code = 'TACHO_CLEANUP_STOPPED';
}

/** Marks, in the list of runs, one that was cut short: it is made up for after the next start. */
const CUT_SHORT = 'cut short: the daemon ended';

/** Applies the retention policy that is in force: one run at a time, kept account of in the state file. */
export class Cleanup {
  /** What one step of a run, or bringing a day back from the archive, does alone. */
  readonly steps = new Mutex();
  readonly #options: CleanupOptions;
  readonly #stopping = new AbortController();
  #running: Promise<CleanupResult> | null = null;
  #progress: CleanupProgress | null = null;
  #lastRun: Omit<RetentionRun, 'id'> | null;
  #lastSuccess: string | null;
  /** Whether the last run was cut short, by a crash or an early end of the daemon. */
  readonly wasCutShort: boolean;

  /** Reads the account of earlier runs. Throws a StateError. */
  constructor(options: CleanupOptions) {
    this.#options = options;
    const runs = options.state.retentionRuns.list();
    const [last] = runs;
    this.wasCutShort = last !== undefined && last.finishedAt === null;
    this.#lastRun = last ? { ...last, problem: last.finishedAt === null ? CUT_SHORT : last.problem } : null;
    this.#lastSuccess = runs.find((run) => run.finishedAt !== null && run.problem === null)?.finishedAt ?? null;
  }

  get progress(): CleanupProgress | null {
    return this.#progress;
  }

  /** The newest that is over. */
  get lastRun(): Omit<RetentionRun, 'id'> | null {
    return this.#lastRun;
  }

  /** When the newest run without a problem ended, ISO 8601. */
  get lastSuccess(): string | null {
    return this.#lastSuccess;
  }

  /**
   * Runs with the settings in force now; resolves when it is over, also with what went wrong. While one runs, it is that one's result.
   * Throws a CleanupStoppedError once the daemon stops.
   */
  run(): Promise<CleanupResult> {
    if (this.#stopping.signal.aborted) {
      return Promise.reject(new CleanupStoppedError('the daemon is stopping: clean up again when it is back'));
    }
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      this.#progress = null;
    });
    return this.#running;
  }

  /** What a run would do under the given settings. */
  preview(settings: RuntimeSettings): Promise<RetentionPreview> {
    const { store, now } = this.#options;
    return previewRetention(store, policyOf(settings), this.#holds(), now() * 1_000);
  }

  /** Lets the store refuse what is past retention already when it comes in. A store that cannot be told now is told by the next run. */
  async refuseOldRows(): Promise<void> {
    const { store, config, log, now } = this.#options;
    try {
      await store.keepFrom(boundsOf(policyOf(config.get()), now() * 1_000).deleteBeforeUs);
    } catch (error) {
      log.warn(
        { error: inOneLine(error) },
        'the store was not told how far back rows are kept: the next clean-up does it',
      );
    }
  }

  /** Ends the run under way behind its current step; there is none any more when it resolves. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<CleanupResult> {
    const { store, config, log, now } = this.#options;
    const policy = policyOf(config.get());
    const [startedMs, startedAt, begun] = [now(), isoSeconds(now()), performance.now()];
    const nothingYet = { ...NOTHING_DONE, table: null, dayUs: null, tablesDone: 0, tablesTotal: 0 };
    this.#progress = { ...nothingYet, startedAt };
    const id = this.#noted('begin', () => this.#options.state.retentionRuns.begin(startedAt));
    this.#noted('forget holds', () => this.#options.state.archiveHolds.removeExpired(startedAt));
    log.info({ retention_days: policy.retentionDays, archive: policy.archive }, 'clean-up: begins');
    const outcome = await applyRetention(store, {
      policy,
      nowUs: startedMs * 1_000,
      holds: () => this.#holds(),
      signal: this.#stopping.signal,
      exclusively: (step) => this.steps.run(step),
      onProgress: (progress) => {
        this.#progress = { ...progress, startedAt };
      },
      onTable: (report) => log.info(tableFields(report), `clean-up: ${report.table}`),
      onFailure: ({ table, error }) => log.error({ table, error: inOneLine(error) }, 'clean-up: a table was left'),
    });
    const { failures, ...totals } = outcome;
    const problem = this.#problemOf(failures, policy.archive);
    const stopped = this.#stopping.signal.aborted;
    const finishedAt = isoSeconds(now());
    this.#lastRun = { ...totals, startedAt, finishedAt, problem: stopped ? CUT_SHORT : problem };
    if (!stopped && problem === null) this.#lastSuccess = finishedAt;
    if (id !== null) {
      const account = { id, ...totals, problem, finishedAt: stopped ? null : finishedAt };
      this.#noted('end', () => this.#options.state.retentionRuns.end(account));
    }
    const durationMs = Math.round(performance.now() - begun);
    log.info(
      { ...fieldsOf(totals), duration_ms: durationMs, problem },
      stopped ? 'clean-up: cut short' : 'clean-up: done',
    );
    return { ...totals, startedAt, finishedAt, durationMs, problem, stopped };
  }

  #holds(): Hold[] {
    return this.#options.state.archiveHolds.active(isoSeconds(this.#options.now()));
  }

  #problemOf([first, ...others]: readonly RetentionFailure[], archive: boolean): string | null {
    if (!first) return null;
    const where = first.table === null ? '' : `${first.table}: `;
    const what = inOneLine(first.error).replaceAll(`${this.#options.dataDir}/`, '');
    const also = others.length === 0 ? '' : `; also ${others.map(({ table }) => table).join(', ')}`;
    return `${where}${what}${also}${archive ? ' (nothing was deleted that is not archived)' : ''}`;
  }

  /** A full disk must not keep the clean-up from making room on it. */
  #noted<Result>(what: string, write: () => Result): Result | null {
    try {
      return write();
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      this.#options.log.warn({ error: error.message }, `clean-up: cannot keep account of it (${what})`);
      return null;
    }
  }
}

function tableFields(report: TableReport) {
  return { ...fieldsOf(report), from_day: dayText(report.firstDayUs), to_day: dayText(report.lastDayUs) };
}

function fieldsOf(totals: RetentionTotals) {
  return {
    downsampled_rows: totals.downsampledRows,
    deleted_rows: totals.deletedRows,
    archived_rows: totals.archivedRows,
    archived_files: totals.archivedFiles,
    archived_bytes: totals.archivedBytes,
  };
}
