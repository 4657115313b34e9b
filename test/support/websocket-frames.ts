/** WebSocket frames byte by byte (RFC 6455 §5.2), for clients that do what libraries would not. */

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9 } as const;

export interface ServerFrame {
  opcode: number;
  payload: Buffer;
}

/** A client's frame, masked with noughts. */
export function clientFrame(opcode: number, payload: string | Buffer, final = true): Buffer {
  const bytes = Buffer.from(payload);
  const long = bytes.length > 125;
  const head = Buffer.alloc(long ? 8 : 6);
  head[0] = (final ? 0x80 : 0) | opcode;
  head[1] = 0x80 | (long ? 126 : bytes.length);
  if (long) head.writeUInt16BE(bytes.length, 2);
  return Buffer.concat([head, bytes]);
}

/** The whole frames at the beginning of what a server sent, and what is behind them. */
export function serverFrames(received: Buffer): { frames: ServerFrame[]; rest: Buffer } {
  const frames: ServerFrame[] = [];
  let rest = received;
  for (;;) {
    const size = (rest[1] ?? 0) & 0x7f;
    const head = size === 127 ? 10 : size === 126 ? 4 : 2;
    if (rest.length < head) return { frames, rest };
    const length = size === 127 ? Number(rest.readBigUInt64BE(2)) : size === 126 ? rest.readUInt16BE(2) : size;
    if (rest.length < head + length) return { frames, rest };
    frames.push({ opcode: (rest[0] as number) & 0x0f, payload: rest.subarray(head, head + length) });
    rest = rest.subarray(head + length);
  }
}
