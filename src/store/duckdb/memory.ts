/**
 * How much memory DuckDB may hold. Appending little needs little, and what it is given it keeps for good as a cache of blocks; queries,
 * merges and rollups need more, or fail. So the limit is high while such work runs and for a while after, and low otherwise.
 */
const QUIET = '24MB';
const BUSY = '128MB';
const LINGER_MS = 5_000;

export class MemoryLimit {
  static readonly initial = QUIET;

  readonly #set: (limit: string) => Promise<void>;
  #users = 0;
  #raised = false;
  #stopped = false;
  /** The limit is set one step at a time, in the order in which it was asked for. */
  #steps: Promise<unknown> = Promise.resolve();
  #dueMs = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param set may reject when a lower limit cannot be reached yet; it is then tried again */
  constructor(set: (limit: string) => Promise<void>) {
    this.#set = set;
  }

  /** Runs `work` with the high limit; `lingerMs` of 0 when nothing that follows will profit from what it cached. */
  async raisedDuring<T>(work: () => Promise<T>, lingerMs = LINGER_MS): Promise<T> {
    this.#users += 1;
    try {
      await this.#step(async () => {
        if (!this.#raised) await this.#set(BUSY);
        this.#raised = true;
      });
      return await work();
    } finally {
      this.#users -= 1;
      this.#lowerAt(performance.now() + lingerMs);
    }
  }

  /** The database is about to close: the limit stays what it is. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#steps;
  }

  #step(step: () => Promise<void>): Promise<void> {
    const done = this.#steps.then(step);
    this.#steps = done.catch(() => undefined);
    return done;
  }

  /** Never sooner than what was asked for before. */
  #lowerAt(atMs: number): void {
    this.#dueMs = Math.max(this.#dueMs, atMs);
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    this.#timer = setTimeout(() => this.#lower(), this.#dueMs - performance.now());
    this.#timer.unref();
  }

  #lower(): void {
    const lowered = this.#step(async () => {
      if (this.#users > 0 || !this.#raised) return;
      await this.#set(QUIET);
      this.#raised = false;
    });
    // Something still holds the memory.
    lowered.catch(() => this.#lowerAt(performance.now() + LINGER_MS));
  }
}
