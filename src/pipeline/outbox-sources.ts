import type { StatementSync } from 'node:sqlite';
import type { OverflowPolicy } from './outbox-entry.ts';
import type { QueueDatabase } from './outbox-file.ts';

/** How many numbers one fsync reserves. */
const RESERVED_AT_ONCE = 1_000;

/** What the outbox knows of a source without asking the file. */
export interface Source {
  readonly id: number;
  readonly name: string;
  policy: OverflowPolicy;
  lastNumber: number;
  reservedNumber: number;
  lastTimestampUs: number | null;
  batches: number;
  bytes: number;
}

/**
 * The sources of a queue file and their counters. A number may reach the store, which ignores numbers it has seen, only after
 * its reservation is on the disk: a power loss may take back an entry, never its number.
 */
export class OutboxSources {
  readonly #database: QueueDatabase;
  readonly #reserve: StatementSync;
  readonly #settle: StatementSync;
  readonly #byName = new Map<string, Source>();
  readonly #byId = new Map<number, Source>();

  constructor(database: QueueDatabase) {
    this.#database = database;
    this.#reserve = database.prepare(`
      INSERT INTO sources (name, policy, reserved_number) VALUES (:name, :policy, :reserved)
      ON CONFLICT (name) DO UPDATE SET policy = excluded.policy, reserved_number = excluded.reserved_number
      RETURNING id`);
    this.#settle = database.prepare(
      'UPDATE sources SET last_timestamp_us = :stamp, reserved_number = :reserved WHERE id = :id',
    );
    this.#load();
  }

  all(): IterableIterator<Source> {
    return this.#byId.values();
  }

  named(name: string): Source | undefined {
    return this.#byName.get(name);
  }

  withId(id: number): Source | undefined {
    return this.#byId.get(id);
  }

  /** Whether the next `count` numbers of a source can be used without reserving more. */
  isReady(name: string, policy: OverflowPolicy, count: number): boolean {
    const source = this.#byName.get(name);
    return source !== undefined && source.policy === policy && source.lastNumber + count <= source.reservedNumber;
  }

  /** Makes the next `count` numbers of a source usable; returns when that is on the disk. */
  reserve(name: string, policy: OverflowPolicy, count: number): void {
    const known = this.#byName.get(name);
    const reserved = (known?.lastNumber ?? 0) + count + RESERVED_AT_ONCE;
    const row = this.#database.transaction(() => this.#reserve.get({ name, policy, reserved }), { durable: true });
    if (known) {
      known.policy = policy;
      known.reservedNumber = reserved;
      return;
    }
    const id = Number(row?.['id']);
    this.#add({
      id,
      name,
      policy,
      lastNumber: 0,
      reservedNumber: reserved,
      lastTimestampUs: null,
      batches: 0,
      bytes: 0,
    });
  }

  /** Writes down a source's newest stamp, for the time when none of its entries is left. */
  rememberStamp({ id, lastTimestampUs, reservedNumber }: Source): void {
    this.#settle.run({ id, stamp: lastTimestampUs, reserved: reservedNumber });
  }

  /** Gives unused reservations back, so that an orderly restart goes on with the next number. */
  giveBack(): void {
    for (const { id, lastTimestampUs, lastNumber } of this.#byId.values()) {
      this.#settle.run({ id, stamp: lastTimestampUs, reserved: lastNumber });
    }
  }

  #load(): void {
    const rows = this.#database.prepare(`
      SELECT id, name, policy, reserved_number AS reserved, count, bytes, coalesce(
        (SELECT timestamp_us FROM entries WHERE source = id AND number = newest), last_timestamp_us) AS stamp
      FROM sources LEFT JOIN (
        SELECT source, count(*) AS count, sum(bytes) AS bytes, max(number) AS newest FROM entries GROUP BY source
      ) ON source = id`);
    for (const row of rows.iterate()) {
      const reserved = Number(row['reserved']);
      this.#add({
        id: Number(row['id']),
        name: String(row['name']),
        policy: row['policy'] === 'refuse' ? 'refuse' : 'drop_oldest',
        // After a crash nobody knows which of the reserved numbers were used: go on behind them all.
        lastNumber: reserved,
        reservedNumber: reserved,
        lastTimestampUs: row['stamp'] === null ? null : Number(row['stamp']),
        batches: Number(row['count']),
        bytes: Number(row['bytes']),
      });
    }
  }

  #add(source: Source): void {
    this.#byName.set(source.name, source);
    this.#byId.set(source.id, source);
  }
}
