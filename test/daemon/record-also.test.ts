import { userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { LOCAL_COLLECTOR } from '../../src/auth/bootstrap.ts';
import { DuckDBStore } from '../../src/store/duckdb/store.ts';
import { type Daemon, startDaemon, temporaryFolder } from '../support/daemon.ts';

const PATIENCE = { timeout: 20_000, interval: 200 };

async function metrics({ url }: Daemon): Promise<string[]> {
  const response = await fetch(`${url}/metrics`);
  expect(response.status).toBe(200);
  return (await response.text()).split('\n');
}

function start(dataDir: string, ...args: string[]): Promise<Daemon> {
  return startDaemon({ dataDir, args: ['--metrics-auth', 'false', ...args] });
}

test('an opt-in family that is asked for is stored and in /metrics', async () => {
  await using folder = await temporaryFolder();
  const daemon = await start(folder.path, '--record-also', 'process@1');
  // It allocates more than most, so it is in the top by memory.
  const own = new RegExp(`^tacho_process_memory_bytes\\{process="${daemon.pid} ${userInfo().username} [^"]+"\\} \\d+$`);
  await vi.waitFor(async () => expect((await metrics(daemon)).some((line) => own.test(line))).toBe(true), PATIENCE);
  expect(await daemon.stop()).toBe(0);

  const store = await DuckDBStore.open(join(folder.path, 'series.duckdb'));
  try {
    const range = { fromUs: 0, toUs: Number.MAX_SAFE_INTEGER };
    const page = await store.rows({
      family: 'process',
      collector: LOCAL_COLLECTOR,
      fields: ['memory_bytes', 'started_seconds'],
      limit: 10,
      ...range,
    });
    const ours = page.instances.findIndex((instance) => instance.startsWith(`${daemon.pid} `));
    const row = page.instanceIndex.indexOf(ours);
    const [memory, started] = page.columns.map((column) => column[row]);
    expect(memory).toBeGreaterThan(1_000_000);
    expect(started).toBeGreaterThan(0);
  } finally {
    await store.close();
  }
});

test('one that is not asked for is looked at once, when the daemon starts, and told of nowhere', async () => {
  await using folder = await temporaryFolder();
  const daemon = await start(folder.path);
  const ticked = (lines: string[]) => lines.some((line) => line.startsWith('tacho_cpu_usage_percent{'));
  await vi.waitFor(async () => expect(ticked(await metrics(daemon))).toBe(true), PATIENCE);
  const lines = await metrics(daemon);
  expect(lines).toContain('tacho_sampler_reads_total{reader="process"} 1');
  expect(lines.filter((line) => line.startsWith('tacho_process_memory_'))).toEqual([]);
  expect(await daemon.stop()).toBe(0);
});
