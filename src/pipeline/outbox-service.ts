import { join } from 'node:path';
import { Outbox, type OutboxOptions } from './outbox.ts';
import { LOCAL_SOURCE, type PackedEntry } from './outbox-entry.ts';
import { OutboxError } from './outbox-errors.ts';
import { type FlushResult, Writer, type WriterOptions, type WriterStatus, type WriterStore } from './writer.ts';

export interface OutboxServiceOptions
  extends Pick<OutboxOptions, 'maxBytes'>,
    Pick<WriterOptions, 'flushIntervalMs' | 'flushBytes'> {
  dataDir: string;
}

/** What the queue file says at start. */
export interface OutboxOpened {
  spool: string;
  /** The stamp of the newest local frame that was ever queued here; null when there was none. See resumeEpoch. */
  lastTimestampUs: number | null;
}

export interface OutboxStatus extends WriterStatus {
  /** Batches that wait for the store. */
  depth: number;
  bytes: number;
  /** The bound on `bytes`. */
  maxBytes: number;
  /** How long the oldest of them has waited, in ms; 0 when none waits. */
  oldestAgeMs: number;
  /** Entries that gave way to newer ones, or for which the disk had no room, since start. */
  dropped: number;
  /** Entries that were refused since start, so that their senders keep them. */
  refused: number;
  /** Batches that the store refused for good, kept aside in the queue file. */
  deadLetters: number;
}

/** The outbox and its writer, as the outbox thread serves them to the main thread. */
export class OutboxService {
  readonly #options: OutboxServiceOptions;
  readonly #store: WriterStore;
  readonly #report: NonNullable<OutboxOptions['report']>;
  #running: { outbox: Outbox; writer: Writer } | undefined;

  constructor(options: OutboxServiceOptions, store: WriterStore, report: NonNullable<OutboxOptions['report']>) {
    this.#options = options;
    this.#store = store;
    this.#report = report;
  }

  /** To be called first. @throws OutboxError when the queue file cannot be used. */
  open(): OutboxOpened {
    const { dataDir, maxBytes, flushIntervalMs, flushBytes } = this.#options;
    const report = this.#report;
    const outbox = new Outbox({ path: join(dataDir, 'outbox.db'), report, ...(maxBytes && { maxBytes }) });
    const times = { ...(flushIntervalMs && { flushIntervalMs }), ...(flushBytes && { flushBytes }) };
    this.#running = { outbox, writer: new Writer(outbox, this.#store, { report, ...times }) };
    return { spool: outbox.spool, lastTimestampUs: outbox.lastTimestampUs(LOCAL_SOURCE) };
  }

  put(entry: PackedEntry): number {
    const { outbox, writer } = this.#opened();
    const number = outbox.put(entry);
    writer.noticePut();
    return number;
  }

  flush(): Promise<FlushResult> {
    return this.#opened().writer.flush();
  }

  status(): OutboxStatus {
    const { outbox, writer } = this.#opened();
    const { batches, bytes, oldestMs } = outbox.depth();
    const { lastError, retries, refusedRows } = writer.status();
    const trouble = lastError ?? outbox.trouble;
    return {
      state: trouble === null ? 'ok' : 'degraded',
      lastError: trouble,
      retries,
      refusedRows,
      depth: batches,
      bytes,
      maxBytes: outbox.maxBytes,
      oldestAgeMs: oldestMs === null ? 0 : Math.max(0, Date.now() - oldestMs),
      ...outbox.counters,
      deadLetters: outbox.deadLetters,
    };
  }

  /** A last pass of the writer, at most 3 s, then the file is closed; what is left waits in it. */
  async close(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.writer.close();
    running?.outbox.close();
  }

  #opened(): { outbox: Outbox; writer: Writer } {
    if (!this.#running) throw new OutboxError('TACHO_OUTBOX_UNAVAILABLE', 'the outbox is closed');
    return this.#running;
  }
}
