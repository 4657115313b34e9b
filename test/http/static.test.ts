import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StaticFiles } from '../../src/http/static.ts';
import { compressFolder } from '../../src/web/compress.ts';
import { startServer } from './support/in-process.ts';

const SCRIPT = 'export const words = "many of the same words";\n'.repeat(4_000);
const PAGE = '<!doctype html><title>page</title>';
const DOCS = '<!doctype html><title>docs</title>';

let root: string;
let fixture: Awaited<ReturnType<typeof startServer>>;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tacho-static-'));
  root = join(folder, 'web');
  await mkdir(join(root, 'assets'), { recursive: true });
  await writeFile(join(folder, 'secret.txt'), 'secret');
  await symlink(join(folder, 'secret.txt'), join(root, 'linked.txt'));
  await writeFile(join(root, 'index.html'), PAGE);
  await writeFile(join(root, 'docs.html'), DOCS);
  await writeFile(join(root, 'assets/app-3f2a.js'), SCRIPT);
  await writeFile(join(root, 'assets/noise.bin'), randomBytes(5_000));
  await writeFile(join(root, 'logo.svg'), '<svg/>');
  compressFolder(root);
  fixture = await startServer({ staticRoot: root });
});

afterAll(async () => {
  await fixture.server.close();
  await rm(join(root, '..'), { recursive: true, force: true });
});

/** Without a client that decompresses, or tidies the path. */
function get(path: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number; headers: Record<string, string>; body: Buffer }>((resolve, reject) => {
    const outgoing = request({ port: fixture.port, path, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const body = Buffer.concat(chunks);
        resolve({ status: response.statusCode ?? 0, headers: response.headers as Record<string, string>, body });
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

describe('paths', () => {
  test.each(['/', '/login', '/login/', '/app', '/app/history', '/app/a/b/c', '/index.html'])(
    '%s is the page',
    async (path) => {
      const { status, headers, body } = await get(path);
      expect(status).toBe(200);
      expect(body.toString()).toBe(PAGE);
      expect(headers['content-type']).toBe('text/html; charset=utf-8');
      expect(headers['cache-control']).toBe('no-cache');
    },
  );

  test.each(['/api/docs', '/api/docs/', '/docs.html'])('%s is the documentation', async (path) => {
    const { status, headers, body } = await get(path);
    expect(status).toBe(200);
    expect(body.toString()).toBe(DOCS);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['content-security-policy']).toContain("script-src 'self'");
    expect((await get(path, {}, 'HEAD')).headers['content-length']).toBe(String(DOCS.length));
  });

  test.each(['/api/docs/more', '/api/doc', '/api/docsx'])('%s is nothing, in the words of the API', async (path) => {
    const { status, body } = await get(path);
    expect([status, JSON.parse(body.toString())]).toEqual([404, { detail: 'Resource not found' }]);
  });

  test.each([
    '/assets',
    '/assets/nothing.js',
    '/assets/app-3f2a.js.br',
    '/assets/app-3f2a.js.gz',
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%5c..%5csecret.txt',
    '//etc/passwd',
    '/linked.txt',
    '/index.html%00',
    '/apps',
  ])('%s is nothing', async (path) => {
    const { status, body } = await get(path);
    expect(status).toBe(404);
    expect(body.toString()).toBe('Resource not found\n');
  });

  test('other methods are told which there are', async () => {
    const { status, headers } = await get('/login', { 'content-length': '0' }, 'POST');
    expect(status).toBe(405);
    expect(headers['allow']).toBe('GET, HEAD, OPTIONS');
    expect((await get('/login', {}, 'OPTIONS')).status).toBe(204);
    const docs = await get('/api/docs', { 'content-length': '0' }, 'POST');
    expect([docs.status, JSON.parse(docs.body.toString())]).toEqual([405, { detail: 'Method not allowed' }]);
  });
});

describe('headers', () => {
  test('a page may load from its own server, and nothing else', async () => {
    const { headers } = await get('/');
    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; " +
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    );
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
  });

  test('built assets are kept for ever', async () => {
    const { headers } = await get('/assets/app-3f2a.js');
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
  });

  test('HEAD tells the length', async () => {
    const { headers, body } = await get('/assets/app-3f2a.js', {}, 'HEAD');
    expect(headers['content-length']).toBe(String(SCRIPT.length));
    expect(body).toHaveLength(0);
  });
});

describe('compression', () => {
  test.each([
    ['br, gzip', 'br'],
    ['gzip, deflate, br;q=1.0', 'br'],
    ['GZIP', 'gzip'],
    ['gzip, br;q=0', 'gzip'],
    ['br;q=0.0', undefined],
    ['deflate', undefined],
    ['', undefined],
  ])('%j gets %s', async (accepted, encoding) => {
    const { headers, body } = await get('/assets/app-3f2a.js', { 'accept-encoding': accepted });
    expect(headers['content-encoding']).toBe(encoding);
    expect(headers['vary']).toBe('accept-encoding');
    const decoded = encoding === 'br' ? brotliDecompressSync(body) : encoding === 'gzip' ? gunzipSync(body) : body;
    expect(decoded.toString()).toBe(SCRIPT);
  });

  test('not of what gets no smaller', async () => {
    const everything = { 'accept-encoding': 'br, gzip' };
    expect((await get('/assets/noise.bin', everything)).headers['content-encoding']).toBeUndefined();
    expect((await get('/logo.svg', everything)).headers['content-encoding']).toBeUndefined();
  });
});

describe('entity tags', () => {
  test('differ by encoding, and spare what the client has', async () => {
    const plain = await get('/assets/app-3f2a.js');
    const packed = await get('/assets/app-3f2a.js', { 'accept-encoding': 'br' });
    const etag = plain.headers['etag'] ?? '';
    expect(etag).toMatch(/^"[\w-]+"$/);
    expect(packed.headers['etag']).not.toBe(etag);
    for (const condition of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const { status, headers, body } = await get('/assets/app-3f2a.js', { 'if-none-match': condition });
      expect([status, body.length, headers['etag']]).toEqual([304, 0, etag]);
      expect(headers['content-length']).toBeUndefined();
    }
    expect((await get('/assets/app-3f2a.js', { 'if-none-match': '"other"' })).status).toBe(200);
    expect((await get('/assets/app-3f2a.js', { 'if-none-match': etag, 'accept-encoding': 'br' })).status).toBe(200);
  });
});

test('only what was there at the start is served, and what has gone since is nothing', async () => {
  const kept = await mkdtemp(join(tmpdir(), 'tacho-static-'));
  for (const name of ['old.txt', 'gone.txt', 'asked.txt']) await writeFile(join(kept, name), name);
  const files = new StaticFiles(kept);
  const bodyOf = (path: string) => files.reply(path, new Map())?.reply.body?.toString();
  expect(bodyOf('/asked.txt')).toBe('asked.txt');
  await rm(join(kept, 'asked.txt'));
  await rm(join(kept, 'gone.txt'));
  await writeFile(join(kept, 'new.txt'), 'new');
  await rename(join(kept, 'old.txt'), join(kept, 'renamed.txt'));
  await symlink(join(kept, 'new.txt'), join(kept, 'old.txt'));
  expect(bodyOf('/asked.txt')).toBe('asked.txt');
  for (const path of ['/gone.txt', '/new.txt', '/renamed.txt', '/old.txt']) expect(bodyOf(path), path).toBeUndefined();
  await rm(kept, { recursive: true });
});

test('a folder that is not there is a clear error', () => {
  expect(() => new StaticFiles(join(root, 'nowhere'))).toThrow(expect.objectContaining({ code: 'TACHO_STATIC_FILES' }));
});
