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

  /** Runs `work` with the high limit, which stays for a while: what it cached may soon be asked for again. */
  async raisedDuring<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.#raisedDuring(work);
    } finally {
      this.#lowerAt(performance.now() + LINGER_MS);
    }
  }

  /** Runs `work` with the high limit and gives back what it leaves in memory, also what lingers, unless other work goes on. */
  async raisedOnlyDuring<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.#raisedDuring(work);
    } finally {
      await this.#lower();
    }
  }

  /** The database is about to close: the limit stays what it is. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#steps;
  }

  async #raisedDuring<T>(work: () => Promise<T>): Promise<T> {
    this.#users += 1;
    try {
      await this.#step(async () => {
        if (!this.#raised) await this.#set(BUSY);
        this.#raised = true;
      });
      return await work();
    } finally {
      this.#users -= 1;
    }
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
    this.#timer = setTimeout(() => {
      if (this.#raised && this.#users === 0) this.#lower();
    }, this.#dueMs - performance.now());
    this.#timer.unref();
  }

  async #lower(): Promise<void> {
    const lowered = this.#step(async () => {
      const busy = this.#users > 0;
      // Also when it stays as it is: DuckDB's allocator holds on to freed memory, and this makes it let go.
      await this.#set(busy ? BUSY : QUIET);
      this.#raised = busy;
    });
    // Something still holds the memory.
    await lowered.catch(() => this.#lowerAt(performance.now() + LINGER_MS));
  }
}
