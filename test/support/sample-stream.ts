import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type SampleFrame, type SampleMessage, SequenceCheck } from '../../bench/stream/sequence-check.ts';
import { clientFrame, OPCODE, serverFrames } from './websocket-frames.ts';

/** A consumer of `WS /api/v1/stream` over a bare socket, so that it can stop reading. */
export class SampleClient {
  readonly messages: SampleMessage[] = [];
  readonly check = new SequenceCheck();
  /** The close code; null when the connection ended without one, or is open. */
  closeCode: number | null = null;
  closed = false;
  readonly #socket: Socket;
  #upgraded = false;
  #unread: Buffer = Buffer.alloc(0);
  #onChange: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#read(chunk));
    // A reset is one way for a connection to end; `closed` says so.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
      this.#onChange();
    });
  }

  /** Rejects when the server does not upgrade. */
  static async connect(url: string, token: string): Promise<SampleClient> {
    const { host, hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    const client = new SampleClient(socket);
    await once(socket, 'connect');
    const lines = [
      `GET /api/v1/stream?token=${token} HTTP/1.1`,
      ...[`Host: ${host}`, 'Connection: Upgrade', 'Upgrade: websocket'],
      ...['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='],
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    await client.until(() => client.#upgraded);
    return client;
  }

  /** Sends a message; text as it is. */
  send(message: object | string): void {
    this.#socket.write(clientFrame(OPCODE.text, typeof message === 'string' ? message : JSON.stringify(message)));
  }

  /** Resolves when `reached` holds; rejects when the connection ends before. */
  async until(reached: () => boolean): Promise<void> {
    while (!reached()) {
      if (this.closed)
        throw new Error(`the stream ended with ${this.closeCode}; ${this.messages.length} messages came`);
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
  }

  /** The frames of a family, oldest first. */
  frames(family: string): SampleFrame[] {
    return this.messages.flatMap((message) =>
      message.type === 'frames' ? message.frames.filter((frame) => frame.family === family) : [],
    );
  }

  /** The last message of a type. @throws Error when none came */
  last<T extends SampleMessage['type']>(type: T): Extract<SampleMessage, { type: T }> {
    const message = this.messages.findLast((candidate) => candidate.type === type);
    if (!message) throw new Error(`no message of type ${type} came`);
    return message as Extract<SampleMessage, { type: T }>;
  }

  stopReading(): void {
    this.#socket.pause();
  }

  goOnReading(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    if (!this.#upgraded) {
      const end = this.#unread.indexOf('\r\n\r\n');
      if (end < 0) return;
      this.#upgraded = this.#unread.toString('latin1', 0, end).startsWith('HTTP/1.1 101');
      this.#unread = this.#unread.subarray(end + 4);
    }
    if (this.#upgraded) this.#takeFrames();
    this.#onChange();
  }

  #takeFrames(): void {
    const { frames, rest } = serverFrames(this.#unread);
    this.#unread = rest;
    for (const { opcode, payload } of frames) {
      if (opcode === OPCODE.close) this.closeCode = payload.readUInt16BE(0);
      if (opcode !== OPCODE.text) continue;
      const message = JSON.parse(payload.toString()) as SampleMessage;
      this.messages.push(message);
      this.check.take(message);
    }
  }
}
