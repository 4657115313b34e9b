import { describe, expect, it } from 'vitest';
import { compareToFloor, type Round } from '../../../bench/sampler/figures.ts';

const round: Round = {
  floor: { ticks: 90, missed: 10, cpu_ns: 9_000_000, numbers: 1 },
  ours: {
    seconds: 1,
    ticks: 95,
    frames: 950,
    missed: 50,
    samplerCpuNs: 11_400_000,
    drainCpuNs: 1_900_000,
    readers: [],
    mountpoints: [],
    groupFiles: [],
  },
  again: { ticks: 100, missed: 0, cpu_ns: 11_000_000, numbers: 1 },
};

describe('compareToFloor', () => {
  it('divides by the ticks that were made, and counts those that were not', () => {
    const [cost, missed, drain] = compareToFloor('100Hz', [round, round]);
    expect(cost).toMatchObject({ case: '100Hz', unit: 'µs/tick', ours: 120, reference: 105, reference_name: 'floor' });
    expect(cost?.noise).toBeCloseTo(1.1);
    expect(missed).toMatchObject({ unit: 'missed ticks %', ours: 5, reference: 5, noise: 0 });
    expect(drain).toMatchObject({ unit: 'µs/tick', ours: 20, reference: null, ratio: null });
  });
});
