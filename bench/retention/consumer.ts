import { once } from 'node:events';
import type { Daemon } from '../harness/daemon.ts';

/** Listens to the live stream, and tells which of its messages never came. */
export class Consumer {
  readonly #timestampsMs: number[] = [];
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const { type, timestamp } = JSON.parse(String(data)) as { type: string; timestamp: string };
      if (type === 'metrics') this.#timestampsMs.push(Date.parse(timestamp));
    });
  }

  static async connect({ url, token }: Daemon): Promise<Consumer> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/api/ws/metrics?token=${token}`);
    const consumer = new Consumer(socket);
    await once(socket, 'open');
    return consumer;
  }

  /** Messages that came from a moment on, and those that should have. */
  since(fromMs: number, intervalMs: number): { received: number; missed: number } {
    const times = this.#timestampsMs.filter((ms) => ms >= fromMs);
    const [first = 0, last = 0] = [times[0], times.at(-1)];
    const expected = Math.round((last - first) / intervalMs) + 1;
    return { received: times.length, missed: Math.max(0, expected - new Set(times).size) };
  }

  close(): void {
    this.#socket.close();
  }
}
