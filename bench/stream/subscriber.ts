import { once } from 'node:events';
import { BenchError } from '../harness/bench.ts';
import type { Daemon } from '../harness/daemon.ts';
import { type SampleMessage, SequenceCheck } from './sequence-check.ts';

/** Ticks of one family since the subscription began. */
export interface Ticks {
  frames: number;
  /** Told as dropped, for whatever reason. */
  dropped: number;
}

/** A consumer of the sample stream that holds it to its rule. */
export class Subscriber {
  readonly check = new SequenceCheck();
  readonly families: readonly string[];
  readonly #socket: WebSocket;
  /** Effective intervals, by family. */
  readonly intervalsUs = new Map<string, number>();

  private constructor(socket: WebSocket, families: readonly string[]) {
    this.#socket = socket;
    this.families = families;
    socket.addEventListener('message', ({ data }) => this.#take(JSON.parse(String(data)) as SampleMessage));
  }

  /** Resolves when the families are subscribed to. */
  static async connect({ url, token }: Daemon, families: readonly string[], hz: number): Promise<Subscriber> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/stream?token=${token}`);
    const subscriber = new Subscriber(socket, families);
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'subscribe', families, hz }));
    await once(socket, 'message');
    return subscriber;
  }

  /** By family. @throws BenchError when the stream has ended */
  ticks(): Map<string, Ticks> {
    if (this.#socket.readyState !== WebSocket.OPEN) throw new BenchError('the stream ended early');
    const ticksOf = (family: string) => ({ frames: this.check.frames(family), dropped: this.check.dropped(family) });
    return new Map(this.families.map((family) => [family, ticksOf(family)]));
  }

  close(): void {
    this.#socket.close();
  }

  #take(message: SampleMessage): void {
    if (message.type === 'subscribed') {
      for (const { family, interval_us } of message.families) this.intervalsUs.set(family, interval_us);
    }
    this.check.take(message);
  }
}
