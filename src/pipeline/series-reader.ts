import type { SeriesStore } from '../store/contract.ts';

/** Reads that end longer ago than this cannot miss anything that waits in the outbox of a healthy store. */
const PRESENT_US = 60_000_000;

/** What the API reads series through: the store, and the promise that it holds everything that was acknowledged. */
export class SeriesReader {
  readonly store: SeriesStore;
  readonly #flush: () => Promise<{ stale: boolean }>;

  constructor(store: SeriesStore, flush: () => Promise<{ stale: boolean }>) {
    this.store = store;
    this.#flush = flush;
  }

  /**
   * Waits until the store holds what was acknowledged before this call, if a read up to `toUs` could miss any of it.
   * @returns whether the answer will be stale: the store did not take the rows in time.
   */
  async catchUp(toUs: number): Promise<boolean> {
    if (toUs < Date.now() * 1_000 - PRESENT_US) return false;
    return (await this.#flush()).stale;
  }
}
