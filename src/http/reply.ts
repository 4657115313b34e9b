import type { Answer, Header } from './answer.ts';

/**
 * What a handler answers. A string is sent as text and bytes as they are, unless `headers` name another content type; null is no
 * body at all; anything else is sent as JSON (where numbers that are not finite become null).
 */
export interface Reply {
  status: number;
  body: unknown;
  headers?: Readonly<Record<string, string>>;
}

const JSON_TYPE = 'application/json; charset=utf-8';

export function json(value: unknown, status = 200, headers?: Readonly<Record<string, string>>): Reply {
  return encodedJson(JSON.stringify(value ?? null), status, headers);
}

/** JSON that is encoded already. */
export function encodedJson(
  body: string | Uint8Array,
  status = 200,
  headers?: Readonly<Record<string, string>>,
): Reply {
  return { status, body, headers: { 'content-type': JSON_TYPE, ...headers } };
}

export function text(body: string, status = 200, headers?: Readonly<Record<string, string>>): Reply {
  return { status, body, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers } };
}

export function noContent(headers?: Readonly<Record<string, string>>): Reply {
  return { status: 204, body: null, ...(headers ? { headers } : {}) };
}

/** Statuses that have no body, whatever the handler says (RFC 9110 §6.4.1). */
const BODILESS_STATUSES = new Set([204, 304]);
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** No line ends above all: the library passes them on, and they would start a header of their own. */
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;

/** @throws Error when a header could not be sent as it is */
export function encodeReply(reply: Reply, common: readonly Header[], headOnly: boolean): Answer {
  const { status, body } = reply;
  const headers = new Map(common);
  let bytes: Uint8Array | null = null;
  if (body instanceof Uint8Array) {
    bytes = body;
    headers.set('content-type', 'application/octet-stream');
  } else if (typeof body === 'string') {
    bytes = Buffer.from(body);
    headers.set('content-type', 'text/plain; charset=utf-8');
  } else if (body !== null && body !== undefined) {
    bytes = Buffer.from(JSON.stringify(body));
    headers.set('content-type', JSON_TYPE);
  }
  if (BODILESS_STATUSES.has(status)) bytes = null;
  else bytes ??= new Uint8Array();
  for (const [name, value] of Object.entries(reply.headers ?? {})) {
    if (!HEADER_NAME.test(name) || !HEADER_VALUE.test(value))
      throw new Error(`reply header ${name} cannot be sent as it is`);
    headers.set(name.toLowerCase(), value);
  }
  return { status, headers: [...headers], body: bytes, headOnly };
}
