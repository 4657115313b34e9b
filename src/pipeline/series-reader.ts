import type { SeriesStore } from '../store/contract.ts';
import type { OutboxHandle } from './outbox-client.ts';

/** Samples are queued sooner than this after they were taken. */
const QUEUED_WITHIN_US = 60_000_000;

/** What the API reads series through: the store, and the promise that it holds everything that was acknowledged. */
export class SeriesReader {
  readonly store: SeriesStore;
  readonly #outbox: Pick<OutboxHandle, 'flush' | 'status'>;

  constructor(store: SeriesStore, outbox: Pick<OutboxHandle, 'flush' | 'status'>) {
    this.store = store;
    this.#outbox = outbox;
  }

  /**
   * Waits until the store holds what was acknowledged before this call, if a read up to `toUs` could miss any of it.
   * @returns whether the answer will be stale: the store did not take the rows in time.
   */
  async catchUp(toUs: number): Promise<boolean> {
    try {
      // What waits may be old: the store was down, or the daemon has just come back.
      const { oldestAgeMs } = await this.#outbox.status();
      if (toUs < (Date.now() - oldestAgeMs) * 1_000 - QUEUED_WITHIN_US) return false;
      return (await this.#outbox.flush()).stale;
    } catch {
      // The outbox says in /readyz what it suffers from; what the store has can be read all the same.
      return true;
    }
  }
}
