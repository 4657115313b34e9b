import { expect, test } from 'vitest';
import { rowsWithGaps } from '../../../src/web/chart/rows.ts';

const at = (seconds: number, ...values: (number | null)[]) => ({ timeMs: seconds * 1000, values });
const spacing = { stepMs: 5_000, gapMs: 7_500, fromMs: 0, toMs: 25_000 };

test('points without a gap are drawn as they are', () => {
  const points = [at(0, 1), at(5, 2), at(10, 3), at(15, 4), at(20, 5)];
  expect(rowsWithGaps(points, 1, spacing)).toEqual({ times: [0, 5, 10, 15, 20], columns: [[1, 2, 3, 4, 5]] });
});

test('one missing bucket breaks the line, several do so at both of their ends', () => {
  expect(rowsWithGaps([at(0, 1), at(10, 3), at(15, 4), at(20, 5)], 1, spacing)).toEqual({
    times: [0, 5, 10, 15, 20],
    columns: [[1, null, 3, 4, 5]],
  });
  expect(rowsWithGaps([at(0, 1), at(20, 5)], 1, spacing)).toEqual({
    times: [0, 5, 15, 20],
    columns: [[1, null, null, 5]],
  });
});

test('where the span reaches beyond the points there is nothing under the crosshair', () => {
  expect(rowsWithGaps([at(10, 1)], 1, spacing)).toEqual({
    times: [0, 5, 10, 15, 20],
    columns: [[null, null, 1, null, null]],
  });
});

test('a point without any value is a missing one, one with some is not', () => {
  expect(rowsWithGaps([at(0, 1, 1), at(5, null, null), at(10, 3, null)], 2, { ...spacing, toMs: 15_000 })).toEqual({
    times: [0, 5, 10],
    columns: [
      [1, null, 3],
      [1, null, null],
    ],
  });
});

test('no points make no rows, but a column each', () => {
  expect(rowsWithGaps([], 2, spacing)).toEqual({ times: [], columns: [[], []] });
});
