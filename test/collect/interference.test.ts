import { connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { FrameSource } from '../../src/collect/frame-source.ts';
import { decodeFrameBatch } from '../../src/metrics/batch.ts';
import { type Frame, frames } from '../../src/metrics/frame.ts';
import { Recorder } from '../../src/pipeline/recorder.ts';

/** Bytes that cross the loopback interface in bursts, so that a rate over 10 ms is nothing like a rate over a second. */
async function loopbackTraffic(): Promise<AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket.resume().on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const client = connect(address.port, '127.0.0.1').on('error', () => {});
  const timer = setInterval(() => client.write(Buffer.alloc(30_000)), 70);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      client.destroy();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function field(frame: Frame, instance: string, name: string): number {
  const { instances, fields } = frame.layout;
  return frame.values[instances.indexOf(instance) * fields.length + fields.indexOf(name)] ?? Number.NaN;
}

test('a 100 Hz subscriber leaves the stored rows unchanged: their rates are over the whole storage interval', async () => {
  await using _traffic = await loopbackTraffic();
  const source = new FrameSource({}, (error) => {
    throw error;
  });
  const stored: Frame[] = [];
  const enough = Promise.withResolvers<void>();
  const recorder = new Recorder({
    source,
    families: ['network'],
    put(payload) {
      const batch = decodeFrameBatch(payload);
      for (const frame of frames(batch.words, (id) => batch.layouts[id])) stored.push(frame);
      if (stored.length >= 4) enough.resolve();
    },
  });
  let fastFrames = 0;
  source.start();
  recorder.record(1_000);
  const fast = source.subscribe('network', 10, { frame: () => (fastFrames += 1) });
  await enough.promise;
  fast.close();
  recorder.stop();
  source.stop();

  expect(fastFrames).toBeGreaterThan(100);
  for (const [index, frame] of stored.entries()) {
    expect(frame.intervalUs).toBe(1_000_000);
    expect(frame.timestampUs % 1_000_000).toBeLessThan(1_000);
    const previous = stored[index - 1];
    if (!previous) continue;
    expect(frame.timestampUs - previous.timestampUs).toBe(1_000_000);
    // A baseline shared with the fast stream would give the rate of the last 10 ms: 0, or many times this one.
    const seconds = (frame.timestampUs + frame.latenessUs - previous.timestampUs - previous.latenessUs) / 1e6;
    const counted = field(frame, 'lo', 'bytes_received_total') - field(previous, 'lo', 'bytes_received_total');
    const rate = field(frame, 'lo', 'bytes_received_per_sec');
    expect(counted).toBeGreaterThan(100_000);
    expect(Math.abs(rate * seconds - counted) / counted).toBeLessThan(0.01);
  }
});
