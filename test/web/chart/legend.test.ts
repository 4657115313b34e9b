import { expect, test } from 'vitest';
import { averages, legendValues } from '../../../src/web/chart/legend.ts';

const series = ['user', 'system'].map((id) => ({ id, label: id, colour: 1 as const, filled: true }));

test('a stacked column shows its own part, and nothing where the one below is missing', () => {
  const columns = [
    [10, null],
    [15, 20],
  ];
  expect(legendValues({ series, stacked: true }, columns, 0)).toEqual([10, 5]);
  expect(legendValues({ series, stacked: true }, columns, 1)).toEqual([null, null]);
  expect(legendValues({ series, stacked: false }, columns, 1)).toEqual([null, 20]);
});

test('averages leave out what has no value, and are none where nothing has', () => {
  const columns = [
    [10, null, 20],
    [null, null, null],
  ];
  expect(averages({ series, stacked: false }, columns)).toEqual([15, null]);
});
