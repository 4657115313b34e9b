import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { isoFromUs } from '../../src/api/time.ts';
import { decodeFrameBatch } from '../../src/metrics/batch.ts';
import { frames } from '../../src/metrics/frame.ts';
import { getJson, logIn, startDaemon, temporaryFolder } from '../support/daemon.ts';

async function putConfig(url: string, token: string, body: object): Promise<void> {
  const response = await fetch(`${url}/api/config`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
}

/** Every cpu timestamp of the raw history, over all its pages. */
async function rawTimestamps(url: string, token: string): Promise<string[]> {
  const start = new Date(Date.now() - 600_000).toISOString();
  const end = new Date(Date.now() + 60_000).toISOString();
  const timestamps: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const query = `metric_type=cpu&interval=raw&limit=100&start_time=${start}&end_time=${end}${page}`;
    const { status, body } = await getJson(`${url}/api/history/metrics?${query}`, token);
    expect(status).toBe(200);
    const answer = body as { data_points: { timestamp: string }[]; next_cursor: string | null };
    timestamps.push(...answer.data_points.map((point) => point.timestamp));
    cursor = answer.next_cursor;
  }
  return timestamps;
}

/** The cpu ticks that the outbox file holds: acknowledged, and not yet in the store. */
function acknowledgedInOutbox(dataDir: string): string[] {
  const database = new DatabaseSync(join(dataDir, 'outbox.db'), { readOnly: true });
  try {
    const rows = database
      .prepare("SELECT payload FROM entries JOIN sources ON sources.id = entries.source WHERE sources.name = 'local'")
      .all();
    return rows.flatMap(({ payload }) => {
      const batch = decodeFrameBatch(payload as Uint8Array);
      return Array.from(frames(batch.words, (id) => batch.layouts[id]))
        .filter((frame) => frame.layout.family === 'cpu')
        .map((frame) => isoFromUs(frame.timestampUs));
    });
  } finally {
    database.close();
  }
}

test('after kill -9 at 10 Hz, every sample that the outbox acknowledged is in the history, once', async () => {
  await using folder = await temporaryFolder();
  const options = { dataDir: folder.path, env: { TACHO_FLUSH_INTERVAL_SECONDS: '2' } };
  const first = await startDaemon(options);
  const token = await logIn(first.url);
  await putConfig(first.url, token, { sampling_interval_seconds: 0.1 });
  let before: string[] = [];
  // The kill falls at an arbitrary point of the flush cycle, with rows on both sides of it.
  while (before.length < 40) before = await rawTimestamps(first.url, token);
  await first.kill();
  const acknowledged = new Set([...before, ...acknowledgedInOutbox(folder.path)]);

  const second = await startDaemon(options);
  try {
    const after = await rawTimestamps(second.url, await logIn(second.url));
    expect(new Set(after).size).toBe(after.length);
    const missing = [...acknowledged].filter((timestamp) => !after.includes(timestamp));
    expect(missing).toEqual([]);
  } finally {
    await second.stop();
  }
});
