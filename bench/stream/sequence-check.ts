export interface SampleFrame {
  family: string;
  layout: number;
  seq: number;
  timestamp_us: number;
  lateness_us: number;
  gap?: true;
  values: (number | null)[][];
}

/** What the sample stream sends; the members depend on the type. */
export type SampleMessage =
  | { type: 'subscribed'; families: { family: string; interval_us: number }[] }
  | { type: 'frames'; frames: SampleFrame[] }
  | { type: 'dropped'; family: string; from_seq: number; count: number; reason: string }
  | { type: 'layout'; family: string; layout: number; instances: string[] }
  | { type: 'unsubscribed'; families: string[] }
  | { type: 'error'; detail: string; field: string | null }
  | { type: 'pong' };

/** What came of one family, and what was told not to come. */
interface Account {
  intervalUs: number;
  nextSeq: number;
  last: { seq: number; timestampUs: number } | null;
  frames: number;
  /** Ticks by reason. */
  dropped: Map<string, number>;
}

/**
 * Holds a subscriber's messages against the rule of the stream: each tick of a family's grid is a frame or is told as dropped, once and in
 * order. Timestamps tell about ticks that numbers leave out; while the clock is set, they cannot.
 */
export class SequenceCheck {
  /** What broke the rule, for people. */
  readonly faults: string[] = [];
  readonly #accounts = new Map<string, Account>();

  take(message: SampleMessage): void {
    if (message.type === 'subscribed') {
      for (const { family, interval_us: intervalUs } of message.families) {
        this.#accounts.set(family, { intervalUs, nextSeq: 1, last: null, frames: 0, dropped: new Map() });
      }
    } else if (message.type === 'dropped') {
      const account = this.#advance(message.family, message.from_seq, message.count);
      account?.dropped.set(message.reason, (account.dropped.get(message.reason) ?? 0) + message.count);
    } else if (message.type === 'frames') {
      for (const frame of message.frames) this.#frame(frame);
    }
  }

  frames(family: string): number {
    return this.#accounts.get(family)?.frames ?? 0;
  }

  /** Ticks that were told as dropped for a reason, or for any. */
  dropped(family: string, reason?: string): number {
    const dropped = this.#accounts.get(family)?.dropped ?? new Map<string, number>();
    if (reason !== undefined) return dropped.get(reason) ?? 0;
    return [...dropped.values()].reduce((sum, count) => sum + count, 0);
  }

  #frame({ family, seq, timestamp_us: timestampUs }: SampleFrame): void {
    const account = this.#advance(family, seq, 1);
    if (!account) return;
    const { last, intervalUs } = account;
    if (last) {
      const ticks = Math.round((timestampUs - last.timestampUs) / intervalUs);
      if (ticks !== seq - last.seq) {
        this.faults.push(
          `${family}: ${ticks} ticks from ${last.timestampUs} to ${timestampUs}, numbers ${last.seq} to ${seq}`,
        );
      }
    }
    account.last = { seq, timestampUs };
    account.frames += 1;
  }

  #advance(family: string, seq: number, count: number): Account | null {
    const account = this.#accounts.get(family);
    if (!account) {
      this.faults.push(`${family}: number ${seq} before the schema`);
      return null;
    }
    if (seq !== account.nextSeq) this.faults.push(`${family}: number ${seq} where ${account.nextSeq} was due`);
    account.nextSeq = seq + count;
    return account;
  }
}
