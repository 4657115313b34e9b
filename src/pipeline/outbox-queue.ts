import type { StatementSync } from 'node:sqlite';
import type { StoreBatch } from '../store/contract.ts';
import { type PackedEntry, unpackContent } from './outbox-entry.ts';
import { isCorruption } from './outbox-errors.ts';
import type { QueueDatabase, QueueFile } from './outbox-file.ts';
import { OutboxSources, type Source } from './outbox-sources.ts';

/** What the file needs for an entry beside its payload: its row, its index entry and the unused rest of its last page. */
const ENTRY_OVERHEAD_BYTES = 256;
/** A file that has grown past this is shrunk as soon as next to nothing waits in it. */
const COMPACT_ABOVE_BYTES = 16 * 1024 * 1024;
const COMPACT_WHEN_LEFT_BYTES = 1024 * 1024;
/** Dead letters are evidence, not data to be kept for ever: past this the oldest go. */
const MAX_DEAD_LETTER_BYTES = 16 * 1024 * 1024;

export interface Amount {
  batches: number;
  bytes: number;
}

/** Why a batch is a dead letter. */
export interface Refusal {
  code: string;
  message: string;
}

export interface Taken {
  batches: StoreBatch[];
  /** Entries whose bytes were damaged where SQLite does not look. */
  unreadable: (Pick<StoreBatch, 'source' | 'number'> & { error: Error })[];
}

export function entryBytes(entry: PackedEntry): number {
  return entry.payload.byteLength + ENTRY_OVERHEAD_BYTES;
}

/** One open queue file: what is in it, how much, and the statements that change it. Policy is the Outbox's. */
export class OutboxQueue {
  readonly spool: string;
  readonly sources: OutboxSources;
  readonly #database: QueueDatabase;
  readonly #statements: ReturnType<typeof statementsOf>;
  #waiting: Amount = { batches: 0, bytes: 0 };
  #deadLetters: number;
  #lastArrival: number;
  #lastServed = 0;
  #peakBytes: number;

