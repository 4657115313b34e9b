import { ApiError } from '../lib/api.ts';
import { Cell } from '../lib/cell.ts';
import type { CleanUpResult, CleanUpStatus, SettingsApi, StoredData } from './settings-api.ts';

/** While a clean-up runs, its progress is asked for so often; else only now and then, for scheduled ones. */
const BUSY_MS = 1_000;
const IDLE_MS = 30_000;

type Known<T> = { value: T | null; problem: string | null };

/** What is stored, the clean-up that runs, and the one that the person starts. */
export class CleanUp {
  readonly stored = new Cell<Known<StoredData>>({ value: null, problem: null });
  readonly status = new Cell<Known<CleanUpStatus>>({ value: null, problem: null });
  /** How the clean-up ended that was started here. */
  readonly outcome = new Cell<{ result: CleanUpResult } | { problem: string } | null>(null);
  /** Whether one that was started here has not ended. */
  readonly started = new Cell(false);
  readonly #api: SettingsApi;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watching = false;

  constructor(api: SettingsApi) {
    this.#api = api;
  }

  /** Keeps both up to date until `stop`. */
  watch(): void {
    this.#watching = true;
    void this.#refresh(true);
  }

  stop(): void {
    this.#watching = false;
    clearTimeout(this.#timer);
  }

  async start(): Promise<void> {
    if (this.started.value) return;
    this.outcome.set(null);
    this.started.set(true);
    this.#schedule(BUSY_MS / 4);
    try {
      this.outcome.set({ result: await this.#api.cleanUp() });
    } catch (error) {
      this.outcome.set({ problem: reasonOf(error) });
    }
    this.started.set(false);
    await this.#refresh(true);
  }

  async #refresh(withStored: boolean): Promise<void> {
    const wasRunning = this.status.value.value?.running === true;
    await ask(this.status, () => this.#api.status());
    const running = this.status.value.value?.running === true;
    if (withStored || (wasRunning && !running)) await ask(this.stored, () => this.#api.stored());
    this.#schedule(running || this.started.value ? BUSY_MS : IDLE_MS);
  }

  #schedule(afterMs: number): void {
    clearTimeout(this.#timer);
    if (this.#watching) this.#timer = setTimeout(() => void this.#refresh(afterMs === IDLE_MS), afterMs);
  }
}

/** What was known stays shown when a later question fails. */
async function ask<T>(cell: Cell<Known<T>>, question: () => Promise<T>): Promise<void> {
  try {
    cell.set({ value: await question(), problem: null });
  } catch (error) {
    cell.set({ value: cell.value.value, problem: reasonOf(error) });
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  throw error;
}
