/** Something that is done again and again, at times that depend on the clock on the wall. */
export interface ScheduleOptions {
  /** Null while it is switched off. Asked for whenever `update` is called. */
  intervalMs(): number | null;
  /** Its times are this, in ms since the Unix epoch, plus whole multiples of the interval. */
  anchorMs: number;
  /** Never rejects. */
  task(): Promise<unknown>;
  /** ms since the Unix epoch. */
  now(): number;
}

/** Timers run on a clock that neither steps nor counts a suspended host's sleep: the clock on the wall is looked at this often. */
const LONGEST_WAIT_MS = 3_600_000;

/** The first time after `nowMs`. */
export function nextTimeMs(nowMs: number, anchorMs: number, intervalMs: number): number {
  return anchorMs + (Math.floor((nowMs - anchorMs) / intervalMs) + 1) * intervalMs;
}

/** The last time up to `nowMs`. */
export function lastTimeMs(nowMs: number, anchorMs: number, intervalMs: number): number {
  return anchorMs + Math.floor((nowMs - anchorMs) / intervalMs) * intervalMs;
}

export class Schedule {
  readonly #options: ScheduleOptions;
  #timer: NodeJS.Timeout | undefined;
  #nextMs: number | null = null;
  #earlyMs: number | null = null;
  #stopped = false;

  constructor(options: ScheduleOptions) {
    this.#options = options;
  }

  /** When the task is due, in ms since the Unix epoch; null while it is switched off. */
  get nextMs(): number | null {
    return this.#nextMs;
  }

  /** Begins. @param earlyMs A first time of its own, for something that was missed. */
  start(earlyMs: number | null): void {
    this.#earlyMs = earlyMs;
    this.update();
  }

  /** Follows a changed interval. */
  update(): void {
    const { intervalMs, anchorMs, now } = this.#options;
    const interval = intervalMs();
    if (interval === null) this.#earlyMs = null;
    this.#arm(interval === null ? null : Math.min(this.#earlyMs ?? Infinity, nextTimeMs(now(), anchorMs, interval)));
  }

  stop(): void {
    this.#stopped = true;
    this.#arm(null);
  }

  #arm(nextMs: number | null): void {
    clearTimeout(this.#timer);
    this.#nextMs = this.#stopped ? null : nextMs;
    if (this.#nextMs === null) return;
    const waitMs = Math.max(0, this.#nextMs - this.#options.now());
    this.#timer = setTimeout(() => this.#look(), Math.min(waitMs, LONGEST_WAIT_MS)).unref();
  }

  #look(): void {
    const { now, task, intervalMs, anchorMs } = this.#options;
    const nowMs = now();
    const interval = intervalMs();
    if (this.#nextMs === null || interval === null) return;
    const following = nextTimeMs(nowMs, anchorMs, interval);
    if (nowMs < this.#nextMs) {
      // A clock that was set back must not put the next time off.
      this.#arm(Math.min(this.#nextMs, following));
      return;
    }
    this.#earlyMs = null;
    this.#arm(following);
    void task();
  }
}