  constructor(file: QueueFile) {
    this.spool = file.spool;
    this.#database = file.database;
    this.#statements = statementsOf(file.database);
    this.sources = new OutboxSources(file.database);
    for (const source of this.sources.all()) add(this.#waiting, source);
    this.#deadLetters = numberOf(file.database.prepare('SELECT count(*) AS count FROM dead_letters'), 'count') ?? 0;
    this.#lastArrival = numberOf(file.database.prepare('SELECT max(id) AS id FROM entries'), 'id') ?? 0;
    this.#peakBytes = file.database.fileBytes();
  }

  get waiting(): Readonly<Amount> {
    return this.#waiting;
  }

  get deadLetters(): number {
    return this.#deadLetters;
  }

  /** Counts entries as they arrive; only good for `hasLeft` of the same open queue. */
  get lastArrival(): number {
    return this.#lastArrival;
  }

  /** Whether nothing that had arrived by then still waits. */
  hasLeft(arrival: number): boolean {
    if (this.#waiting.batches === 0) return true;
    return (numberOf(this.#statements.firstArrival, 'id') ?? Infinity) > arrival;
  }

  oldestMs(): number | null {
    return this.#waiting.batches === 0 ? null : numberOf(this.#statements.oldest, 'queued_ms');
  }

  /** Queues the entries in one transaction and returns their numbers. */
  insert(entries: readonly PackedEntry[]): number[] {
    for (const [name, { policy, count }] of perSource(entries)) {
      if (!this.sources.isReady(name, policy, count)) this.sources.reserve(name, policy, count);
    }
    const queuedMs = Date.now();
    const durable = entries.some((entry) => entry.durable);
    const inserted = this.#database.transaction(() => entries.map((entry) => this.#insert(entry, queuedMs)), {
      durable,
    });
    for (const { source, bytes, lastTimestampUs } of inserted) {
      add(source, { batches: 1, bytes });
      add(this.#waiting, { batches: 1, bytes });
      source.lastTimestampUs = lastTimestampUs ?? source.lastTimestampUs;
    }
    this.#peakBytes = Math.max(this.#peakBytes, this.#waiting.bytes);
    return inserted.map(({ number }) => number);
  }

  /** A failed transaction burns the numbers and arrivals it had taken: neither has to be without gaps. */
  #insert(entry: PackedEntry, queuedMs: number) {
    const source = this.sources.named(entry.source);
    if (!source) throw new Error(`source ${entry.source} has no reserved numbers`);
    const number = ++source.lastNumber;
    const bytes = entryBytes(entry);
    const { kind, collector, payload, lastTimestampUs } = entry;
    this.#statements.insert.run(
      ++this.#lastArrival,
      source.id,
      number,
      bytes,
      queuedMs,
      lastTimestampUs,
      kind,
      collector,
      payload,
    );
    return { source, number, bytes, lastTimestampUs };
  }

  /**
   * Up to `maxBytes` of what waits, at least one entry: one of each source in turn, each source's own in the order of their
   * numbers. The next call goes on with the source whose turn it would have been.
   */
  take(maxBytes: number): Taken {
    const taken: Taken = { batches: [], unreadable: [] };
    let bytes = 0;
    const turns = this.#turns();
    for (let turn = turns.shift(); turn; turn = turns.shift()) {
      const { source } = turn;
      const row = this.#statements.next.get(source.id, turn.after);
      if (!row) continue;
      const first = bytes === 0;
      bytes += Number(row['bytes']);
      if (!first && bytes > maxBytes) break;
      const number = Number(row['number']);
      const identity = { source: source.name, spool: this.spool, number };
      const content = contentOf(row);
      if (content instanceof Error) taken.unreadable.push({ ...identity, error: content });
      else taken.batches.push({ ...identity, content });
      this.#lastServed = source.id;
      turns.push({ source, after: number });
    }
    return taken;
  }

  #turns(): { source: Source; after: number }[] {
    const waiting = [...this.sources.all()].filter((source) => source.batches > 0).sort((a, b) => a.id - b.id);
    const next = waiting.filter((source) => source.id > this.#lastServed);
    const served = waiting.filter((source) => source.id <= this.#lastServed);
    return [...next, ...served].map((source) => ({ source, after: 0 }));
  }

  /** Deletes what the store has acknowledged; what is not there any more, or is another spool's, is passed over. */
  release(batches: readonly StoreBatch[]): void {
    const runs = runsOf(batches.filter((batch) => batch.spool === this.spool));
    const removed = this.#database.transaction(() => runs.map((run) => this.#remove(run)), { durable: false });
    for (const { source, amount } of removed) this.#gone(source, amount);
    this.#shrink();
  }

  #remove({ source: name, first, last }: Run): { source: Source | undefined; amount: Amount } {
    const source = this.sources.named(name);
    if (!source) return { source, amount: { batches: 0, bytes: 0 } };
    const amount = this.#statements.measure.get(source.id, first, last);
    this.#statements.remove.run(source.id, first, last);
    this.sources.rememberStamp(source);
    return { source, amount: { batches: Number(amount?.['batches']), bytes: Number(amount?.['bytes']) } };
  }

  /** Moves a batch that the store refuses for good out of the queue, with the reason. */
  bury(batch: Pick<StoreBatch, 'source' | 'number'>, refusal: Refusal): void {
    const run = { source: batch.source, first: batch.number, last: batch.number };
    const buried = this.#database.transaction(
      () => {
        const { code, message } = refusal;
        const { changes } = this.#statements.bury.run(Date.now(), code, message, batch.source, batch.number);
        const trimmed = this.#statements.trimDeadLetters.run(MAX_DEAD_LETTER_BYTES);
        return { ...this.#remove(run), grownBy: Number(changes) - Number(trimmed.changes) };
      },
      { durable: false },
    );
    this.#gone(buried.source, buried.amount);
    this.#deadLetters += buried.grownBy;
  }

  /** Drops the oldest entries of the sources that allow it until `bytes` are free, or none is left; returns what went. */
  dropOldest(bytes: number): Amount {
    const dropped: Amount = { batches: 0, bytes: 0 };
    const droppable = [...this.sources.all()].filter((source) => source.policy === 'drop_oldest');
    const gone = this.#database.transaction(
      () => {
        const removed: { source: Source | undefined; amount: Amount }[] = [];
        while (dropped.bytes < bytes) {
          const oldest = this.#oldestOf(droppable);
          if (!oldest) break;
          const { source, number } = oldest;
          const { amount } = this.#remove({ source: source.name, first: number, last: number });
          removed.push({ source, amount });
          add(dropped, amount);
        }
        return removed;
      },
      { durable: false },
    );
    for (const { source, amount } of gone) this.#gone(source, amount);
    return dropped;
  }

