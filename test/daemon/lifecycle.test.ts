import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runTacho } from '../cli/run-tacho.ts';
import { getJson, logIn, startDaemon, temporaryFolder } from '../support/daemon.ts';

describe.each(['source', 'bundle'] as const)('the daemon, run from its %s', (entry) => {
  test('serves, stores through both workers, and exits 0 on SIGTERM with nothing lost', async () => {
    await using folder = await temporaryFolder();
    const daemon = await startDaemon({ entry, dataDir: folder.path });
    const token = await logIn(daemon.url);
    const query = `metric_type=memory&interval=raw&start_time=2020-01-01T00:00:00Z&end_time=${new Date(Date.now() + 3.6e6).toISOString()}`;
    const config = await fetch(`${daemon.url}/api/config`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ sampling_interval_seconds: 0.2 }),
    });
    expect(config.status).toBe(200);
    let stored: unknown[] = [];
    while (stored.length < 3) {
      const { body } = await getJson(`${daemon.url}/api/history/metrics?${query}`, token);
      stored = (body as { data_points: unknown[] }).data_points;
    }
    expect(await daemon.stop()).toBe(0);

    const again = await startDaemon({ entry, dataDir: folder.path });
    try {
      const { body } = await getJson(`${again.url}/api/history/metrics?${query}`, await logIn(again.url));
      expect((body as { data_points: unknown[] }).data_points.slice(0, stored.length)).toEqual(stored);
      const { body: settings } = await getJson(`${again.url}/api/config`, await logIn(again.url));
      expect(settings).toMatchObject({ sampling_interval_seconds: 0.2 });
    } finally {
      await again.stop();
    }
  });
});

test('a signal that comes twice, as Ctrl-C does through npm, ends the daemon in order', async () => {
  await using folder = await temporaryFolder();
  const daemon = await startDaemon({ dataDir: folder.path });
  process.kill(daemon.pid, 'SIGTERM');
  expect(await daemon.stop()).toBe(0);
});

describe('what keeps the daemon from starting is one clear line', () => {
  test('a wrong setting', async () => {
    const { code, stderr } = await runTacho(['serve', '--listen', 'nonsense']);
    expect(code).not.toBe(0);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain('listen');
  });

  test('a data folder that another daemon uses', async () => {
    await using folder = await temporaryFolder();
    const daemon = await startDaemon({ dataDir: folder.path });
    try {
      const { code, stderr } = await runTacho(['serve', '--listen', '127.0.0.1:0', '--data-dir', folder.path]);
      expect(code).not.toBe(0);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(stderr).toContain(folder.path);
    } finally {
      await daemon.stop();
    }
  });

  test('a port that is taken', async () => {
    await using folder = await temporaryFolder();
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const address = holder.address();
    const port = typeof address === 'object' ? address?.port : 0;
    try {
      const { code, stderr } = await runTacho(['serve', '--listen', `127.0.0.1:${port}`, '--data-dir', folder.path]);
      expect(code).not.toBe(0);
      expect(stderr).toContain(`127.0.0.1:${port}`);
    } finally {
      holder.close();
    }
  });

  test('a damaged account database', async () => {
    await using folder = await temporaryFolder();
    await writeFile(
      join(folder.path, 'state.db'),
      'this is not a database, and long enough to be looked at as one'.repeat(100),
    );
    const { code, stderr } = await runTacho(['serve', '--listen', '127.0.0.1:0', '--data-dir', folder.path]);
    expect(code).not.toBe(0);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain('state.db');
  });
});

test('a damaged series file leaves the daemon serving, says so in /readyz, and keeps what it samples in the outbox', async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'series.duckdb'), 'not a DuckDB file'.repeat(1_000));
  const daemon = await startDaemon({ dataDir: folder.path });
  try {
    const ready = await fetch(`${daemon.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(JSON.stringify(await ready.json())).toContain('series.duckdb');
    expect((await fetch(`${daemon.url}/healthz`)).status).toBe(200);
    const token = await logIn(daemon.url);
    const { status, body } = await getJson(
      `${daemon.url}/api/history/metrics?metric_type=cpu&start_time=2026-01-01T00:00:00Z&end_time=2026-01-02T00:00:00Z`,
      token,
    );
    expect(status).toBe(503);
    expect(body).toHaveProperty('detail');
  } finally {
    expect(await daemon.stop()).toBe(0);
  }
});
