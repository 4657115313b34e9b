import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:https';
import { createInterface } from 'node:readline';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Counts } from './fixture-routes.ts';

const ENTRY = fileURLToPath(new URL('fixture-server.ts', import.meta.url));

export interface ChildServer {
  port: number;
  url: string;
  /** Whether it speaks TLS. */
  tls: boolean;
  /** What it printed on stderr: nothing, when all is well. */
  complaints(): string;
  /** A round trip, after which the server has read whatever was sent to it before. */
  counts(): Promise<Counts & { rssBytes: number }>;
  /** SIGTERM, unless it ended by itself because it could not listen; its exit code. */
  stop(): Promise<number | null>;
}

/** Starts the fixture server in its own process; a failure to listen comes back as its code and message. */
export async function startChildServer(
  options: { port?: number; trustedProxies?: string[]; tls?: { certPath: string; keyPath: string } } = {},
): Promise<ChildServer & { failure: { code: string; message: string } | null }> {
  const child: ChildProcess = spawn(process.execPath, [ENTRY, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  let complaints = '';
  child.stderr?.on('data', (chunk) => {
    complaints += chunk;
  });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const [line] = (await Promise.race([
    once(lines, 'line'),
    exited.then(() => [`{"message":${JSON.stringify(complaints)}}`]),
  ])) as [string];
  const said = JSON.parse(line) as { port?: number; code?: string; message?: string };
  if (said.port === undefined && said.code === undefined)
    throw new Error(`the fixture server did not start: ${said.message}`);
  const port = said.port ?? 0;
  const tls = options.tls !== undefined;
  const url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  return {
    port,
    url,
    tls,
    failure: said.port === undefined ? { code: said.code ?? '', message: said.message ?? '' } : null,
    complaints: () => complaints,
    counts: async () =>
      (await (tls ? getOverTls(`${url}/api/counts`) : (await fetch(`${url}/api/counts`)).json())) as Counts & {
        rssBytes: number;
      },
    async stop() {
      if (said.port !== undefined) child.kill('SIGTERM');
      const [code] = await exited;
      return code as number | null;
    },
  };
}

/** The certificate is the test's own, which nobody has signed. */
async function getOverTls(url: string): Promise<unknown> {
  const asked = request(url, { rejectUnauthorized: false, agent: false }).end();
  const [response] = await once(asked, 'response');
  return json(response);
}
