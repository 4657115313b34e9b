import { expect, test } from 'vitest';
import { backoffMs } from '../../../src/web/lib/backoff.ts';

test('doubles up to the ceiling of 15 s', () => {
  const longest = [0, 1, 2, 3, 4, 5, 6].map((attempt) => backoffMs(attempt, 0));
  expect(longest).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
});

test('takes off up to half at random', () => {
  expect(backoffMs(3, 0.5)).toBe(3000);
  expect(backoffMs(3, 0.999999)).toBe(2000);
});

test('stays finite after days of trying', () => {
  expect(backoffMs(100_000, 0)).toBe(15_000);
});
