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

const TEXT_TYPE = 'text/plain; charset=utf-8';
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
  return { status, body, headers: { 'content-type': TEXT_TYPE, ...headers } };
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
  const { bytes, type } = encodeBody(body);
  const headers = new Map(type === null ? common : [['content-type', type], ...common]);
  for (const [name, value] of Object.entries(reply.headers ?? {})) {
    if (!HEADER_NAME.test(name) || !HEADER_VALUE.test(value))
      throw new Error(`reply header ${name} cannot be sent as it is`);
    headers.set(name.toLowerCase(), value);
  }
  return { status, headers: [...headers], body: BODILESS_STATUSES.has(status) ? null : bytes, headOnly };
}

function encodeBody(body: unknown): { bytes: Uint8Array; type: string | null } {
  if (body instanceof Uint8Array) return { bytes: body, type: 'application/octet-stream' };
  if (typeof body === 'string') return { bytes: Buffer.from(body), type: TEXT_TYPE };
  if (body === null || body === undefined) return { bytes: new Uint8Array(), type: null };
  return { bytes: Buffer.from(JSON.stringify(body)), type: JSON_TYPE };
}
