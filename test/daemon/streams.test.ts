import { expect, test } from 'vitest';
import { logIn, startDaemon, temporaryFolder } from '../support/daemon.ts';
import { connectStream, nextMessage } from '../support/stream.ts';

/** The library closed some 3 in 100 connections that were upgraded in a later turn and inside `cork`: so many show that all but surely. */
const CONSUMERS = 200;

test('every one of many streams stays open and gets each message', async () => {
  await using folder = await temporaryFolder();
  const daemon = await startDaemon({ dataDir: folder.path });
  try {
    const token = await logIn(daemon.url);
    const config = { method: 'PUT', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } };
    await fetch(`${daemon.url}/api/config`, { ...config, body: '{"sampling_interval_seconds":0.1}' });
    const sockets: WebSocket[] = [];
    const ended: string[] = [];
    for (let count = 0; count < CONSUMERS; count += 1) {
      const socket = await connectStream(daemon.url, token);
      socket.addEventListener('close', ({ code }) => ended.push(`stream ${count}: ${code}`));
      // Some connect right behind a tick, some before one.
      if (count % 10 === 0) await nextMessage(socket, 'metrics');
      sockets.push(socket);
    }
    const counts = await Promise.race([
      Promise.all(sockets.map(threeTicks)),
      new Promise<never>((_, reject) => {
        for (const socket of sockets) socket.addEventListener('close', () => reject(new Error(ended.join(', '))));
        if (ended.length > 0) reject(new Error(ended.join(', ')));
      }),
    ]);
    expect(counts.flat().every((gapMs) => gapMs === 100)).toBe(true);
    for (const socket of sockets) socket.close();
  } finally {
    await daemon.stop();
  }
});

/** The time between three messages that follow each other, in ms. */
async function threeTicks(socket: WebSocket): Promise<number[]> {
  // What waits in the queue since the connection was made comes first; its first message may be older than a tick.
  await nextMessage(socket, 'metrics');
  const stamps: number[] = [];
  for (let count = 0; count < 3; count += 1) stamps.push(Date.parse((await nextMessage(socket, 'metrics')).timestamp));
  return stamps.slice(1).map((stamp, index) => stamp - (stamps[index] ?? 0));
}
