import { describe, expect, it } from 'vitest';
import { measureTogether, sliceSeconds, threadShares } from '../../../bench/footprint/window.ts';
import { cleanly } from '../../../bench/harness/cleanup.ts';
import { Contained } from '../../../bench/harness/contained.ts';

describe('sliceSeconds', () => {
  it.each([
    [180, 18, 10],
    [35, 2, 17.5],
    [1, 2, 0.5],
  ])('cuts %d s into %d slices', (seconds, count, each) => {
    expect(sliceSeconds(seconds)).toEqual(Array.from({ length: count }, () => each));
  });
});

describe('threadShares', () => {
  it('adds up threads of one name, the dearest first, new ones included', () => {
    const before = [
      { tid: 1, name: 'main', cpuNs: 5_000_000 },
      { tid: 2, name: 'pool', cpuNs: 1_000_000 },
    ];
    const after = [
      { tid: 1, name: 'main', cpuNs: 7_000_000 },
      { tid: 2, name: 'pool', cpuNs: 5_000_000 },
      { tid: 3, name: 'pool', cpuNs: 6_000_000 },
    ];
    expect(threadShares(before, after, 2)).toEqual([
      ['pool', 5],
      ['main', 1],
    ]);
  });
});

describe('measureTogether', () => {
  it('sees who works and who sleeps in the same seconds', async () => {
    await cleanly(async (cleanup) => {
      const idle = Contained.start('idle', ['/bin/sleep', '600'], cleanup);
      const busy = Contained.start('busy', ['/bin/sh', '-c', 'while :; do :; done'], cleanup);
      const [slept = [], worked = []] = await measureTogether([idle, busy], [0.2, 0.2], new AbortController().signal);
      expect([slept.length, worked.length]).toEqual([2, 2]);
      expect(worked[1]?.cpu).toBeGreaterThan((slept[1]?.cpu ?? Number.NaN) * 10);
      expect(slept[1]?.rss).toBeGreaterThan(0);
    });
  });
});
