import { ApiError } from './api.ts';
import { Cell } from './cell.ts';

export interface RequestState<T> {
  /** The last answer, which stays while another one is on its way, and when that fails. */
  value: T | null;
  loading: boolean;
  /** Why the last request failed, in words for people. */
  problem: string | null;
}

/** The state of one thing that is asked for again and again: a new request cancels the one before. */
export class LatestRequest<T> extends Cell<RequestState<T>> {
  #current: AbortController | null = null;

  constructor() {
    super({ value: null, loading: false, problem: null });
  }

  /** Resolves when the answer is in, or the request failed or was cancelled. */
  async run(send: (signal: AbortSignal) => Promise<T>): Promise<void> {
    this.#current?.abort();
    const current = new AbortController();
    this.#current = current;
    this.set({ ...this.value, loading: true });
    try {
      const value = await send(current.signal);
      if (!current.signal.aborted) this.set({ value, loading: false, problem: null });
    } catch (error) {
      if (current.signal.aborted) return;
      this.set({ ...this.value, loading: false, problem: (error as Error).message });
      if (!(error instanceof ApiError)) throw error;
    }
  }

  /** Forgets the request that is on its way. */
  cancel(): void {
    this.#current?.abort();
    this.#current = null;
    if (this.value.loading) this.set({ ...this.value, loading: false });
  }
}
