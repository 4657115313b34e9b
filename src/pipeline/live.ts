import type { FrameListener, FrameSource, Subscription } from '../collect/frame-source.ts';
import type { Recording } from '../config/kinds.ts';
import type { Frame, FrameLayout } from '../metrics/frame.ts';
import { LayoutIndex, type MetricsView } from '../metrics/view.ts';

/** The newest frame of every family of one interval, and a call at each tick. */
export interface LiveSnapshot extends MetricsView {
  /** µs since the Unix epoch; 0 before the first tick. */
  readonly timestampUs: number;
}

export type TickListener = (snapshot: LiveSnapshot) => void;

/** CPU percentages mean something over this window and longer. */
const PRIME_INTERVAL_MS = 200;

interface Held {
  index: LayoutIndex;
  values: Float64Array;
  timestampUs: number;
}

/**
 * The live hub: holds the newest frame of each family at the live interval and tells its listeners at each tick, once, when
 * all families of that tick are in. Consumers that cannot keep up are their own affair: the hub holds one snapshot, no queue.
 */
export class LiveHub implements FrameListener, LiveSnapshot {
  readonly #source: Pick<FrameSource, 'subscribe'>;
  readonly #families: readonly string[];
  readonly #recordings: readonly Recording[];
  readonly #held = new Map<string, Held>();
  readonly #listeners = new Set<TickListener>();
  #subscriptions: Subscription[] = [];
  #intervalUs = 0;
  #timestampUs = 0;
  /** The timestamp is of a tick that listeners have not been told of. */
  #pending = false;

  /** @param recordings families that are sampled for others at intervals of their own: held as they come, and never sampled more often */
  constructor(
    source: Pick<FrameSource, 'subscribe'>,
    families: readonly string[],
    recordings: readonly Recording[] = [],
  ) {
    this.#source = source;
    this.#families = families;
    this.#recordings = recordings;
  }

  /**
   * Starts, or changes over to other intervals.
   * @param ownMs of families that have an interval of their own
   */
  follow(intervalMs: number, ownMs: ReadonlyMap<string, number> = new Map()): void {
    if (this.#held.size === 0) this.#prime();
    const previous = this.#subscriptions;
    this.#intervalUs = intervalMs * 1_000;
    this.#subscriptions = [
      ...this.#families.map((family) => this.#source.subscribe(family, ownMs.get(family) ?? intervalMs, this)),
      ...this.#recordings.map((one) => this.#source.subscribe(one.family, one.intervalMs ?? intervalMs, this)),
    ];
    for (const subscription of previous) subscription.close();
  }

  /** @returns a function that ends the listening. */
  onTick(listener: TickListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get timestampUs(): number {
    return this.#timestampUs;
  }

  /** Another object whenever a family's instances have changed; null when there is nothing of it yet. */
  layoutOf(family: string): FrameLayout | null {
    return this.#held.get(family)?.index.layout ?? null;
  }

  /** When a family's figures were sampled, in µs since the Unix epoch; null when there are none yet. */
  sampledUs(family: string): number | null {
    return this.#held.get(family)?.timestampUs ?? null;
  }

  instances(family: string): readonly string[] {
    return this.#held.get(family)?.index.layout.instances ?? [];
  }

  value(family: string, instance: string, field: string): number {
    const held = this.#held.get(family);
    return held?.values[held.index.offset(instance, field)] ?? Number.NaN;
  }

  frame(frame: Frame): void {
    // Families below their floor come on a grid of their own; they are shown at the next tick.
    if (frame.intervalUs === this.#intervalUs) this.#advance(frame.timestampUs);
    this.#hold(frame);
  }

  batchEnd(): void {
    if (!this.#pending) return;
    this.#pending = false;
    for (const listener of this.#listeners) listener(this);
  }

  stop(): void {
    for (const subscription of this.#subscriptions) subscription.close();
    this.#subscriptions = [];
    this.#listeners.clear();
  }

  /** Two ticks may come in one batch: the earlier is complete as soon as a frame of the later one arrives. */
  #advance(timestampUs: number): void {
    if (timestampUs !== this.#timestampUs) this.batchEnd();
    this.#timestampUs = timestampUs;
    this.#pending = true;
  }

  /** Fetches one early frame of each family, so that the first consumer need not wait for a tick of a long interval. */
  #prime(): void {
    for (const family of this.#families) {
      const subscription = this.#source.subscribe(family, PRIME_INTERVAL_MS, {
        frame: (frame) => {
          subscription.close();
          if (this.#held.has(family)) return;
          this.#hold(frame);
          if (this.#timestampUs === 0) this.#advance(frame.timestampUs);
        },
        batchEnd: () => this.batchEnd(),
      });
    }
  }

  #hold(frame: Frame): void {
    const held = this.#held.get(frame.layout.family);
    const { layout, values, timestampUs } = frame;
    if (held?.index.layout === layout) {
      held.values.set(values);
      held.timestampUs = timestampUs;
    } else {
      this.#held.set(layout.family, { index: new LayoutIndex(layout), values: values.slice(), timestampUs });
    }
  }
}
