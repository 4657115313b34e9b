import { expect, test } from 'vitest';
import { Points } from '../../../src/web/live/points.ts';

const HOUR_MS = 3_600_000;
const at = (seconds: number, ...values: (number | null)[]) => ({ timeMs: seconds * 1000, values });

function filled(intervalMs: number, ...seconds: number[]): Points {
  const points = new Points(1, HOUR_MS);
  for (const second of seconds) points.push(at(second, second), intervalMs);
  return points;
}

test('keeps columns side by side, null as null', () => {
  const points = new Points(2, HOUR_MS);
  points.push(at(5, 1, null), 5000);
  points.push(at(10, 2, 20), 5000);
  expect(points.times).toEqual([5, 10]);
  expect(points.columns).toEqual([
    [1, 2],
    [null, 20],
  ]);
});

test('two missing points make a gap, one late point does not', () => {
  expect(filled(5000, 5, 10, 22).columns).toEqual([[5, 10, 22]]);
  const points = filled(5000, 5, 10, 25);
  expect(points.times).toEqual([5, 10, 17.5, 25]);
  expect(points.columns).toEqual([[5, 10, null, 25]]);
});

test('a gap is judged by the slower side when the interval changes', () => {
  const points = filled(5000, 5, 10);
  points.push(at(18, 18), 100);
  expect(points.columns).toEqual([[5, 10, 18]]);
  points.push(at(18.1, 18.1), 100);
  points.push(at(20, 20), 100);
  expect(points.columns).toEqual([[5, 10, 18, 18.1, null, 20]]);
});

test('a point of the same time replaces; a clock that was set back drops what lies ahead', () => {
  const points = filled(5000, 5, 10, 15, 20);
  points.push(at(20, 200), 5000);
  expect(points.columns).toEqual([[5, 10, 15, 200]]);
  points.push(at(12, 120), 5000);
  expect(points.times).toEqual([5, 10, 12]);
  expect(points.columns).toEqual([[5, 10, 120]]);
});

test('backfilling puts older points before, and yields to those that are there', () => {
  const points = filled(5000, 30, 35);
  points.backfill([at(15, 1), at(20, 2), at(25, 3), at(30, 4), at(35, 5)], 5000);
  expect(points.times).toEqual([15, 20, 25, 30, 35]);
  expect(points.columns).toEqual([[1, 2, 3, 30, 35]]);
});

test('backfilling closes the gap of a lost connection and leaves real gaps open', () => {
  const points = filled(5000, 5, 10, 60);
  expect(points.columns).toEqual([[5, 10, null, 60]]);
  points.backfill([at(15, 15), at(20, 20), at(55, 55)], 5000);
  expect(points.times).toEqual([5, 10, 15, 20, 37.5, 55, 60]);
  expect(points.columns).toEqual([[5, 10, 15, 20, null, 55, 60]]);
});

test('backfilling leaves the arrays alone that a paused chart draws from', () => {
  const points = filled(5000, 30, 35);
  const { times, columns } = points;
  points.backfill([at(20, 20)], 5000);
  expect(times).toEqual([30, 35]);
  expect(columns).toEqual([[30, 35]]);
});

test('holds no more than the span with some slack, however long it runs', () => {
  const points = new Points(1, 60_000);
  let longest = 0;
  for (let second = 1; second <= 1000; second++) {
    points.push(at(second, second), 1000);
    longest = Math.max(longest, points.times.length);
  }
  expect(longest).toBeLessThanOrEqual(74);
  expect(points.times.at(-1)).toBe(1000);
  expect(points.times[0]).toBeLessThanOrEqual(940);
  expect(points.columns[0]).toEqual(points.times);
});

test('points that come once in a longer while than the span are still kept', () => {
  const points = filled(HOUR_MS * 2, 0, 7200, 14_400);
  expect(points.columns.flat().at(-1)).toBe(14_400);
});
