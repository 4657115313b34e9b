import type { ArchivedRows, SeriesStore } from '../contract.ts';
import { DAY_US } from '../days.ts';
import { horizonUs, type RetentionStep, stepsFor, tablesInOrder } from './plan.ts';
import { boundsOf, type Hold, isHeld, type RetentionPolicy } from './policy.ts';

export type RetentionStore = Pick<SeriesStore, 'usage' | 'days' | 'rollup' | 'prune' | 'keepFrom'>;

export interface RetentionTotals {
  /** Raw rows that gave way to rolled-up ones. */
  downsampledRows: number;
  deletedRows: number;
  archivedRows: number;
  archivedFiles: number;
  archivedBytes: number;
}

/** What was done in one table. */
export interface TableReport extends RetentionTotals {
  table: string;
  /** The first and the last day that was worked on, as starts of UTC days. */
  firstDayUs: number;
  lastDayUs: number;
}

export interface RetentionProgress extends RetentionTotals {
  /** What is worked on; null between tables. */
  table: string | null;
  dayUs: number | null;
  tablesDone: number;
  tablesTotal: number;
}

export interface RetentionFailure {
  /** Null when no table could be looked at. */
  table: string | null;
  error: unknown;
}

export interface RetentionOptions {
  policy: RetentionPolicy;
  nowUs: number;
  /** The holds in force, asked for before each step. */
  holds(): readonly Hold[];
  /** Ends the run behind the step that is under way. */
  signal: AbortSignal;
  /** Does each step; whoever must not be disturbed by one waits here. */
  exclusively?<Result>(step: () => Promise<Result>): Promise<Result>;
  onProgress?(progress: Readonly<RetentionProgress>): void;
  onTable?(report: TableReport): void;
  onFailure?(failure: RetentionFailure): void;
}

export interface RetentionOutcome extends RetentionTotals {
  /** In the order of their tables; empty when all went well. */
  failures: RetentionFailure[];
}

export const NOTHING_DONE: Readonly<RetentionTotals> = {
  downsampledRows: 0,
  deletedRows: 0,
  archivedRows: 0,
  archivedFiles: 0,
  archivedBytes: 0,
};

/**
 * Applies a retention policy once. Rows older than it allows are refused from then on (`keepFrom`). Then, table by table and the oldest day
 * first: raw rows past `retentionDays` are deleted, raw rows past `downsampleAfterDays` give way to rolled-up ones; after them rolled-up
 * rows and events past `retentionDays` are deleted. With `archive`, nothing leaves that is not in the archive.
 *
 * It works in whole UTC days (see `boundsOf`) and leaves held days alone. It keeps no plan: each step is whole or can be done again, so
 * a run that was killed is made good by the next one. A failure ends the work on its table, not on the others.
 */
export async function applyRetention(store: RetentionStore, options: RetentionOptions): Promise<RetentionOutcome> {
  const run = new RetentionRun(store, options);
  await run.all();
  return run.outcome;
}

class RetentionRun {
  readonly outcome: RetentionOutcome = { ...NOTHING_DONE, failures: [] };
  readonly #store: RetentionStore;
  readonly #options: RetentionOptions;
  readonly #bounds: ReturnType<typeof boundsOf>;

  constructor(store: RetentionStore, options: RetentionOptions) {
    this.#store = store;
    this.#options = options;
    this.#bounds = boundsOf(options.policy, options.nowUs);
  }

  async all(): Promise<void> {
    const { signal } = this.#options;
    try {
      await this.#store.keepFrom(this.#bounds.deleteBeforeUs);
      const tables = tablesInOrder((await this.#store.usage()).tables);
      for (const [done, table] of tables.entries()) {
        if (signal.aborted) return;
        this.#progress(done, tables.length, null);
        await this.#table(table, (step) => this.#progress(done, tables.length, step));
      }
      this.#progress(tables.length, tables.length, null);
    } catch (error) {
      this.#fail({ table: null, error });
    }
  }

  async #table(
    table: Awaited<ReturnType<RetentionStore['usage']>>['tables'][number],
    begin: (step: RetentionStep) => void,
  ): Promise<void> {
    const { signal, holds, onTable } = this.#options;
    const report: TableReport = { ...NOTHING_DONE, table: table.name, firstDayUs: Infinity, lastDayUs: -Infinity };
    try {
      const days = await this.#store.days({ table: table.name, toUs: horizonUs(table, this.#bounds) });
      for (const step of stepsFor(table, days, this.#bounds, holds())) {
        if (signal.aborted) break;
        begin(step);
        await this.#exclusively(() => this.#step(step, report));
      }
    } catch (error) {
      this.#fail({ table: table.name, error });
    }
    if (report.firstDayUs !== Infinity) onTable?.(report);
  }

  /** A day may have been restored, and is held, since the step was planned. */
  async #step(step: RetentionStep, report: TableReport): Promise<void> {
    const { policy, holds } = this.#options;
    const { table, dayUs } = step;
    if (isHeld(holds(), table, dayUs)) return;
    const span = { fromUs: dayUs, toUs: dayUs + DAY_US, archive: policy.archive };
    if (step.kind === 'prune') {
      const { rows, archived } = await this.#store.prune({ table, ...span });
      this.#count(report, { deletedRows: rows, archived });
    } else {
      const { moved, archived } = await this.#store.rollup({ family: table, bucketUs: policy.bucketUs, ...span });
      this.#count(report, { downsampledRows: moved, archived });
    }
    report.firstDayUs = Math.min(report.firstDayUs, dayUs);
    report.lastDayUs = Math.max(report.lastDayUs, dayUs);
  }

  #count(
    report: TableReport,
    { downsampledRows = 0, deletedRows = 0, archived }: Partial<RetentionTotals> & { archived: ArchivedRows },
  ): void {
    for (const totals of [report, this.outcome]) {
      totals.downsampledRows += downsampledRows;
      totals.deletedRows += deletedRows;
      totals.archivedRows += archived.rows;
      totals.archivedFiles += archived.files;
      totals.archivedBytes += archived.bytes;
    }
  }

  #exclusively(step: () => Promise<void>): Promise<void> {
    return this.#options.exclusively ? this.#options.exclusively(step) : step();
  }

  #progress(tablesDone: number, tablesTotal: number, step: RetentionStep | null): void {
    const { failures: _failures, ...totals } = this.outcome;
    const where = { table: step?.table ?? null, dayUs: step?.dayUs ?? null };
    this.#options.onProgress?.({ ...totals, ...where, tablesDone, tablesTotal });
  }

  #fail(failure: RetentionFailure): void {
    this.outcome.failures.push(failure);
    this.#options.onFailure?.(failure);
  }
}
