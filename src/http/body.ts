import { HttpError } from './errors.ts';
import type { HttpResponse } from './uws.ts';

/** JSON nested deeper than this is refused. */
const MAX_DEPTH = 64;

/** Past this, a body that is not wanted is no longer read on for the sake of the sender. */
const MAX_DISCARDED_BYTES = 64 * 1024 * 1024;

/** Collects a request's body, up to a limit; must be made in the request's own turn. */
export class BodyReader {
  readonly #limitBytes: number;
  #chunks: Buffer[] = [];
  #collectedBytes = 0;
  #discardedBytes = 0;
  #discarding = false;
  #tooLarge = false;
  #ended = false;
  #consumer: ((body: Buffer | 'too large') => void) | null = null;
  #onEnd: (() => void) | null = null;

  constructor(response: HttpResponse, limitBytes: number, declaredBytes: number | null) {
    this.#limitBytes = limitBytes;
    if (declaredBytes !== null && declaredBytes > limitBytes) this.#overflow();
    response.onData((chunk, isLast) => this.#take(chunk, isLast));
  }

  /** Nothing more of the body is wanted; what still comes is read and dropped. */
  discard(): void {
    this.#discarding = true;
    this.#consumer = null;
    this.#chunks = [];
  }

  /** Hands the whole body over when it is there, or `too large` as soon as that is known. */
  consume(consumer: (body: Buffer | 'too large') => void): void {
    this.#consumer = consumer;
    this.#deliver();
  }

  /** Runs once the sender has nothing left to send, or has sent too much to wait for the rest. */
  whenEnded(callback: () => void): void {
    if (this.#ended) callback();
    else this.#onEnd = callback;
  }

  #take(chunk: ArrayBuffer, isLast: boolean): void {
    if (this.#discarding) {
      this.#discardedBytes += chunk.byteLength;
      if (this.#discardedBytes > MAX_DISCARDED_BYTES) this.#end();
    } else if (this.#collectedBytes + chunk.byteLength > this.#limitBytes) {
      this.#overflow();
    } else if (chunk.byteLength > 0) {
      // Copied: the library takes its memory back when this returns.
      this.#chunks.push(Buffer.from(new Uint8Array(chunk)));
      this.#collectedBytes += chunk.byteLength;
    }
    if (isLast) this.#end();
  }

  #overflow(): void {
    this.#tooLarge = true;
    this.#discarding = true;
    this.#chunks = [];
    this.#deliver();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#deliver();
    this.#onEnd?.();
  }

  #deliver(): void {
    const consumer = this.#consumer;
    if (!consumer || !(this.#ended || this.#tooLarge)) return;
    this.#consumer = null;
    consumer(this.#tooLarge ? 'too large' : Buffer.concat(this.#chunks));
  }
}

/** @throws HttpError 400 or 415 */
export function parseJsonBody(bytes: Uint8Array, contentType: string | undefined): unknown {
  if (contentType !== undefined && !/^application\/json\s*(?:;|$)/i.test(contentType))
    throw HttpError.unsupportedMediaType();
  if (bytes.byteLength === 0) throw HttpError.badRequest('body: must be JSON, but is empty', 'body');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new HttpError(400, 'body: must be UTF-8', { field: 'body', cause: error });
  }
  if (isDeeperThan(bytes, MAX_DEPTH)) {
    throw HttpError.badRequest(`body: must not be nested deeper than ${MAX_DEPTH} levels`, 'body');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new HttpError(400, 'body: must be valid JSON', { field: 'body', cause: error });
  }
  // A plain member to JSON.parse, but a trap for code that merges objects. It may be spelt with escapes.
  if ((text.includes('__proto__') || text.includes('\\u')) && hasPrototypeKey(value)) {
    throw HttpError.badRequest('body: must not have a member named __proto__', 'body');
  }
  return value;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENERS = new Set([0x5b, 0x7b]);
const CLOSERS = new Set([0x5d, 0x7d]);

function isDeeperThan(bytes: Uint8Array, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index] as number;
    if (inString) {
      if (byte === BACKSLASH) index += 1;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) {
      inString = true;
    } else if (OPENERS.has(byte)) {
      depth += 1;
      if (depth > limit) return true;
    } else if (CLOSERS.has(byte)) {
      depth -= 1;
    }
  }
  return false;
}

function hasPrototypeKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Object.hasOwn(value, '__proto__')) return true;
  return Object.values(value).some(hasPrototypeKey);
}
