import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The two ways the daemon runs; both must work. */
const ENTRIES = {
  source: join(ROOT, 'src/main.ts'),
  bundle: join(ROOT, '.build/bundle/main.mjs'),
} as const;

export const ADMIN_PASSWORD = 'correct horse battery staple';

export interface Daemon {
  url: string;
  dataDir: string;
  pid: number;
  /** Everything it printed, line by line. */
  lines: readonly string[];
  /** SIGTERM, then its exit code; null when it had to be killed. */
  stop(): Promise<number | null>;
  kill(): Promise<void>;
}

export interface DaemonOptions {
  entry?: keyof typeof ENTRIES;
  dataDir?: string;
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
}

/** A data folder that goes when the scope ends: `await using folder = await temporaryFolder()`. */
export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'tacho-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

function spawnTacho(
  entry: keyof typeof ENTRIES,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): ChildProcess {
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ENTRIES[entry], ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Starts `tacho serve` on a free port and resolves once it serves. The caller stops it. */
export async function startDaemon(options: DaemonOptions & { dataDir: string }): Promise<Daemon> {
  const args = ['serve', '--listen', '127.0.0.1:0', '--data-dir', options.dataDir, ...(options.args ?? [])];
  const env = { TACHO_CONFIG: '/dev/null', TACHO_ADMIN_PASSWORD: ADMIN_PASSWORD, ...options.env };
  const child = spawnTacho(options.entry ?? 'source', args, env);
  const lines: string[] = [];
  const exited = once(child, 'close');
  const listening = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      const url = /listening on (https?:\/\/[^\s"]+)/.exec(line)?.[1];
      if (url) listening.resolve(url);
    });
  }
  exited.then(() => listening.reject(new Error(`the daemon ended before it listened:\n${lines.join('\n')}`)));
  const url = await listening.promise;
  return {
    url,
    dataDir: options.dataDir,
    pid: child.pid as number,
    lines,
    async stop() {
      child.kill('SIGTERM');
      const [code] = await exited;
      return code as number | null;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

export async function logIn(url: string, username = 'admin', password = ADMIN_PASSWORD): Promise<string> {
  const response = await fetch(`${url}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password }),
  });
  if (response.status !== 200) throw new Error(`login answered ${response.status}: ${await response.text()}`);
  const { access_token } = (await response.json()) as { access_token: string };
  return access_token;
}

/** GET with a token; the parsed answer. */
export async function getJson(url: string, token: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, body: await response.json() };
}
