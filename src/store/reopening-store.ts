import {
  type AppendResult,
  type ArchivedRows,
  type ArchiveFile,
  type DayRows,
  type EventsQuery,
  type EventsResult,
  type QuantilesQuery,
  type QuantilesResult,
  type RangeQuery,
  type RangeResult,
  type RollupRequest,
  type RowsPage,
  type RowsQuery,
  type SeriesResult,
  type SeriesSelector,
  type SeriesStore,
  type StoreBatch,
  StoreError,
  type StoreHealth,
  type StoreUsage,
  type TableSpan,
} from './contract.ts';

/** A store that may have to be closed and opened again before it works: then it says that it is broken. */
export interface ReopenableStore extends SeriesStore {
  readonly broken: boolean;
}

/** A store that could not be opened is tried again, when somebody asks for it, no sooner than this. */
const RETRY_MS = 1_000;

/**
 * A store that opens itself when it is needed, and again after it broke, so that what a person puts right (a full disk, a damaged file moved
 * away, another process stopped) is right without a restart. Until then each call rejects with the reason, and `check` tells it.
 */
export class ReopeningStore implements SeriesStore {
  readonly #open: () => Promise<ReopenableStore>;
  readonly #now: () => number;
  #current: Promise<ReopenableStore> | undefined;
  #failure: { error: unknown; atMs: number } | undefined;
  /** The one before must be closed before the next is opened. */
  #closing: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(open: () => Promise<ReopenableStore>, now: () => number = () => performance.now()) {
    this.#open = open;
    this.#now = now;
  }

  append(batches: readonly StoreBatch[]): Promise<AppendResult> {
    return this.#call((store) => store.append(batches));
  }

  range(query: RangeQuery): Promise<RangeResult> {
    return this.#call((store) => store.range(query));
  }

  rows(query: RowsQuery): Promise<RowsPage> {
    return this.#call((store) => store.rows(query));
  }

  quantiles(query: QuantilesQuery): Promise<QuantilesResult> {
    return this.#call((store) => store.quantiles(query));
  }

  latest(query: SeriesSelector & { fields: readonly string[] }): Promise<SeriesResult> {
    return this.#call((store) => store.latest(query));
  }

  instances(query: SeriesSelector): Promise<string[]> {
    return this.#call((store) => store.instances(query));
  }

  events(query: EventsQuery): Promise<EventsResult> {
    return this.#call((store) => store.events(query));
  }

  days(request: { table: string; toUs: number }): Promise<DayRows[]> {
    return this.#call((store) => store.days(request));
  }

  rollup(request: RollupRequest): Promise<{ rows: number; moved: number; archived: ArchivedRows }> {
    return this.#call((store) => store.rollup(request));
  }

  prune(request: TableSpan & { archive: boolean }): Promise<{ rows: number; archived: ArchivedRows }> {
    return this.#call((store) => store.prune(request));
  }

  keepFrom(fromUs: number): Promise<void> {
    return this.#call((store) => store.keepFrom(fromUs));
  }

  archived(): Promise<ArchiveFile[]> {
    return this.#call((store) => store.archived());
  }

  restore(request: TableSpan): Promise<{ rows: number }> {
    return this.#call((store) => store.restore(request));
  }

  usage(): Promise<StoreUsage> {
    return this.#call((store) => store.usage());
  }

  async check(): Promise<StoreHealth> {
    try {
      return await this.#call((store) => store.check());
    } catch (error) {
      return { ok: false, reasons: [error instanceof Error ? error.message : String(error)] };
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const store = await this.#current?.catch(() => undefined);
    this.#current = undefined;
    await this.#closing;
    await store?.close();
  }

  async #call<T>(work: (store: ReopenableStore) => Promise<T>): Promise<T> {
    const opened = this.#opened();
    const store = await opened;
    try {
      return await work(store);
    } finally {
      if (store.broken && this.#current === opened) {
        this.#current = undefined;
        this.#closing = store.close().catch(() => undefined);
      }
    }
  }

  #opened(): Promise<ReopenableStore> {
    if (this.#closed) return Promise.reject(new StoreError('TACHO_STORE_UNAVAILABLE', 'the store is closed'));
    if (this.#failure && this.#now() - this.#failure.atMs < RETRY_MS) return Promise.reject(this.#failure.error);
    if (!this.#current) {
      const opening = this.#closing.then(this.#open);
      this.#current = opening;
      opening.then(
        () => {
          this.#failure = undefined;
        },
        (error: unknown) => {
          this.#failure = { error, atMs: this.#now() };
          if (this.#current === opening) this.#current = undefined;
        },
      );
    }
    return this.#current;
  }
}