  #oldestOf(sources: readonly Source[]): { source: Source; number: number } | undefined {
    let oldest: { source: Source; number: number; arrival: number } | undefined;
    for (const source of sources) {
      const head = this.#statements.head.get(source.id);
      if (!head) continue;
      const arrival = Number(head['id']);
      if (!oldest || arrival < oldest.arrival) oldest = { source, number: Number(head['number']), arrival };
    }
    return oldest;
  }

  #gone(source: Source | undefined, { batches, bytes }: Amount): void {
    const change = { batches: -batches, bytes: -bytes };
    add(this.#waiting, change);
    if (source) add(source, change);
  }

  /** Free pages are reused, so only the file of a backlog that has drained is worth rewriting. */
  #shrink(): void {
    if (this.#peakBytes <= COMPACT_ABOVE_BYTES || this.#waiting.bytes > COMPACT_WHEN_LEFT_BYTES) return;
    this.#peakBytes = this.#waiting.bytes;
    try {
      this.#database.compact();
    } catch (error) {
      // The batches are released either way; a file that stays large for lack of room is no reason to send them again.
      if (isCorruption(error)) throw error;
    }
  }

  /** Ends in order: nothing reserved, nothing left in the WAL. Closing again does nothing. */
  close(): void {
    if (!this.#database.isOpen) return;
    try {
      this.#database.transaction(() => this.sources.giveBack(), { durable: false });
    } catch {
      // All that is lost are the numbers reserved: the next start goes on behind them, as after a crash.
    } finally {
      this.#database.close();
    }
  }

  /** Lets go of a file that is beyond use. */
  abandon(): void {
    this.#database.close();
  }
}

function statementsOf(database: QueueDatabase) {
  return {
    insert: database.prepare(`
      INSERT INTO entries (id, source, number, bytes, queued_ms, timestamp_us, kind, collector, payload)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    next: database.prepare(`
      SELECT number, bytes, kind, collector, payload FROM entries WHERE source = ? AND number > ? ORDER BY number LIMIT 1`),
    head: database.prepare('SELECT id, number FROM entries WHERE source = ? ORDER BY number LIMIT 1'),
    firstArrival: database.prepare('SELECT min(id) AS id FROM entries'),
    oldest: database.prepare('SELECT queued_ms FROM entries ORDER BY id LIMIT 1'),
    measure: database.prepare(`
      SELECT count(*) AS batches, coalesce(sum(bytes), 0) AS bytes FROM entries
      WHERE source = ? AND number BETWEEN ? AND ?`),
    remove: database.prepare('DELETE FROM entries WHERE source = ? AND number BETWEEN ? AND ?'),
    bury: database.prepare(`
      INSERT INTO dead_letters (source, number, buried_ms, error_code, error, kind, collector, payload)
      SELECT name, number, ?, ?, ?, kind, collector, payload
      FROM entries JOIN sources ON sources.id = entries.source WHERE name = ? AND number = ?`),
    trimDeadLetters: database.prepare(`
      DELETE FROM dead_letters WHERE id IN (
        SELECT id FROM (SELECT id, sum(length(payload)) OVER (ORDER BY id DESC) AS bytes FROM dead_letters)
        WHERE bytes > ?)`),
  } satisfies Record<string, StatementSync>;
}

function add(total: Amount, { batches, bytes }: Amount): void {
  total.batches += batches;
  total.bytes += bytes;
}

function numberOf(statement: StatementSync, column: string): number | null {
  const value = statement.get()?.[column];
  return value === null || value === undefined ? null : Number(value);
}

function contentOf(row: Record<string, unknown>): StoreBatch['content'] | Error {
  const { kind, collector, payload } = row;
  if (!(payload instanceof Uint8Array)) return new TypeError('the payload is not a blob');
  try {
    return unpackContent({
      kind: kind === 'frames' ? 'frames' : 'events',
      collector: collector === null ? null : Number(collector),
      payload,
    });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function perSource(entries: readonly PackedEntry[]): Map<string, { policy: PackedEntry['policy']; count: number }> {
  const counts = new Map<string, { policy: PackedEntry['policy']; count: number }>();
  for (const { source, policy } of entries) counts.set(source, { policy, count: (counts.get(source)?.count ?? 0) + 1 });
  return counts;
}

interface Run {
  source: string;
  first: number;
  last: number;
}

/** The batches as runs of consecutive numbers, so that a backlog is deleted by range. */
function runsOf(batches: readonly StoreBatch[]): Run[] {
  const current = new Map<string, Run>();
  const runs: Run[] = [];
  for (const { source, number } of batches) {
    const run = current.get(source);
    if (run && number === run.last + 1) {
      run.last = number;
      continue;
    }
    const begun = { source, first: number, last: number };
    current.set(source, begun);
    runs.push(begun);
  }
  return runs;
}
