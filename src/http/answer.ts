/**
 * Puts an answer on the wire, so that it arrives byte for byte and no request hidden behind it is served.
 *
 * uWebSockets.js has three habits that decide the shape of this file (facts found over raw sockets; test/http/wire.test.ts holds them):
 *
 * - A request that comes while an answer is pending closes the connection; one that comes after `end` is served, even if
 *   `end` was told to close. So a doubtful request is answered from a turn of its own, and its answer stays pending.
 * - `tryEnd` leaves an answer pending that the kernel does not take whole: a pipelined request would cut it. `end` buffers the rest
 *   without bound, so a client that pipelines and never reads could fill the memory. Hence: buffer one large answer per
 *   connection freely, further ones from a small common allowance, and let the others wait.
 * - Nothing can be sent after `end`, and `close` drops what is still corked. Answers that must end with a closed
 *   connection are written as one raw block, which needs no `end`.
 */
import { STATUS_CODES } from 'node:http';
import type { HttpResponse } from './uws.ts';

export type Header = readonly [name: string, value: string];

export interface Answer {
  status: number;
  headers: readonly Header[];
  /** Null for statuses without a body (204, 304). */
  body: Uint8Array | null;
  /** The answer to HEAD: the headers of GET and no body. */
  headOnly: boolean;
}

/** Fits the library's 16 kB cork buffer together with the headers: sent as one piece. */
const SMALL_BYTES = 12 * 1024;
/** What is written to find out whether the client reads. */
const PROBE_BYTES = 1_024;
/** More than the library's cork buffer, so that the block is sent at once, whatever is closed then. */
const UNCORKED_BYTES = 16 * 1024;

/** Memory that answers to clients which pipeline without reading may take, all together. */
class Allowance {
  readonly #capacityBytes: number;
  readonly #bytesPerMs: number;
  #bytes: number;
  #at = performance.now();

  constructor(capacityBytes: number, bytesPerMs: number) {
    this.#capacityBytes = capacityBytes;
    this.#bytesPerMs = bytesPerMs;
    this.#bytes = capacityBytes;
  }

  take(bytes: number): boolean {
    const now = performance.now();
    this.#bytes = Math.min(this.#capacityBytes, this.#bytes + (now - this.#at) * this.#bytesPerMs);
    this.#at = now;
    if (bytes > this.#bytes) return false;
    this.#bytes -= bytes;
    return true;
  }
}

const pipelining = new Allowance(4 * 1024 * 1024, 64);

/** Answers a request whose framing is sound; the connection lives on. `onSent` runs once the library holds all of it. */
export function sendAnswer(response: HttpResponse, answer: Answer, onSent: () => void): void {
  const { body } = answer;
  response.cork(() => {
    writeHead(response, answer);
    if (body === null || answer.headOnly) {
      // `endWithoutBody(n)` would abort the process on HEAD.
      if (body !== null) response.writeHeader('content-length', String(body.byteLength));
      response.endWithoutBody();
      onSent();
    } else if (body.byteLength <= SMALL_BYTES) {
      sendSmall(response, body, onSent);
    } else {
      sendLarge(response, body, onSent);
    }
  });
}

function sendSmall(response: HttpResponse, body: Uint8Array, onSent: () => void): void {
  if (body.byteLength === 0) {
    response.end();
    onSent();
    return;
  }
  const total = body.byteLength;
  if (response.tryEnd(body, total)[1]) {
    onSent();
  } else if (response.getWriteOffset() === 0 && pipelining.take(total)) {
    response.end(body);
    onSent();
  } else {
    response.onWritable((offset) => {
      let ok = true;
      response.cork(() => {
        let done: boolean;
        [ok, done] = response.tryEnd(body.subarray(offset), total);
        if (done) onSent();
      });
      return ok;
    });
  }
}

/** Chunked, because only `write` tells whether an earlier answer is still waiting and yet can be followed by `end`. */
function sendLarge(response: HttpResponse, body: Uint8Array, onSent: () => void): void {
  let offset = 0;
  const advance = (mayBuffer: boolean): void => {
    const probe = body.subarray(offset, offset + PROBE_BYTES);
    offset += probe.byteLength;
    const reads = response.write(probe);
    const rest = body.subarray(offset);
    if (!reads && rest.byteLength > 0 && !(mayBuffer && pipelining.take(rest.byteLength))) return;
    response.end(rest);
    onSent();
  };
  let sent = false;
  const finish = onSent;
  onSent = () => {
    sent = true;
    finish();
  };
  advance(true);
  if (sent) return;
  response.onWritable(() => {
    response.cork(() => advance(false));
    return true;
  });
}

/**
 * Answers a doubtful request and lets nothing behind it be served. Only from a turn of the event loop's own, with the request's body
 * read to its end. JSON is closed at once; other bodies must not get the raw block's line end, so their answer stays
 * pending for good and the client closes, or the library after ten idle seconds.
 */
export function sendLastAnswer(response: HttpResponse, answer: Answer): void {
  const { body } = answer;
  if (body === null || answer.headOnly || body.byteLength < 2 || isSmallJson(answer, body)) {
    writeRaw(response, answer, 0);
    response.close();
    return;
  }
  response.cork(() => {
    writeHead(response, answer);
    response.writeHeader('connection', 'close');
    // In two pieces, because the library takes an answer that `end` did not give whole for unfinished.
    response.tryEnd(body.subarray(0, 1), body.byteLength);
    response.end(body.subarray(1));
  });
}

/** Answers and closes now, in the parser's turn too: nothing that came in the same packet is looked at. */
export function sendAndClose(response: HttpResponse, answer: Answer): void {
  writeRaw(response, answer, UNCORKED_BYTES);
  response.close();
}

/** Answers in full and leaves the response pending, so that the caller may read on for a while before it closes. */
export function sendPending(response: HttpResponse, answer: Answer): void {
  writeRaw(response, answer, 0);
}

function writeHead(response: HttpResponse, { status, headers }: Answer): void {
  response.writeStatus(statusLine(status));
  for (const [name, value] of headers) response.writeHeader(name, value);
}

/** Head and body as one "status line", which the library passes on as it is, with a line end behind it: the last white space of the JSON. */
function writeRaw(response: HttpResponse, { status, headers, body, headOnly }: Answer, minimumBytes: number): void {
  const lines = [statusLine(status), ...headers.map(([name, value]) => `${name}: ${value}`), 'connection: close'];
  let block: Buffer;
  if (body === null || body.byteLength === 0 || headOnly) {
    if (body !== null) lines.push(`content-length: ${body.byteLength}`);
    block = Buffer.from(`${lines.join('\r\n')}\r\n`);
  } else {
    const padding = ' '.repeat(Math.max(0, minimumBytes - body.byteLength));
    lines.push(`content-length: ${body.byteLength + padding.length + 2}`);
    block = Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body, Buffer.from(padding)]);
  }
  response.cork(() => {
    response.writeStatus(block);
  });
}

function isSmallJson({ headers }: Answer, body: Uint8Array): boolean {
  if (body.byteLength > SMALL_BYTES) return false;
  return headers.some(([name, value]) => name === 'content-type' && value.startsWith('application/json'));
}

function statusLine(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? ''}`;
}
