import { expect, test } from 'vitest';
import { byteScale, bytesOfTotal, numberScale, splits } from '../../../src/web/chart/axes.ts';

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

test.each([
  [0, 1, 0.5],
  [1.42, 1.5, 0.5],
  [3, 3, 1],
  [7.9, 8, 2],
  [8.1, 10, 5],
  [12_500, 15_000, 5000],
])('an axis for %d ends at %d with lines %d apart', (max, top, step) => {
  expect(numberScale(max)).toEqual({ top, step });
});

test('an axis of numbers is stable, and has no more than five lines', () => {
  for (let max = 0.001; max < 1e12; max *= 1.37) {
    const scale = numberScale(max, 0.001);
    expect(scale.top).toBeGreaterThanOrEqual(max * (1 - 1e-9));
    expect(numberScale(scale.top, 0.001).top).toBeCloseTo(scale.top, 9);
    expect(splits(scale).length).toBeLessThanOrEqual(5);
  }
});

test('an axis of a known total ends there, unless the values are higher', () => {
  expect(bytesOfTotal(16 * MIB)(3 * MIB).top).toBe(16 * MIB);
  expect(bytesOfTotal(16 * MIB)(17 * MIB).top).toBe(17 * MIB);
  expect(bytesOfTotal(null)(3 * MIB)).toEqual(byteScale(3 * MIB));
});
