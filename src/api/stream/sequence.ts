import { FRAME_FLAG_DISTURBED, FRAME_FLAG_GAP, FRAME_FLAG_LOST, type Frame } from '../../metrics/frame.ts';
import type { DropReason } from './protocol.ts';

/** Ticks without a frame, one after the other. */
export interface Drop {
  fromSeq: number;
  count: number;
  reason: DropReason;
}

type Tick = Pick<Frame, 'timestampUs' | 'intervalUs' | 'flags'>;

/**
 * Numbers the ticks of one family for one consumer: 1, 2, 3, … For each number there is either a frame or exactly one drop that
 * covers it, and drops come before the frame behind them.
 *
 * Ticks that the sampler left out show in the distance of the timestamps, which lie on the grid of the interval; where the clock
 * was set, or the host slept, they don't, and none are made up.
 */
export class Sequence {
  #next = 1;
  #lastUs: number | null = null;
  #pending: Drop | null = null;
  #gap = false;

  /** A frame that is to be sent: its number, what went missing before it, and whether a gap lies between the one sent before and it. */
  sent(tick: Tick): { seq: number; drop: Drop | null; gap: boolean } {
    const missing = this.#follow(tick);
    const gap = this.#gap;
    this.#gap = false;
    if (missing > 0) this.#add(missing, tick.flags & FRAME_FLAG_LOST ? 'overrun' : 'not_sampled');
    return { seq: this.#number(1), drop: this.takeDrop(), gap };
  }

  /** A frame that is left out, together with what went missing before it: so many ticks. */
  skipped(tick: Tick): number {
    const count = this.#follow(tick) + 1;
    this.#add(count, 'slow_consumer');
    return count;
  }

  /** What is to be told, once. */
  takeDrop(): Drop | null {
    const drop = this.#pending;
    this.#pending = null;
    return drop;
  }

  /** How many ticks are missing between the frame before and this one. */
  #follow({ timestampUs, intervalUs, flags }: Tick): number {
    const lastUs = this.#lastUs;
    this.#lastUs = timestampUs;
    if (flags & FRAME_FLAG_GAP) this.#gap = true;
    if (lastUs === null || flags & FRAME_FLAG_DISTURBED) return 0;
    // Rounded, because the last digits of a timestamp are the number of the clock's epoch.
    return Math.max(0, Math.round((timestampUs - lastUs) / intervalUs) - 1);
  }

  #add(count: number, reason: DropReason): void {
    const fromSeq = this.#number(count);
    if (this.#pending) this.#pending.count += count;
    else this.#pending = { fromSeq, count, reason };
  }

  /** Gives out so many numbers; the first of them. */
  #number(count: number): number {
    const first = this.#next;
    this.#next += count;
    return first;
  }
}
