import { expect, test } from 'vitest';
import { FrameSource } from '../../src/collect/frame-source.ts';

test('a subscription that closes still gets what was sampled for it', async () => {
  const source = new FrameSource({}, (error) => {
    throw error;
  });
  const first = Promise.withResolvers<void>();
  const stamps: number[] = [];
  source.start();
  const subscription = source.subscribe('memory', 10, {
    frame({ timestampUs }) {
      stamps.push(timestampUs);
      first.resolve();
    },
  });
  await first.promise;
  const before = stamps.length;
  // The thread samples on while this one cannot be woken.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  subscription.close();
  expect(stamps.length).toBeGreaterThan(before);
  const after = stamps.length;
  source.stop();
  expect(stamps).toHaveLength(after);
});

test('a listener that subscribes anew before it closes the earlier subscription goes on, and gets each frame once', async () => {
  const source = new FrameSource({}, (error) => {
    throw error;
  });
  const stamps: number[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const listener = {
    frame({ timestampUs }: { timestampUs: number }) {
      stamps.push(timestampUs);
      for (const { count, resolve } of waiting) if (stamps.length >= count) resolve();
    },
  };
  const atLeast = (count: number) => new Promise<void>((resolve) => waiting.push({ count, resolve }));
  source.start();
  const earlier = source.subscribe('memory', 10, listener);
  await atLeast(1);
  const later = source.subscribe('memory', 10, listener);
  earlier.close();
  await atLeast(stamps.length + 3);
  later.close();
  expect(new Set(stamps).size).toBe(stamps.length);
  const after = stamps.length;
  source.stop();
  expect(stamps).toHaveLength(after);
});
