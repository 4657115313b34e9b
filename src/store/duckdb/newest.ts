import type { DuckDBConnection } from '@duckdb/node-api';
import { microseconds, quoted } from './parameters.ts';
import type { Table } from './schema.ts';

/** Event tables have no collectors; one bound holds for all their rows. */
export const ALL_EVENTS = -1;

/** The newest timestamp of each collector in each table, in µs: what lies above it cannot be there yet. Read once, then kept up. */
export class NewestRows {
  readonly #byTable = new Map<string, Map<number, number>>();

  async load(connection: DuckDBConnection, { name, kind }: Table): Promise<void> {
    if (this.#byTable.has(name)) return;
    const collector = kind === 'event' ? `${ALL_EVENTS}` : 'collector';
    const rows = await connection.runAndReadAll(
      `SELECT ${collector}, ${microseconds('max(timestamp)')} FROM ${quoted(name)} GROUP BY 1`,
    );
    this.#byTable.set(name, new Map(rows.getRows() as [number, number][]));
  }

  /** As they are now; later calls of `raise` do not show. */
  bounds(table: string): ReadonlyMap<number, number> {
    return new Map(this.#byTable.get(table));
  }

  raise(table: string, collector: number, timestampUs: number): void {
    const newest = this.#byTable.get(table);
    if (newest && timestampUs > (newest.get(collector) ?? Number.NEGATIVE_INFINITY)) newest.set(collector, timestampUs);
  }

  /** What was raised may not have been committed, or others have added rows to `table`. */
  forget(table?: string): void {
    if (table === undefined) this.#byTable.clear();
    else this.#byTable.delete(table);
  }
}
