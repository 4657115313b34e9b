/**
 * Looks at every request before anything else does, because the HTTP parser of our uWebSockets.js build is lenient in ways
 * that let a request be hidden inside another one (request smuggling, RFC 9112 §11.2):
 *
 * - two different Content-Lengths or two Hosts pass, and `getHeader` shows the first;
 * - any Transfer-Encoding that is not empty means chunked, an empty one means nothing;
 * - chunk sizes may hold `:` and `;`, and the CRLF behind a chunk may be missing;
 * - an empty header name (`: x`) ends the list of headers, so a Content-Length behind it is lost.
 *
 * What can be seen is refused. What cannot makes a request *doubtful*: it is served, but never in the parser's own turn, and
 * nothing after it on its connection is (answer.ts). A bodiless GET is doubtful only when it comes through a trusted
 * proxy, where a connection carries several people's requests: what a direct client hides, it hides from itself.
 */
import type { HttpRequest } from './uws.ts';

export interface Head {
  /** Upper case. */
  method: string;
  /** As sent: still percent-encoded, without the query. */
  path: string;
  /** The raw query, without `?`. */
  query: string;
  /** By lower-case name; several of one name are joined by `, `. */
  headers: ReadonlyMap<string, string>;
  /** Null when the request declares no length. */
  contentLength: number | null;
  chunked: boolean;
}

/** Why a request is refused; the connection is closed with it. */
export interface Refusal {
  status: 400 | 413;
  reason: string;
}

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const METHOD = /^[A-Z]+$/;
/** Printable ASCII without `#`, from a slash on: the origin form of RFC 9112 §3.2.1. */
const TARGET = /^\/[!"$-~]*$/;
const QUERY = /^[!"$-~]*$/;
const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._~%-]+)(?::\d{1,5})?$/i;
const CONTROL = /[^\P{Cc}\t]/u;
/** The parser's own integers end here. */
const CONTENT_LENGTH_DIGITS = 9;

/** Headers of which a second one makes the message mean different things to different readers. */
const ONCE = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'content-type',
  'content-encoding',
  'authorization',
  'sec-websocket-key',
  'sec-websocket-version',
]);

const BODILESS_METHODS = new Set(['GET', 'HEAD']);

/** One pass over the request; call it first, and synchronously: a request does not outlive its handler. */
export function inspect(request: HttpRequest): Head | Refusal {
  const headers = new Map<string, string>();
  let fault: string | null = null;
  request.forEach((name, value) => {
    if (!TOKEN.test(name)) fault = 'a header name is malformed';
    else if (CONTROL.test(value)) fault = `${name}: contains a control character`;
    const earlier = headers.get(name);
    if (earlier === undefined) {
      headers.set(name, value);
    } else {
      if (ONCE.has(name)) fault = `${name}: must be given once`;
      headers.set(name, `${earlier}, ${value}`);
    }
  });
  if (fault !== null) return { status: 400, reason: fault };
  return inspectFraming(request, headers);
}

export function isRefusal(inspected: Head | Refusal): inspected is Refusal {
  return 'reason' in inspected;
}

function inspectFraming(request: HttpRequest, headers: ReadonlyMap<string, string>): Head | Refusal {
  const method = request.getCaseSensitiveMethod();
  const path = request.getUrl();
  // Typed as a string, but undefined without a question mark.
  const query = (request.getQuery() as string | undefined) ?? '';
  if (!METHOD.test(method)) return bad('the method is malformed');
  if (!TARGET.test(path) || !QUERY.test(query)) return bad('the request target is malformed');
  if (!HOST.test(headers.get('host') ?? '')) return bad('host: is missing or malformed');

  const transferEncoding = headers.get('transfer-encoding');
  if (transferEncoding !== undefined && transferEncoding.toLowerCase() !== 'chunked') {
    return bad('transfer-encoding: must be chunked');
  }
  const declared = headers.get('content-length');
  if (declared !== undefined) {
    if (!/^\d+$/.test(declared)) return bad('content-length: must be a number');
    if (transferEncoding !== undefined) return bad('content-length: cannot go with transfer-encoding');
    if (declared.length > CONTENT_LENGTH_DIGITS) return { status: 413, reason: 'the body is too large' };
  }
  const contentLength = declared === undefined ? null : Number(declared);
  const chunked = transferEncoding !== undefined;
  if (BODILESS_METHODS.has(method) && (chunked || (contentLength ?? 0) > 0)) return bad(`${method} takes no body`);
  return { method, path, query, headers, contentLength, chunked };
}

/** The end of the request's body may not be where it seems. */
export function isDoubtful(head: Head, throughTrustedProxy: boolean): boolean {
  if (head.chunked) return true;
  return head.contentLength === null && (throughTrustedProxy || !BODILESS_METHODS.has(head.method));
}

/** What is wrong with a WebSocket handshake (RFC 6455 §4.2.1); null when nothing is. The library checks the key's length only. */
export function handshakeFault(headers: ReadonlyMap<string, string>): { status: 400 | 426; reason: string } | null {
  if (!hasToken(headers.get('upgrade'), 'websocket')) return { status: 426, reason: 'upgrade: must be websocket' };
  if (!hasToken(headers.get('connection'), 'upgrade')) return bad('connection: must be upgrade');
  if (headers.get('sec-websocket-version') !== '13')
    return { status: 426, reason: 'sec-websocket-version: must be 13' };
  // 16 bytes in base64: the last digit carries 2 bits only.
  if (!/^[A-Za-z0-9+/]{21}[AQgw]==$/.test(headers.get('sec-websocket-key') ?? '')) {
    return bad('sec-websocket-key: must be 16 bytes in base64');
  }
  return null;
}

function hasToken(list: string | undefined, token: string): boolean {
  return list?.split(',').some((item) => item.trim().toLowerCase() === token) ?? false;
}

function bad(reason: string): { status: 400; reason: string } {
  return { status: 400, reason };
}
