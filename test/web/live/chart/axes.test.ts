import { expect, test } from 'vitest';
import { byteScale, splits, timeLabels } from '../../../../src/web/live/chart/axes.ts';

const MIB = 2 ** 20;

test.each([
  [0, 1024],
  [1500, 1536],
  [5 * MIB, 6 * MIB],
  [8 * MIB, 8 * MIB],
  [8 * MIB + 1, 12 * MIB],
])('an axis for %d bytes ends at %d', (max, top) => expect(byteScale(max).top).toBe(top));

test('the axis is stable: the scale of its own top is itself', () => {
  for (let max = 1; max < 2 ** 40; max = max * 1.37 + 1) {
    const scale = byteScale(max);
    expect(scale.top).toBeGreaterThanOrEqual(max);
    expect(byteScale(scale.top)).toEqual(scale);
    expect(splits(scale).length).toBeLessThanOrEqual(5);
  }
});

test('the lines stay below a top that is none of them', () => {
  expect(splits({ top: 15.6, step: 4 })).toEqual([0, 4, 8, 12]);
});

test('seconds only where a line is off the minute', () => {
  const noon = Date.UTC(2026, 0, 1, 12) / 1000;
  expect(timeLabels([noon, noon + 120], 'utc')).toEqual(['12:00', '12:02']);
  expect(timeLabels([noon, noon + 30], 'utc')).toEqual(['12:00:00', '12:00:30']);
});
