import { expect, test } from 'vitest';
import { getJson, logIn, startDaemon, temporaryFolder } from '../support/daemon.ts';

type Message = { type: string; [name: string]: unknown };
interface Frame {
  timestamp_us: number;
}

/** Every tick of `seconds` of memory at 1 kHz, as a subscriber gets them, in µs; and those it was told it does not get. */
async function follow(url: string, token: string, seconds: number): Promise<{ stamps: number[]; missed: number }> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/stream?token=${token}`);
  const done = Promise.withResolvers<void>();
  const stamps: number[] = [];
  let missed = 0;
  socket.addEventListener('close', ({ code }) => done.reject(new Error(`closed: ${code}`)));
  socket.addEventListener('open', () =>
    socket.send(JSON.stringify({ type: 'subscribe', families: ['memory'], hz: 1_000 })),
  );
  socket.addEventListener('message', ({ data }) => {
    const message: Message = JSON.parse(String(data));
    if (message.type === 'dropped') missed += message['count'] as number;
    for (const { timestamp_us } of (message['frames'] as Frame[] | undefined) ?? []) stamps.push(timestamp_us);
    const [first, last] = [stamps[0], stamps.at(-1)];
    if (first !== undefined && last !== undefined && last - first >= seconds * 1_000_000) done.resolve();
  });
  await done.promise;
  socket.close();
  return { stamps, missed };
}

/** The times of all raw points of memory between two times, page by page, in µs. */
async function rawStamps(url: string, token: string, fromUs: number, toUs: number): Promise<number[]> {
  const time = (us: number) => new Date(us / 1_000).toISOString();
  const stamps: number[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const span = `start_time=${time(fromUs)}&end_time=${time(toUs)}`;
    const query = `metric_type=memory&interval=raw&limit=3000&${span}${page}`;
    const { status, body } = await getJson(`${url}/api/history/metrics?${query}`, token);
    expect(status).toBe(200);
    const answer = body as { data_points: { timestamp: string }[]; next_cursor: string | null; stale?: boolean };
    expect(answer.stale).toBeUndefined();
    stamps.push(...answer.data_points.map(({ timestamp }) => Date.parse(timestamp) * 1_000));
    cursor = answer.next_cursor;
  }
  return stamps;
}

test('what was stored at 1 kHz for ten seconds is in the raw history, every tick once', async () => {
  await using folder = await temporaryFolder();
  const daemon = await startDaemon({ dataDir: folder.path });
  try {
    const token = await logIn(daemon.url);
    await fetch(`${daemon.url}/api/config`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{"sampling_interval_seconds":0.001}',
    });
    const { stamps, missed } = await follow(daemon.url, token, 10);
    const [first = 0, last = 0] = [stamps[0], stamps.at(-1)];
    expect(stamps.length + missed).toBe((last - first) / 1_000 + 1);
    expect(await rawStamps(daemon.url, token, first, last + 1_000)).toEqual(stamps);
  } finally {
    await daemon.stop();
  }
});
