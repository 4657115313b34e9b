import type { FrameListener, FrameSource, Subscription } from '../collect/frame-source.ts';
import type { Recording } from '../config/kinds.ts';
import { encodeFrameBatch } from '../metrics/batch.ts';
import { FRAME_HEADER_WORDS, type Frame, type FrameLayout, writeFrame } from '../metrics/frame.ts';

export interface RecorderOptions {
  source: Pick<FrameSource, 'subscribe'>;
  /** Families to keep; each is subscribed at the storage interval or its floor, whichever is longer. */
  families: readonly string[];
  /** More families to keep, each subscribed at an interval of its own if it has one. */
  recordings?: readonly Recording[];
  /** Puts one encoded FrameBatch into the outbox. The stamp of the last frame in it goes along. */
  put: (payload: Uint8Array<ArrayBuffer>, lastTimestampUs: number) => void;
  /** How long frames gather before they go to the outbox: what a `kill -9` can cost at most. */
  gatherMs?: number;
}

const GATHER_MS = 1_000;
/** Frames leave early when so many words wait, so that high rates do not build one enormous message. */
const MAX_WORDS = 128 * 1024;

/** Keeps this host's frames: subscribes at the storage interval and hands them to the outbox in batches. */
export class Recorder implements FrameListener {
  readonly #options: RecorderOptions;
  #subscriptions: Subscription[] = [];
  #words = new Float64Array(4 * 1024);
  #used = 0;
  #layouts = new Map<FrameLayout, number>();
  #lastTimestampUs = 0;
  #timer: NodeJS.Timeout | undefined;
  #oldestMs = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /**
   * Starts, or changes over to other intervals without losing what was gathered.
   * @param ownMs of families that have an interval of their own
   */
  record(intervalMs: number, ownMs: ReadonlyMap<string, number> = new Map()): void {
    const previous = this.#subscriptions;
    const { source, families, recordings = [] } = this.#options;
    this.#subscriptions = [
      ...families.map((family) => source.subscribe(family, ownMs.get(family) ?? intervalMs, this)),
      ...recordings.map((one) => source.subscribe(one.family, one.intervalMs ?? intervalMs, this)),
    ];
    for (const subscription of previous) subscription.close();
  }

  frame(frame: Frame): void {
    const needed = this.#used + FRAME_HEADER_WORDS + frame.values.length;
    if (needed > this.#words.length) this.#grow(needed);
    let index = this.#layouts.get(frame.layout);
    if (index === undefined) {
      index = this.#layouts.size;
      this.#layouts.set(frame.layout, index);
    }
    if (this.#used === 0) this.#oldestMs = performance.now();
    this.#used = writeFrame(this.#words, this.#used, frame, index);
    this.#lastTimestampUs = frame.timestampUs;
  }

  batchEnd(): void {
    const gatherMs = this.#options.gatherMs ?? GATHER_MS;
    const waitedMs = performance.now() - this.#oldestMs;
    // At one tick a second, or slower, each tick leaves at once and no timer is needed.
    if (this.#used >= MAX_WORDS || waitedMs >= gatherMs || this.#shortestMs() >= gatherMs) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), gatherMs - waitedMs);
  }

  /** Hands over what was gathered. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#used === 0) return;
    const layouts = [...this.#layouts.keys()];
    const payload = encodeFrameBatch({ layouts, words: this.#words.subarray(0, this.#used) });
    this.#used = 0;
    this.#layouts = new Map();
    this.#options.put(payload, this.#lastTimestampUs);
  }

  stop(): void {
    for (const subscription of this.#subscriptions) subscription.close();
    this.#subscriptions = [];
    this.flush();
  }

  #shortestMs(): number {
    return this.#subscriptions.reduce((shortest, { intervalMs }) => Math.min(shortest, intervalMs), Infinity);
  }

  #grow(needed: number): void {
    const larger = new Float64Array(Math.max(needed, this.#words.length * 2));
    larger.set(this.#words.subarray(0, this.#used));
    this.#words = larger;
  }
}
