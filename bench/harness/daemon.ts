import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { BenchError } from './bench.ts';
import type { Cleanup } from './cleanup.ts';
import { Contained } from './contained.ts';
import { ROOT } from './paths.ts';

const MAIN = join(ROOT, '.build/bundle/main.mjs');

export interface Daemon {
  tree: Contained;
  url: string;
  /** Of the administrator. */
  token: string;
}

/** Starts the daemon as a package ships it, in a data folder of its own, and changes `settings` (of `PUT /api/config`). */
export async function startDaemon(
  dataDir: string,
  settings: Readonly<Record<string, unknown>>,
  cleanup: Cleanup,
  nodeFlags: readonly string[] = [],
): Promise<Daemon> {
  const password = randomBytes(16).toString('hex');
  if (!existsSync(MAIN)) throw new BenchError('there is no bundle to measure: run `npm run bench` or `npm run build`');
  const flags = ['--disable-warning=ExperimentalWarning', ...nodeFlags];
  const tree = Contained.start(
    'tacho',
    [process.execPath, ...flags, MAIN, 'serve', '--listen', '127.0.0.1:0', '--data-dir', dataDir],
    cleanup,
    { TACHO_ADMIN_PASSWORD: password },
  );
  const url = await listeningUrl(tree);
  const login = await call(`${url}/api/auth/login`, 'POST', {}, { username: 'admin', password });
  const { access_token: token } = (await login.json()) as { access_token: string };
  await call(`${url}/api/config`, 'PUT', { authorization: `Bearer ${token}` }, settings);
  return { tree, url, token };
}

async function listeningUrl(daemon: Contained): Promise<string> {
  const found = Promise.withResolvers<string>();
  createInterface({ input: daemon.stdout }).on('line', (line) => {
    const url = /listening on (http:\/\/[^\s"]+)/.exec(line)?.[1];
    if (url) found.resolve(url);
  });
  daemon.ended.then((errors) => found.reject(new BenchError(`the daemon ended before it listened: ${errors}`)));
  return found.promise;
}

async function call(url: string, method: string, headers: Record<string, string>, body: unknown): Promise<Response> {
  const response = await fetch(url, {
    method,
    // Kept open, the connection would be a client's.
    headers: { 'content-type': 'application/json', connection: 'close', ...headers },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new BenchError(`${method} ${url} answered ${response.status}: ${await response.text()}`);
  return response;
}
