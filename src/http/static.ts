import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, posix } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Header } from './answer.ts';
import type { Reply } from './reply.ts';
import { PAGE_HEADERS } from './security.ts';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};

/** Their formats are compressed already. */
const INCOMPRESSIBLE = new Set(['.ico', '.png', '.webp', '.woff2']);
/** Below this, compression saves no packet. */
const MIN_COMPRESSED_BYTES = 1_024;
/** Small enough to do at every start, and within a few per cent of the best. */
const BROTLI_QUALITY = 9;

type Encoding = 'br' | 'gzip' | 'identity';

interface Representation {
  bytes: Uint8Array;
  /** Strong: another one for each encoding. */
  etag: string;
}

interface Asset {
  headers: readonly Header[];
  representations: Partial<Record<Encoding, Representation>> & { identity: Representation };
}

/** The folder of the page cannot be read. */
class StaticFilesError extends Error {
  readonly code = 'TACHO_STATIC_FILES';
}

/** A folder of static files, read into memory: whatever path is asked for, only what was there at the start can be found. */
export class StaticFiles {
  readonly #assets = new Map<string, Asset>();

  /** @throws StaticFilesError when the folder cannot be read */
  constructor(root: string) {
    try {
      for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
        const path = posix.join('/', join(entry.parentPath, entry.name).slice(root.length));
        if (entry.isFile()) this.#assets.set(path, makeAsset(path, readFileSync(join(root, path))));
      }
    } catch (error) {
      throw new StaticFilesError(`cannot read the page from ${root}: ${(error as Error).message}`, { cause: error });
    }
    const page = this.#assets.get('/index.html');
    if (page) this.#assets.set('/', page).set('/login', page);
  }

  has(path: string): boolean {
    return this.#find(path) !== undefined;
  }

  /** Null for what is not there. */
  reply(path: string, headers: ReadonlyMap<string, string>): { reply: Reply; common: readonly Header[] } | null {
    const asset = this.#find(path);
    if (!asset) return null;
    const encoding = bestEncoding(asset, headers.get('accept-encoding') ?? '');
    const { bytes, etag } = asset.representations[encoding] ?? asset.representations.identity;
    const variant = { etag, ...(encoding === 'identity' ? {} : { 'content-encoding': encoding }) };
    const unchanged = matchesEtag(headers.get('if-none-match'), etag);
    return {
      reply: unchanged
        ? { status: 304, body: null, headers: { etag } }
        : { status: 200, body: bytes, headers: { ...variant } },
      common: asset.headers,
    };
  }

  /** The page finds its own views: below `/app/` every path is the page. */
  #find(path: string): Asset | undefined {
    const found = this.#assets.get(path) ?? this.#assets.get(path.replace(/\/$/, ''));
    return found ?? (path === '/app' || path.startsWith('/app/') ? this.#assets.get('/index.html') : undefined);
  }
}

function makeAsset(path: string, bytes: Buffer): Asset {
  const extension = extname(path);
  // The names of built assets carry a hash of their content.
  const caching = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
  const representations: Asset['representations'] = { identity: represent(bytes, '') };
  if (!INCOMPRESSIBLE.has(extension) && bytes.byteLength >= MIN_COMPRESSED_BYTES) {
    const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } });
    const gzip = gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION });
    if (brotli.byteLength < bytes.byteLength) representations.br = represent(brotli, '-br');
    if (gzip.byteLength < bytes.byteLength) representations.gzip = represent(gzip, '-gzip');
  }
  return {
    headers: [
      ...PAGE_HEADERS,
      ['content-type', CONTENT_TYPES[extension] ?? 'application/octet-stream'],
      ['cache-control', caching],
      ['vary', 'accept-encoding'],
    ],
    representations,
  };
}

function represent(bytes: Uint8Array, suffix: string): Representation {
  const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
  return { bytes, etag: `"${hash}${suffix}"` };
}

function bestEncoding({ representations }: Asset, acceptEncoding: string): Encoding {
  const accepted = new Set<string>();
  for (const item of acceptEncoding.split(',')) {
    const [name = '', ...parameters] = item.split(';');
    if (!parameters.some((parameter) => /^\s*q=0(?:\.0*)?\s*$/i.test(parameter)))
      accepted.add(name.trim().toLowerCase());
  }
  const encodings = ['br', 'gzip'] as const;
  return encodings.find((encoding) => accepted.has(encoding) && representations[encoding]) ?? 'identity';
}

/** RFC 9110 §13.1.2: a weak comparison. */
function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((item) => item.trim() === '*' || item.trim().replace(/^W\//, '') === etag);
}
