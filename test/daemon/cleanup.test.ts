/** A clean-up that the daemon's end cuts short, and what the next start makes of it. */
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { DAY_US, dayOf } from '../../src/store/days.ts';
import { DuckDBStore } from '../../src/store/duckdb/store.ts';
import { Feeder, loadFrame } from '../store/fixtures.ts';
import { type Daemon, getJson, logIn, startDaemon, temporaryFolder } from '../support/daemon.ts';

const TODAY_US = dayOf(Date.now() * 1_000);
const DAYS = 40;

/** A data folder with rows of forty days, each of which is a step of the clean-up. */
async function filledFolder(): Promise<string> {
  const folder = await temporaryFolder();
  onTestFinished(() => folder[Symbol.asyncDispose]());
  const store = await DuckDBStore.open(join(folder.path, 'series.duckdb'));
  const minutes = Array.from({ length: DAYS * 144 }, (_, slot) => TODAY_US - (slot + 1) * (DAY_US / 144));
  await new Feeder(store).append(minutes.reverse().map((us) => loadFrame(us, 1)));
  await store.close();
  return folder.path;
}

function logged(daemon: Daemon, message: string): boolean {
  return daemon.lines.some((line) => line.includes(`"${message}"`));
}

async function statusOf(daemon: Daemon, token: string) {
  const { body } = await getJson(`${daemon.url}/api/retention/cleanup`, token);
  return body as { running: boolean; last_run: { problem: string | null } | null; next_run: string };
}

/** Resolves once a clean-up is under way. The caller ends the daemon, so nobody waits for its answer. */
async function beginCleanup(daemon: Daemon): Promise<void> {
  const token = await logIn(daemon.url);
  const headers = { authorization: `Bearer ${token}` };
  fetch(`${daemon.url}/api/retention/cleanup`, { method: 'POST', headers }).catch(() => {});
  while (!(await statusOf(daemon, token)).running);
}

test.each(['stop', 'kill'] as const)('cut short by %s: the next start makes up for it', async (end) => {
  const dataDir = await filledFolder();
  const first = await startDaemon({ dataDir });
  await beginCleanup(first);
  if (end === 'stop') expect(await first.stop()).toBe(0);
  else await first.kill();
  expect(logged(first, 'clean-up: done')).toBe(false);

  const second = await startDaemon({ dataDir });
  onTestFinished(async () => void (await second.stop()));
  const token = await logIn(second.url);
  const { last_run, next_run } = await statusOf(second, token);
  expect(last_run?.problem).toBe('cut short: the daemon ended');
  expect(Date.parse(next_run) - Date.now()).toBeLessThan(60_000);
  const headers = { authorization: `Bearer ${token}` };
  expect((await fetch(`${second.url}/api/retention/cleanup`, { method: 'POST', headers })).status).toBe(200);
  expect((await statusOf(second, token)).last_run?.problem).toBeNull();
  const { body } = await getJson(`${second.url}/api/retention/preview`, token);
  expect(body).toMatchObject({ delete_count: 0, downsample_count: 0 });
});
