import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, posix } from 'node:path';
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

/** What the build compressed stands beside the file it was made from. */
const PACKED_SUFFIXES = { br: '.br', gzip: '.gz' } as const;

/** Paths that are pages. */
const PAGES: Readonly<Record<string, string>> = {
  '/': '/index.html',
  '/login': '/index.html',
  '/api/docs': '/docs.html',
};

type Encoding = 'br' | 'gzip' | 'identity';

interface Representation {
  bytes: Uint8Array;
  /** Strong: another one for each encoding. */
  etag: string;
}

interface Asset {
  headers: readonly Header[];
  /** The file of each encoding that there is. */
  files: Partial<Record<Encoding, string>> & { identity: string };
  /** Those that were asked for. */
  read: Map<Encoding, Representation>;
}

/** The folder of the page cannot be read. */
class StaticFilesError extends Error {
  readonly code = 'TACHO_STATIC_FILES';
}

/**
 * A folder of static files: whatever path is asked for, only what was there at the start can be found. A file is read when it
 * is first asked for, and kept in the encoding that was wanted.
 */
export class StaticFiles {
  readonly #assets = new Map<string, Asset>();

  /** @throws StaticFilesError when the folder cannot be read */
  constructor(root: string) {
    const files = new Map(listFiles(root).map((file) => [posix.join('/', file.slice(root.length)), file]));
    for (const [path, file] of files) {
      if (!isPacked(path, files)) this.#assets.set(path, makeAsset(path, file, files));
    }
    for (const [path, page] of Object.entries(PAGES)) {
      const asset = this.#assets.get(page);
      if (asset) this.#assets.set(path, asset);
    }
  }

  /** Null for what is not there. */
  reply(path: string, headers: ReadonlyMap<string, string>): { reply: Reply; common: readonly Header[] } | null {
    const asset = this.#find(path);
    if (!asset) return null;
    const encoding = bestEncoding(asset, headers.get('accept-encoding') ?? '');
    const representation = read(asset, encoding);
    if (!representation) return null;
    const { bytes, etag } = representation;
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

function listFiles(root: string): string[] {
  try {
    const entries = readdirSync(root, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    throw new StaticFilesError(`cannot read the page from ${root}: ${(error as Error).message}`, { cause: error });
  }
}

function isPacked(path: string, files: ReadonlyMap<string, string>): boolean {
  return Object.values(PACKED_SUFFIXES).some(
    (suffix) => path.endsWith(suffix) && files.has(path.slice(0, -suffix.length)),
  );
}

function makeAsset(path: string, file: string, files: ReadonlyMap<string, string>): Asset {
  // The names of built assets carry a hash of their content.
  const caching = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
  const br = files.get(path + PACKED_SUFFIXES.br);
  const gzip = files.get(path + PACKED_SUFFIXES.gzip);
  return {
    headers: [
      ...PAGE_HEADERS,
      ['content-type', CONTENT_TYPES[extname(path)] ?? 'application/octet-stream'],
      ['cache-control', caching],
      ['vary', 'accept-encoding'],
    ],
    files: { identity: file, ...(br ? { br } : {}), ...(gzip ? { gzip } : {}) },
    read: new Map(),
  };
}

/** Null for a file that has gone since the start, as when the page is built anew under a running daemon. */
function read(asset: Asset, encoding: Encoding): Representation | null {
  const known = asset.read.get(encoding);
  if (known) return known;
  const file = asset.files[encoding] ?? asset.files.identity;
  let bytes: Buffer;
  try {
    bytes = readRegularFile(file);
  } catch {
    return null;
  }
  const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
  const representation = { bytes, etag: `"${hash}${encoding === 'identity' ? '' : `-${encoding}`}"` };
  asset.read.set(encoding, representation);
  return representation;
}

/** A link that has taken the place of the file is not followed. */
function readRegularFile(file: string): Buffer {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function bestEncoding({ files }: Asset, acceptEncoding: string): Encoding {
  const accepted = new Set<string>();
  for (const item of acceptEncoding.split(',')) {
    const [name = '', ...parameters] = item.split(';');
    if (!parameters.some((parameter) => /^\s*q=0(?:\.0*)?\s*$/i.test(parameter)))
      accepted.add(name.trim().toLowerCase());
  }
  const encodings = ['br', 'gzip'] as const;
  return encodings.find((encoding) => accepted.has(encoding) && files[encoding]) ?? 'identity';
}

/** RFC 9110 §13.1.2: a weak comparison. */
function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((item) => item.trim() === '*' || item.trim().replace(/^W\//, '') === etag);
}
