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
