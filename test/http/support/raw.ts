/** HTTP over bare sockets: what is sent is what the test says, byte for byte. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface RawResponse {
  status: number;
  headers: Map<string, string>;
  body: Buffer;
}

export class RawConnection {
  readonly socket: Socket;
  #received: Buffer[] = [];
  #bytes = 0;
  #onChange: () => void = () => {};
  closed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#received.push(chunk);
      this.#bytes += chunk.byteLength;
      this.#onChange();
    });
    // A reset is one way for a connection to end; what counts is what came before.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
      this.#onChange();
    });
  }

  /** With `tls`, whoever's certificate it is. */
  static async open(port: number, tls = false): Promise<RawConnection> {
    const socket = tls
      ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
      : connect(port, '127.0.0.1');
    const connection = new RawConnection(socket);
    await once(socket, tls ? 'secureConnect' : 'connect');
    return connection;
  }

  send(bytes: string | Uint8Array): void {
    if (!this.socket.destroyed) this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  get received(): Buffer {
    if (this.#received.length > 1) this.#received = [Buffer.concat(this.#received)];
    return this.#received[0] ?? Buffer.alloc(0);
  }

  get receivedBytes(): number {
    return this.#bytes;
  }

  /** Resolves when `reached` holds; rejects when the connection ends before. */
  async until(reached: () => boolean): Promise<void> {
    while (!reached()) {
      if (this.closed)
        throw new Error(`the connection ended after ${this.#bytes} bytes: ${this.received.subarray(0, 400)}`);
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
  }

  async untilClosed(): Promise<void> {
    await this.until(() => this.closed);
  }

  /** Everything that was answered once `count` answers are there. */
  async responses(count: number): Promise<RawResponse[]> {
    await this.until(() => parseResponses(this.received).length >= count);
    return parseResponses(this.received);
  }

  /** Ends our side, and waits for the server's end. */
  async finish(): Promise<RawResponse[]> {
    this.socket.end();
    await this.untilClosed();
    return parseResponses(this.received);
  }
}

/** The complete responses at the front of what was received. */
function parseResponses(received: Buffer): RawResponse[] {
  const responses: RawResponse[] = [];
  let rest = received;
  while (rest.length > 0) {
    const headEnd = rest.indexOf('\r\n\r\n');
    if (headEnd < 0) break;
    const [statusLine = '', ...lines] = rest.subarray(0, headEnd).toString('latin1').split('\r\n');
    const headers = new Map(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
      }),
    );
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]);
    const body = parseBody(rest.subarray(headEnd + 4), headers, status);
    if (!body) break;
    responses.push({ status, headers, body: body.bytes });
    rest = rest.subarray(headEnd + 4 + body.consumed);
  }
  return responses;
}

function parseBody(
  rest: Buffer,
  headers: Map<string, string>,
  status: number,
): { bytes: Buffer; consumed: number } | null {
  if (status === 204 || status === 304 || status === 101) return { bytes: Buffer.alloc(0), consumed: 0 };
  if (headers.get('transfer-encoding') === 'chunked') return parseChunks(rest);
  const length = Number(headers.get('content-length') ?? '0');
  return rest.length < length ? null : { bytes: rest.subarray(0, length), consumed: length };
}

function parseChunks(rest: Buffer): { bytes: Buffer; consumed: number } | null {
  const chunks: Buffer[] = [];
  let offset = 0;
  for (;;) {
    const lineEnd = rest.indexOf('\r\n', offset);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(rest.subarray(offset, lineEnd).toString('latin1'), 16);
    const end = lineEnd + 2 + size;
    if (rest.length < end + 2) return null;
    if (rest.subarray(end, end + 2).toString('latin1') !== '\r\n')
      throw new Error(`a chunk of ${size} bytes has no end`);
    if (size === 0) return { bytes: Buffer.concat(chunks), consumed: end + 2 };
    chunks.push(rest.subarray(lineEnd + 2, end));
    offset = end + 2;
  }
}
