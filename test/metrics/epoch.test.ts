import { describe, expect, it } from 'vitest';
import { resumeEpoch } from '../../src/metrics/epoch.ts';

const T = 1_763_800_000_000_000;

describe('resumeEpoch', () => {
  it.each([
    ['no run before', null, T, 0],
    ['a clock that ran on', T, T + 5_000_000, 0],
    ['a clock that ran on in a later epoch', T + 7, T + 5_000_000, 7],
    ['a clock that was set back', T, T - 3_600_000_000, 1],
    ['a clock that was set back once more', T + 7, T - 1, 8],
    ['a clock that reads the very same', T + 7, T + 7, 8],
    ['the last epoch', T + 999, T - 1, 0],
  ])('after %s', (_case, lastTimestampUs, nowUs, epoch) => {
    expect(resumeEpoch(lastTimestampUs, nowUs)).toBe(epoch);
  });

  it('stamps no tick twice, however the clock moves between runs', () => {
    const stamps = new Set<number>();
    let last: number | null = null;
    let count = 0;
    for (const startUs of [0, 50, 20, 30, 25, 90, 10, 10, 60].map((seconds) => T + seconds * 1_000_000)) {
      const epoch = resumeEpoch(last, startUs);
      for (let tick = 1; tick <= 60; tick += 1) {
        last = startUs + tick * 1_000_000 + epoch;
        stamps.add(last);
        count += 1;
      }
    }
    expect(stamps.size).toBe(count);
  });
});
