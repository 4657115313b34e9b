import type { StoreBatch } from '../store/contract.ts';
import type { PackedEntry } from './outbox-entry.ts';
import { isCorruption, messageOf, OutboxFullError, outboxErrorOf, type Report } from './outbox-errors.ts';
import { openQueueFile, type QueueFile, replaceQueueFile } from './outbox-file.ts';
import { type Amount, entryBytes, OutboxQueue, type Refusal } from './outbox-queue.ts';

export interface OutboxOptions {
  path: string;
  /**
   * Bound on what waits, payloads and bookkeeping together; 1 GiB by default. Entries that fill their pages badly (of 2 to 4 KB) may
   * make the file up to 1.8 times as large.
   */
  maxBytes?: number;
  report?: Report;
}

export interface OutboxDepth extends Amount {
  /** When the oldest of them was queued, in ms since the Unix epoch; null when nothing waits. */
  oldestMs: number | null;
  bySource: Record<string, Amount>;
}

/** Counted since this outbox was opened. */
export interface OutboxCounters {
  /** Entries that gave way to newer ones, or for which the disk had no room. */
  dropped: number;
  /** Entries that were refused, so that their senders keep them. */
  refused: number;
}

const DEFAULT_MAX_BYTES = 1024 ** 3;
/** The outbox has room again below this part of its bound, so that one that stays at it is reported once. */
const ROOM_AGAIN = 0.9;

type Shortage = 'none' | 'bound' | 'disk';

/**
 * The durable queue between everything that is to be kept and the store. An entry is acknowledged once it is committed; it
 * leaves when the store has acknowledged it (`release`), when the store refuses it for good (`bury`) or, past the bound,
 * when its source's policy lets it go. One owner, in the outbox thread.
 */
export class Outbox {
  readonly maxBytes: number;
  readonly #path: string;
  readonly #report: Report;
  #queue: OutboxQueue;
  #shortage: Shortage = 'none';
  #trouble: string | null = null;
  #dropped = 0;
  #droppedBefore = 0;
  #refused = 0;

  /** @throws OutboxError when the file cannot be used. A corrupt one is set aside and reported instead. */
  constructor(options: OutboxOptions) {
    this.#path = options.path;
    this.maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
    this.#report = options.report ?? (() => {});
    this.#queue = this.#adopt(openQueueFile(options.path));
  }

  /** Of this queue file; numbers never repeat within it. */
  get spool(): string {
    return this.#queue.spool;
  }

