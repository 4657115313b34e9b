import type { StateDatabase } from './database.ts';

interface RetentionCounts {
  /** Raw rows that gave way to rolled-up ones. */
  downsampledRows: number;
  deletedRows: number;
  archivedRows: number;
  archivedFiles: number;
  archivedBytes: number;
}

/** A clean-up. Times are ISO 8601 in UTC with whole seconds. */
export interface RetentionRun extends RetentionCounts {
  id: number;
  startedAt: string;
  /** Null while it runs, and of one that was cut short. */
  finishedAt: string | null;
  /** What went wrong, in one line; null when nothing did. */
  problem: string | null;
}

type RunRow = {
  id: number;
  started_at: string;
  finished_at: string | null;
  downsampled_rows: number;
  deleted_rows: number;
  archived_rows: number;
  archived_files: number;
  archived_bytes: number;
  problem: string | null;
};

/** As many as are kept: a quarter of a year of daily ones. */
const KEPT_RUNS = 100;

export class RetentionRunTable {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  /** Notes that a run begins, and forgets the oldest ones. */
  begin(startedAt: string): number {
    return this.#database.transaction(() => {
      const id = this.#database.run('INSERT INTO retention_runs (started_at) VALUES (?)', startedAt).lastId;
      this.#database.run('DELETE FROM retention_runs WHERE id <= ?', id - KEPT_RUNS);
      return id;
    });
  }

  /** Notes what a run has done; `finishedAt` is null when it was cut short. */
  end(run: Omit<RetentionRun, 'startedAt'>): void {
    this.#database.run(
      `UPDATE retention_runs SET finished_at = ?, downsampled_rows = ?, deleted_rows = ?, archived_rows = ?,
       archived_files = ?, archived_bytes = ?, problem = ? WHERE id = ?`,
      ...[run.finishedAt, run.downsampledRows, run.deletedRows, run.archivedRows],
      ...[run.archivedFiles, run.archivedBytes, run.problem, run.id],
    );
  }

  /** The newest first. */
  list(): RetentionRun[] {
    return this.#database.all<RunRow>('SELECT * FROM retention_runs ORDER BY id DESC').map((row) => ({
      id: row.id,
      startedAt: row.started_at,
      finishedAt: row.finished_at,
      downsampledRows: row.downsampled_rows,
      deletedRows: row.deleted_rows,
      archivedRows: row.archived_rows,
      archivedFiles: row.archived_files,
      archivedBytes: row.archived_bytes,
      problem: row.problem,
    }));
  }
}
