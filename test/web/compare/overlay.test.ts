import { expect, test } from 'vitest';
import { offsetPoints, overlay } from '../../../src/web/compare/overlay.ts';
import { signedPercent } from '../../../src/web/compare/signed-percent.ts';

const spacing = { stepMs: 60_000, gapMs: 90_000 };
const at = (minutes: number, value: number) => ({ timeMs: minutes * 60_000, data: { value } });
const value = (data: { value: number }) => data.value;

test('points are placed at their distance from the start of their period', () => {
  const period = {
    start_time: '2026-11-23T10:00:30Z',
    end_time: '2026-11-23T11:00:30Z',
    data_points: [{ timestamp: '2026-11-23T10:01:00Z', data: {} }],
  };
  expect(offsetPoints(period)).toEqual([{ timeMs: 30_000, data: {} }]);
});

test('both periods share their rows, and a gap in one does not break the other', () => {
  const current = { points: [at(0, 1), at(1, 2), at(2, 3), at(3, 4)], spacing };
  const comparison = { points: [at(0, 10), at(5, 60)], spacing };
  const longer = { points: [...current.points, at(4, 5), at(5, 6)], spacing };
  expect(overlay(longer, comparison, value, 360_000)).toEqual({
    times: [0, 60, 120, 180, 240, 300],
    columns: [
      [1, 2, 3, 4, 5, 6],
      [10, null, null, null, null, 60],
    ],
  });
});

test('a period of which less is stored keeps its line: other rows are no gaps in it', () => {
  const current = { points: [at(0, 1), at(1, 2), at(2, 3)], spacing };
  const comparison = { points: [at(0, 10), at(2, 30)], spacing: { stepMs: 120_000, gapMs: 180_000 } };
  expect(overlay(current, comparison, value, 180_000).columns).toEqual([
    [1, 2, 3],
    [10, undefined, 30],
  ]);
});

test.each([
  [14.2857, '+14.3%'],
  [-3, '−3.0%'],
  [0.01, '0.0%'],
  [-0.01, '0.0%'],
  [null, '–'],
  [undefined, '–'],
])('a change of %s is %s', (change, text) => expect(signedPercent(change)).toBe(text));
