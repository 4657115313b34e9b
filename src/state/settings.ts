import type { StateDatabase } from './database.ts';

/** Settings that people change while the daemon runs: JSON values by key. */
export class SettingTable {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  all(): ReadonlyMap<string, unknown> {
    const rows = this.#database.all<{ key: string; value: string }>('SELECT key, value FROM settings');
    return new Map(rows.map(({ key, value }) => [key, JSON.parse(value)]));
  }

  /** When one of the keys was last set; null when none of them ever was. */
  lastSet(keys: readonly string[]): string | null {
    const row = this.#database.first<{ at: string | null }>(
      'SELECT max(updated_at) AS at FROM settings WHERE key IN (SELECT value FROM json_each(?))',
      JSON.stringify(keys),
    );
    return row?.at ?? null;
  }

  /** Stores all of them or, if it throws, none. */
  put(values: Readonly<Record<string, unknown>>, updatedAt: string): void {
    this.#database.transaction(() => {
      for (const [key, value] of Object.entries(values)) {
        this.#database.run(
          `INSERT INTO settings (key, value, updated_at) VALUES (?, ?, ?)
           ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`,
          ...[key, JSON.stringify(value), updatedAt],
        );
      }
    });
  }
}
