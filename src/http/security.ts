import type { Header } from './answer.ts';

/** On every answer. */
const COMMON: readonly Header[] = [
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['permissions-policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()'],
];

/** Data: nothing in it may run, wherever it is shown, and no cache may keep it. */
export const DATA_HEADERS: readonly Header[] = [
  ...COMMON,
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ['cache-control', 'no-store'],
];

/** Our own pages: everything from this server, nothing inline. `connect-src 'self'` covers WebSockets of the same origin. */
export const PAGE_HEADERS: readonly Header[] = [
  ...COMMON,
  [
    'content-security-policy',
    [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      "connect-src 'self'",
      "font-src 'self'",
      "base-uri 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ].join('; '),
  ],
];

/** Cross-origin requests: off unless an origin is listed. There are no cookies, so credentials need not be allowed. */
export class CorsPolicy {
  readonly #origins: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins);
  }

  headersFor(origin: string | undefined): readonly Header[] {
    if (this.#origins.size === 0) return [];
    if (origin === undefined || !this.#origins.has(origin)) return [['vary', 'origin']];
    return [
      ['vary', 'origin'],
      ['access-control-allow-origin', origin],
    ];
  }

  /** For the answer to OPTIONS. */
  preflightHeadersFor(origin: string | undefined, allow: string): readonly Header[] {
    const headers = this.headersFor(origin);
    if (headers.length < 2) return headers;
    return [
      ...headers,
      ['access-control-allow-methods', allow],
      ['access-control-allow-headers', 'authorization, content-type'],
      ['access-control-max-age', '600'],
    ];
  }
}
