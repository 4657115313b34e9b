import type { SeriesStore, StoreBatch } from '../store/contract.ts';
import type { Outbox } from './outbox.ts';
import { messageOf, type Report } from './outbox-errors.ts';
import { RefusedRows } from './refused-rows.ts';

/** What the writer empties: the Outbox. */
export type WriterQueue = Pick<Outbox, 'take' | 'release' | 'bury' | 'hasLeft' | 'lastArrival' | 'waitingBytes'>;

/** Where it writes to. */
export type WriterStore = Pick<SeriesStore, 'append' | 'check'>;

export interface WriterOptions {
  /** Nothing waits longer than this while the store is well; 30 s by default. */
  flushIntervalMs?: number;
  /** A pass starts at once when this much waits; 4 MiB by default. */
  flushBytes?: number;
  /** No append is larger, but for a single batch that is: the store stays responsive. 4 MiB by default. */
  appendBytes?: number;
  report?: Report;
}

export interface WriterStatus {
  /** `degraded` while the store does not take what it is given. */
  state: 'ok' | 'degraded';
  /** Why the last pass failed, or what the running one waits for; null while all is well. */
  lastError: string | null;
  /** Passes that failed and were, or will be, tried again. */
  retries: number;
  /** Rows that the store refused because they were older than retention allows, since start, by table. */
  refusedRows: Record<string, number>;
}

/** What `flush` resolves to; `stale` when the store has not taken everything in time. */
export interface FlushResult {
  stale: boolean;
}

const DEFAULTS = { flushIntervalMs: 30_000, flushBytes: 4 * 1024 * 1024, appendBytes: 4 * 1024 * 1024 };
/** At most four passes a second on behalf of readers. */
const BETWEEN_FLUSHES_MS = 250;
/** A reader would rather have a stale answer than wait longer. */
const FLUSH_PATIENCE_MS = 2_000;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 30_000;
/** A waiting reader brings the next attempt forward, but no nearer to the failed one than this. */
const RETRY_ON_DEMAND_MS = 1_000;
/** An append that runs longer than this counts as a store that does not answer. */
const STUCK_AFTER_MS = 10_000;
const CLOSE_PATIENCE_MS = 3_000;

/** Errors that say something about the batch; trying it again cannot help. */
const BAD_BATCH = new Set(['TACHO_STORE_TYPE_CONFLICT', 'TACHO_BAD_BATCH', 'TACHO_BAD_QUERY', 'TACHO_BAD_FRAME']);
/** Errors that say something about the store. */
const STORE_DOWN = new Set([
  'TACHO_STORE_UNAVAILABLE',
  'TACHO_STORE_BUSY',
  'TACHO_STORE_CORRUPT',
  'TACHO_STORE_FORMAT',
  'TACHO_STORE_FORMAT',
  'TACHO_THREAD_GONE',
  'TACHO_OUTBOX_FULL',
  'TACHO_OUTBOX_UNAVAILABLE',
]);
/** Any other error is blamed on a batch only after so many failed passes, and only if the store says that it is well. */
const UNKNOWN_ERROR_PATIENCE = 3;

interface Waiter {
  arrival: number;
  settle: (result: FlushResult) => void;
}

/** Moves batches from the outbox to the store: now and then, by size, on demand; again and again while the store is down. */
export class Writer {
  readonly #queue: WriterQueue;
  readonly #store: WriterStore;
  readonly #options: Required<Omit<WriterOptions, 'report'>>;
  readonly #report: Report;
  readonly #refusedRows: RefusedRows;
  #timer: NodeJS.Timeout | undefined;
  #timerDueMs = Infinity;
  #pass: Promise<void> | undefined;
  #waiters = new Set<Waiter>();
  #waitingSinceMs: number | undefined;
  #lastPassMs = -Infinity;
  #appendSinceMs: number | undefined;
  #failures = 0;
  #failedMs = 0;
  #retryMs = 0;
  #retries = 0;
  #lastError: string | null = null;
  #closed = false;

  constructor(queue: WriterQueue, store: WriterStore, options: WriterOptions = {}) {
    const { report, ...figures } = options;
    this.#queue = queue;
    this.#store = store;
    this.#options = { ...DEFAULTS, ...figures };
    this.#report = report ?? (() => {});
    this.#refusedRows = new RefusedRows(this.#report);
    this.noticePut();
  }

