import type { StateDatabase } from './database.ts';

/** Days of a family or an event table that came back from the archive, and are left alone for a while. */
export interface ArchiveHold {
  table: string;
  /** UTC days (`2026-01-05`), both included. */
  fromDay: string;
  toDay: string;
  /** ISO 8601 in UTC with whole seconds. */
  until: string;
}

type HoldRow = { table_name: string; from_day: string; to_day: string; until: string };

export class ArchiveHoldTable {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  /** Stores all of them or, if it throws, none. */
  add(holds: readonly ArchiveHold[]): void {
    this.#database.transaction(() => {
      for (const { table, fromDay, toDay, until } of holds) {
        this.#database.run(
          'INSERT INTO archive_holds (table_name, from_day, to_day, until) VALUES (?, ?, ?, ?)',
          ...[table, fromDay, toDay, until],
        );
      }
    });
  }

  /** Those in force at a time. */
  active(now: string): ArchiveHold[] {
    return this.#database
      .all<HoldRow>('SELECT * FROM archive_holds WHERE until > ? ORDER BY id', now)
      .map((row) => ({ table: row.table_name, fromDay: row.from_day, toDay: row.to_day, until: row.until }));
  }

  /** Forgets those whose time is over. */
  removeExpired(now: string): void {
    this.#database.run('DELETE FROM archive_holds WHERE until <= ?', now);
  }
}
