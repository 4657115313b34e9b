/** Lends a few things, one borrower each, in the order of asking. */
export class Turns<T> {
  readonly #free: T[];
  readonly #size: number;
  readonly #waiting: ((item: T) => void)[] = [];

  constructor(items: readonly T[]) {
    this.#free = [...items];
    this.#size = items.length;
  }

  async borrow<R>(work: (item: T) => Promise<R>): Promise<R> {
    const item = this.#free.pop() ?? (await new Promise<T>((resolve) => this.#waiting.push(resolve)));
    try {
      return await work(item);
    } finally {
      this.#giveBack(item);
    }
  }

  /** Waits for everything lent and keeps it: no later borrower gets any. */
  async retire(): Promise<T[]> {
    return Promise.all(
      Array.from(
        { length: this.#size },
        () => this.#free.pop() ?? new Promise<T>((resolve) => this.#waiting.push(resolve)),
      ),
    );
  }

  #giveBack(item: T): void {
    const next = this.#waiting.shift();
    if (next) next(item);
    else this.#free.push(item);
  }
}