  status(): WriterStatus {
    const appendMs = this.#appendSinceMs === undefined ? 0 : performance.now() - this.#appendSinceMs;
    const stuck = appendMs > STUCK_AFTER_MS ? `the store has not answered for ${Math.round(appendMs / 1000)} s` : null;
    const lastError = stuck ?? this.#lastError;
    const refusedRows = this.#refusedRows.byTable;
    return { state: lastError === null ? 'ok' : 'degraded', lastError, retries: this.#retries, refusedRows };
  }

  /** To be called when something was queued. */
  noticePut(): void {
    if (this.#queue.waitingBytes === 0) return;
    this.#waitingSinceMs ??= performance.now();
    this.#schedule();
  }

  /**
   * Resolves when the store holds everything that was acknowledged before this call, or after 2 s with `stale: true`. Calls at the
   * same time share a pass; passes start at least 250 ms apart.
   */
  flush(): Promise<FlushResult> {
    const arrival = this.#queue.lastArrival;
    if (this.#hasLeft(arrival)) return Promise.resolve({ stale: false });
    if (this.#closed) return Promise.resolve({ stale: true });
    const { promise, resolve } = Promise.withResolvers<FlushResult>();
    const settle = (result: FlushResult): void => {
      clearTimeout(timer);
      this.#waiters.delete(waiter);
      resolve(result);
    };
    const waiter: Waiter = { arrival, settle };
    const timer = setTimeout(settle, FLUSH_PATIENCE_MS, { stale: true });
    this.#waiters.add(waiter);
    this.#schedule();
    return promise;
  }

  /** A last pass, given up after 3 s; what is left then waits in the outbox for the next start. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    const patience = Promise.withResolvers<void>();
    const timer = setTimeout(patience.resolve, CLOSE_PATIENCE_MS);
    await Promise.race([this.#lastPass(), patience.promise]);
    clearTimeout(timer);
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const waiter of this.#waiters) waiter.settle({ stale: true });
  }

  async #lastPass(): Promise<void> {
    await this.#pass;
    await this.#start();
  }

  /** Arms the one timer for whatever comes first; the end of a running pass does it anew. */
  #schedule(): void {
    if (this.#pass || this.#closed) return;
    const dueMs = this.#dueMs();
    if (dueMs === this.#timerDueMs) return;
    clearTimeout(this.#timer);
    this.#timerDueMs = dueMs;
    if (dueMs === Infinity) return;
    this.#timer = setTimeout(() => void this.#start(), Math.max(0, dueMs - performance.now()));
  }

  #dueMs(): number {
    if (this.#queue.waitingBytes === 0) return Infinity;
    const wanted = this.#waiters.size > 0;
    if (this.#failures > 0)
      return wanted ? Math.min(this.#retryMs, this.#failedMs + RETRY_ON_DEMAND_MS) : this.#retryMs;
    if (this.#queue.waitingBytes >= this.#options.flushBytes) return 0;
    const regular = (this.#waitingSinceMs ?? performance.now()) + this.#options.flushIntervalMs;
    return wanted ? Math.min(regular, this.#lastPassMs + BETWEEN_FLUSHES_MS) : regular;
  }

  /** One pass: moves everything that had arrived when it started. Never rejects. */
  #start(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timerDueMs = Infinity;
    this.#waitingSinceMs = undefined;
    this.#lastPassMs = performance.now();
    this.#pass = this.#moveAll(this.#queue.lastArrival)
      .then(
        () => this.#succeeded(),
        (error: unknown) => this.#failed(error),
      )
      .then(() => {
        this.#pass = undefined;
        this.#settleWaiters();
        this.noticePut();
      });
    return this.#pass;
  }

  async #moveAll(arrival: number): Promise<void> {
    while (!this.#closed && !this.#queue.hasLeft(arrival)) {
      await this.#move(this.#queue.take(this.#options.appendBytes));
      this.#settleWaiters();
    }
  }

  /** Hands batches to the store; halves them to find the one that the store refuses, keeping every source's order. */
  async #move(batches: readonly StoreBatch[]): Promise<void> {
    if (this.#closed || batches.length === 0) return;
    const refusal = await this.#append(batches);
    if (this.#closed) return;
    if (refusal === undefined) return this.#queue.release(batches);
    if (!(await this.#blamesBatch(refusal))) throw refusal;
    const [first] = batches;
    if (batches.length === 1 && first) {
      return this.#queue.bury(first, { code: codeOf(refusal) ?? 'unknown', message: messageOf(refusal) });
    }
    const middle = Math.ceil(batches.length / 2);
    await this.#move(batches.slice(0, middle));
    await this.#move(batches.slice(middle));
  }

  async #append(batches: readonly StoreBatch[]): Promise<unknown> {
    this.#appendSinceMs = performance.now();
    try {
      this.#refusedRows.add((await this.#store.append(batches)).refusedRows);
      return undefined;
    } catch (error) {
      return error ?? new Error('the store failed without saying why');
    } finally {
      this.#appendSinceMs = undefined;
    }
  }

  async #blamesBatch(error: unknown): Promise<boolean> {
    const code = codeOf(error);
    if (code !== undefined && BAD_BATCH.has(code)) return true;
    if ((code !== undefined && STORE_DOWN.has(code)) || this.#failures < UNKNOWN_ERROR_PATIENCE) return false;
    return this.#store.check().then(
      ({ ok }) => ok,
      () => false,
    );
  }

  #succeeded(): void {
    if (this.#failures > 0) this.#report({ level: 'info', message: 'the store takes data again' });
    this.#failures = 0;
    this.#lastError = null;
  }

  #failed(error: unknown): void {
    const delayMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
    // Half of it at random: several daemons that lost one store do not come back to it as one.
    this.#failedMs = performance.now();
    this.#retryMs = this.#failedMs + delayMs * (0.5 + Math.random() / 2);
    this.#failures += 1;
    this.#retries += 1;
    const message = messageOf(error);
    if (message !== this.#lastError) {
      this.#report({
        level: 'error',
        message: 'the store does not take data: it waits in the outbox',
        details: { error: message, code: codeOf(error) ?? 'unknown' },
      });
    }
    this.#lastError = message;
  }

  #settleWaiters(): void {
    for (const waiter of this.#waiters) {
      if (this.#hasLeft(waiter.arrival)) waiter.settle({ stale: false });
    }
  }

  /** A queue that cannot be asked has not let go of anything that a reader may rely on. */
  #hasLeft(arrival: number): boolean {
    try {
      return !this.#closed && this.#queue.hasLeft(arrival);
    } catch {
      return false;
    }
  }
}

/** The stable code of an error, which is what is left of its class when it comes from another thread. */
function codeOf(error: unknown): string | undefined {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : undefined;
}
