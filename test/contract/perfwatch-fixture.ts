import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { usFromIso } from '../../src/api/time.ts';
import { RuntimeConfig } from '../../src/state/runtime-config.ts';
import { openState } from '../../src/state/state.ts';
import { DuckDBStore } from '../../src/store/duckdb/store.ts';
import { runTacho } from '../cli/run-tacho.ts';
import { Feeder, type TestFrame } from '../store/fixtures.ts';
import { startDaemon, temporaryFolder } from '../support/daemon.ts';
import { COMPARISON, HISTORY } from './perfwatch-examples.ts';

/** As the specification's first example has it. */
export const PASSWORD = 'admin123';
const BASE_URL = 'http://localhost:8000/api';

export interface Answer {
  status: number;
  body: Record<string, unknown>;
}

/** A daemon with the rows of the specification's examples, and curl to ask it. */
export async function startPerfwatch() {
  const folder = await temporaryFolder();
  await fill(folder.path);
  const daemon = await startDaemon({ dataDir: folder.path, env: { TACHO_ADMIN_PASSWORD: PASSWORD } });
  const port = Number(new URL(daemon.url).port);
  const member = await runTacho(['user', 'add', 'mia', '--password', PASSWORD, '--data-dir', folder.path]);
  if (member.code !== 0) throw new Error(member.stderr);
  return {
    url: daemon.url,
    curl: curlOf(port),
    async stop() {
      await daemon.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Rows as old as the examples', which no clean-up may take away. */
async function fill(dataDir: string): Promise<void> {
  const state = openState(dataDir);
  new RuntimeConfig(state).update({
    retention_days: 3_650,
    downsample_after_days: 3_650,
    cleanup_enabled: false,
    sampling_interval_seconds: 0.5,
  });
  state.close();
  const store = await DuckDBStore.open(join(dataDir, 'series.duckdb'));
  const frames = HISTORY.data_points.map(({ timestamp, data }) => cpuFrame(timestamp, data));
  frames.push(
    cpuFrame('2026-01-20T10:30:00Z', COMPARISON.current.data_points[0]?.data),
    cpuFrame('2026-01-21T10:30:00Z', COMPARISON.comparison.data_points[0]?.data),
  );
  await new Feeder(store).append(frames);
  await store.close();
}

function cpuFrame(timestamp: string, data = { usage_percent: 0, user: 0, system: 0 }): TestFrame {
  return {
    family: 'cpu',
    fields: ['usage_percent', 'user_percent', 'system_percent'],
    instances: ['all'],
    timestampUs: usFromIso(timestamp) as number,
    values: [[data.usage_percent, data.user, data.system]],
  };
}

export interface CurlOptions {
  token?: string;
  /** Sent as JSON, or as it is when it is text. */
  body?: unknown;
}

/** Asks as the specification says, at its own base URL; only the port that answers is another. */
export function curlOf(port: number) {
  return async (method: string, path: string, { token, body }: CurlOptions = {}): Promise<Answer> => {
    const content = typeof body === 'string' ? body : JSON.stringify(body);
    const { stdout } = await promisify(execFile)('curl', [
      '--silent',
      '--show-error',
      '--globoff',
      ...['--connect-to', `localhost:8000:127.0.0.1:${port}`, '--noproxy', '*'],
      ...['--write-out', '\n%{http_code} %{content_type}'],
      ...['--request', method],
      ...(token === undefined ? [] : ['--header', `Authorization: Bearer ${token}`]),
      ...(body === undefined ? [] : ['--header', 'Content-Type: application/json', '--data', content]),
      `${BASE_URL}${path}`,
    ]);
    const [, text = '', status = '', type = ''] = /^([\s\S]*)\n(\d+) (.*)$/.exec(stdout) ?? [];
    if (!type.startsWith('application/json')) throw new Error(`${method} ${path} answered ${status} as ${type}`);
    return { status: Number(status), body: JSON.parse(text) as Record<string, unknown> };
  };
}

export type Curl = ReturnType<typeof curlOf>;

/** The token of a login that has to succeed. */
export async function tokenOf(curl: Curl, username = 'admin', password = PASSWORD): Promise<string> {
  const { body } = await curl('POST', '/auth/login', { body: { username, password } });
  if (typeof body['access_token'] !== 'string') throw new Error(`${username} was not let in: ${JSON.stringify(body)}`);
  return body['access_token'];
}
