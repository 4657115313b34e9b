import { expect, test } from 'vitest';
import { calendarAxis, clockAxis, offsetAxis, offsetText } from '../../../src/web/chart/time-axis.ts';

const noon = Date.UTC(2026, 0, 1, 12) / 1000;
const HOUR = 3600;

test('of minutes, seconds show only where a line is off the minute', () => {
  expect(clockAxis.labels([noon, noon + 120], 120, 'utc')).toEqual(['12:00', '12:02']);
  expect(clockAxis.labels([noon, noon + 30], 30, 'utc')).toEqual(['12:00:00', '12:00:30']);
});

test('the day stands below the first label and each midnight', () => {
  expect(calendarAxis.labels([noon, noon + 6 * HOUR, noon + 12 * HOUR], 6 * HOUR, 'utc')).toEqual([
    '12:00\n1 Jan',
    '18:00',
    '00:00\n2 Jan',
  ]);
});

test('days and months are all there is to say of long spans', () => {
  expect(calendarAxis.labels([noon, noon + 24 * HOUR], 24 * HOUR, 'utc')).toEqual(['1 Jan', '2 Jan']);
  expect(calendarAxis.labels([noon], 31 * 24 * HOUR, 'utc')).toEqual(['Jan 2026']);
});

test.each([
  [0, '0'],
  [30, '+30 s'],
  [300, '+5 min'],
  [330, '+5:30 min'],
  [2 * HOUR, '+2 h'],
  [2 * HOUR + 900, '+2:15 h'],
  [72 * HOUR, '+3 d'],
  [36 * HOUR, '+1 d 12 h'],
])('%d s after the start is %s', (seconds, text) => expect(offsetText(seconds)).toBe(text));

test('the distances of an offset axis go up', () => {
  expect(offsetAxis.steps).toEqual(offsetAxis.steps?.toSorted((a, b) => a - b));
});
