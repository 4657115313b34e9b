import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

const HANDSHAKE_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const TEXT_FRAME = 0x81;
const OPCODE_TEXT = 0x1;
const OPCODE_CLOSE = 0x8;

/** As much of RFC 6455 as a browser on the same machine needs: whole, short, masked frames in; unmasked frames out. */
export class MockSocket {
  readonly #stream: Duplex;

  constructor(request: IncomingMessage, stream: Duplex, onText: (text: string) => void) {
    this.#stream = stream;
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}${HANDSHAKE_GUID}`)
      .digest('base64');
    stream.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    stream.on('data', (bytes: Buffer) => {
      const opcode = (bytes[0] ?? 0) & 0x0f;
      if (opcode === OPCODE_CLOSE) stream.end();
      if (opcode === OPCODE_TEXT) onText(unmask(bytes));
    });
    stream.on('error', () => stream.destroy());
  }

  send(text: string): void {
    const payload = Buffer.from(text);
    const header = Buffer.alloc(payload.length < 126 ? 2 : 4);
    header[0] = TEXT_FRAME;
    if (payload.length < 126) header[1] = payload.length;
    else {
      header[1] = 126;
      header.writeUInt16BE(payload.length, 2);
    }
    this.#stream.write(Buffer.concat([header, payload]));
  }

  /** Cuts the connection without a closing handshake, as a killed daemon does. */
  cut(): void {
    this.#stream.destroy();
  }
}

function unmask(bytes: Buffer): string {
  const length = (bytes[1] ?? 0) & 0x7f;
  const mask = bytes.subarray(2, 6);
  return Buffer.from(bytes.subarray(6, 6 + length).map((byte, index) => byte ^ (mask[index % 4] ?? 0))).toString();
}
