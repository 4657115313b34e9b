import type { Report } from './outbox-errors.ts';

/** A sender whose clock is wrong is wrong with every batch: once an hour is enough to hear of it. */
const BETWEEN_REPORTS_MS = 3_600_000;

/** Counts, by table, rows that the store refused because they were older than retention allows. */
export class RefusedRows {
  readonly #report: Report;
  readonly #now: () => number;
  readonly #tables = new Map<string, { rows: number; reportedRows: number; reportedMs: number }>();

  /** @param now A monotonic clock, in ms. */
  constructor(report: Report, now: () => number = () => performance.now()) {
    this.#report = report;
    this.#now = now;
  }

  /** Since this was made. */
  get byTable(): Record<string, number> {
    return Object.fromEntries([...this.#tables].map(([table, { rows }]) => [table, rows]));
  }

  add(refused: Readonly<Record<string, number>>): void {
    for (const [table, rows] of Object.entries(refused)) {
      const known = this.#tables.get(table) ?? { rows: 0, reportedRows: 0, reportedMs: -Infinity };
      known.rows += rows;
      this.#tables.set(table, known);
      if (this.#now() - known.reportedMs < BETWEEN_REPORTS_MS) continue;
      this.#report({
        level: 'warn',
        message: 'rows older than retention_days were refused',
        details: { table, rows: known.rows - known.reportedRows },
      });
      Object.assign(known, { reportedRows: known.rows, reportedMs: this.#now() });
    }
  }
}