  get counters(): OutboxCounters {
    return { dropped: this.#dropped, refused: this.#refused };
  }

  /** Batches that the store refused for good; they stay in the queue file, with the reason. */
  get deadLetters(): number {
    return this.#queue.deadLetters;
  }

  /** Why entries are being dropped or refused at present; null while there is room. */
  get trouble(): string | null {
    return this.#trouble;
  }

  get waitingBytes(): number {
    return this.#queue.waiting.bytes;
  }

  /** Counts entries as they arrive, for `hasLeft`. */
  get lastArrival(): number {
    return this.#queue.lastArrival;
  }

  /** Whether nothing that had arrived by then still waits. */
  hasLeft(arrival: number): boolean {
    return this.#surviving(() => this.#queue.hasLeft(arrival));
  }

  /** The stamp of the newest frame that a source ever queued; null when it queued none. */
  lastTimestampUs(source: string): number | null {
    return this.#queue.sources.named(source)?.lastTimestampUs ?? null;
  }

  depth(): OutboxDepth {
    const sources = [...this.#queue.sources.all()].filter(({ batches }) => batches > 0);
    const bySource = Object.fromEntries(sources.map(({ name, batches, bytes }) => [name, { batches, bytes }]));
    return { ...this.#queue.waiting, oldestMs: this.#surviving(() => this.#queue.oldestMs()), bySource };
  }

  /** As putMany, for one entry. */
  put(entry: PackedEntry): number {
    return this.putMany([entry])[0] ?? 0;
  }

  /**
   * Queues the entries, all or none, and returns once they are committed: with their numbers, or zeros when they had to be
   * dropped (only entries whose policy is `drop_oldest`).
   * @throws OutboxFullError when there is no room and one of them is to be refused.
   */
  putMany(entries: readonly PackedEntry[]): number[] {
    const droppable = entries.every((entry) => entry.policy === 'drop_oldest');
    if (!this.#makeRoom(entries, droppable)) return this.#dropAll(entries);
    try {
      const numbers = this.#surviving(() => this.#queue.insert(entries));
      if (this.#shortage === 'disk' || this.waitingBytes < this.maxBytes * ROOM_AGAIN) this.#inShortage('none');
      return numbers;
    } catch (error) {
      this.#inShortage('disk', error);
      if (droppable) return this.#dropAll(entries);
      this.#refused += entries.length;
      throw error;
    }
  }

  /** Whether the entries fit below the bound, after the oldest droppable ones have gone if need be. */
  #makeRoom(entries: readonly PackedEntry[], droppable: boolean): boolean {
    const needed = entries.reduce((bytes, entry) => bytes + entryBytes(entry), 0);
    const excess = this.waitingBytes + needed - this.maxBytes;
    if (excess <= 0) return true;
    this.#inShortage('bound');
    if (!droppable) {
      this.#refused += entries.length;
      throw new OutboxFullError(
        `${this.#path}: ${this.waitingBytes} of at most ${this.maxBytes} bytes wait for the store`,
      );
    }
    if (needed > this.maxBytes) return false;
    const went = this.#surviving(() => this.#queue.dropOldest(excess));
    this.#dropped += went.batches;
    return this.waitingBytes + needed <= this.maxBytes;
  }

  #dropAll(entries: readonly PackedEntry[]): number[] {
    this.#dropped += entries.length;
    return entries.map(() => 0);
  }

  /**
   * Up to `maxBytes` of what waits, at least one batch: sources in turn, each one's own in the order of their numbers. What
   * cannot be read any more goes to the dead letters.
   */
  take(maxBytes: number): StoreBatch[] {
    const { batches, unreadable } = this.#surviving(() => this.#queue.take(maxBytes));
    for (const { error, ...batch } of unreadable) {
      this.bury(batch, { code: 'TACHO_OUTBOX_UNREADABLE', message: error.message });
    }
    return batches;
  }

  /** Forgets what the store has acknowledged. */
  release(batches: readonly StoreBatch[]): void {
    this.#surviving(() => this.#queue.release(batches));
  }

  /** Puts a batch that the store refuses for good among the dead letters. */
  bury(batch: Pick<StoreBatch, 'source' | 'number'>, refusal: Refusal): void {
    this.#surviving(() => this.#queue.bury(batch, refusal));
    const { source, number } = batch;
    this.#report({
      level: 'error',
      message: 'a batch cannot be stored: kept among the dead letters of the outbox file',
      details: { source, number, code: refusal.code, error: refusal.message },
    });
  }

  /** Ends in order; closing again does nothing, and nothing else can be done with it any more. */
  close(): void {
    this.#queue.close();
  }

  #adopt(file: QueueFile): OutboxQueue {
    if (file.setAside) {
      const { path, reason } = file.setAside;
      this.#report({
        level: 'error',
        message: 'the outbox file was corrupt: set aside, a new one begun',
        details: { path, reason },
      });
    }
    try {
      return new OutboxQueue(file);
    } catch (error) {
      file.database.close();
      // A file set aside once gave way to a new one: if that is corrupt too, the disk is at fault.
      if (file.setAside || !isCorruption(error)) throw outboxErrorOf(error, this.#path);
      return this.#adopt(replaceQueueFile(this.#path, messageOf(error)));
    }
  }

  /** Does `work` on the queue file; on a new one when the file turns out to be corrupt. */
  #surviving<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!isCorruption(error)) throw outboxErrorOf(error, this.#path);
      this.#queue.abandon();
      this.#queue = this.#adopt(replaceQueueFile(this.#path, messageOf(error)));
      return work();
    }
  }

  /** Reports a shortage when it begins and when it ends, not once a tick. */
  #inShortage(shortage: Shortage, cause?: unknown): void {
    if (shortage === this.#shortage) return;
    this.#shortage = shortage;
    if (shortage === 'none') {
      const dropped = this.#dropped - this.#droppedBefore;
      this.#trouble = null;
      this.#report({ level: 'info', message: 'the outbox has room again', details: { dropped } });
      return;
    }
    this.#droppedBefore = this.#dropped;
    this.#trouble = shortage === 'bound' ? `the outbox is full: ${this.maxBytes} bytes wait` : messageOf(cause);
    this.#report({
      level: 'error',
      message: 'samples are dropped and senders refused until the outbox has room',
      details: { path: this.#path, reason: this.#trouble },
    });
  }
}
