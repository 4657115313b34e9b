import type { StateDatabase } from './database.ts';
import { isoSeconds } from './time.ts';

export interface Collector {
  id: number;
  organisation: number;
  name: string;
  hostname: string;
  /** What the host is made of, as it told itself. */
  inventory: Readonly<Record<string, unknown>>;
  createdAt: string;
  updatedAt: string;
}

type CollectorRow = {
  id: number;
  organisation: number;
  name: string;
  hostname: string;
  inventory: string;
  created_at: string;
  updated_at: string;
};

export class CollectorTable {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  add(collector: { organisation: number; name: string; hostname: string; createdAt: string }): number {
    const { organisation, name, hostname, createdAt } = collector;
    return this.#database.run(
      'INSERT INTO collectors (organisation, name, hostname, created_at, updated_at) VALUES (?, ?, ?, ?, ?)',
      ...[organisation, name, hostname, createdAt, createdAt],
    ).lastId;
  }

  byId(id: number): Collector | null {
    const row = this.#database.first<CollectorRow>('SELECT * FROM collectors WHERE id = ?', id);
    if (!row) return null;
    const { created_at: createdAt, updated_at: updatedAt, inventory, ...rest } = row;
    return { ...rest, inventory: JSON.parse(inventory), createdAt, updatedAt };
  }

  /** Records what the host says of itself now. */
  describe(id: number, hostname: string, inventory: object): void {
    this.#database.run(
      'UPDATE collectors SET hostname = ?, inventory = ?, updated_at = ? WHERE id = ?',
      ...[hostname, JSON.stringify(inventory), isoSeconds(Date.now()), id],
    );
  }
}
