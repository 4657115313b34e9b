import { describe, expect, test } from 'vitest';
import {
  age,
  byteRate,
  bytes,
  count,
  countRate,
  decimal,
  milliseconds,
  percent,
  splitUnit,
  timeOfDay,
} from '../../../src/web/lib/format.ts';

describe('a missing figure is a dash in every format, never a 0', () => {
  const formats = { percent, bytes, byteRate, count, countRate, milliseconds, decimal };
  for (const [name, format] of Object.entries(formats)) {
    test.each([null, undefined, Number.NaN, Number.POSITIVE_INFINITY])(`${name}(%s)`, (value) => {
      expect(format(value)).toBe('–');
    });
    test(`${name}(0) is not a dash`, () => expect(format(0)).toMatch(/^0/));
  }
});

test.each([
  [0, '0 B'],
  [0.4, '0 B'],
  [1023, '1023 B'],
  [1023.6, '1.00 KiB'],
  [1024, '1.00 KiB'],
  [10 * 1024, '10.0 KiB'],
  [1023.4 * 1024, '1023 KiB'],
  [1023.9 * 1024, '1.00 MiB'],
  [5_242_880, '5.00 MiB'],
  [17_179_869_184, '16.0 GiB'],
  [2 ** 60 * 5000, '5000 EiB'],
])('bytes(%d) is %s', (value, text) => expect(bytes(value)).toBe(text));

test.each([
  [0.2, '0.20'],
  [7, '7'],
  [999, '999'],
  [999.7, '1.00 k'],
  [125_840, '126 k'],
  [3_200_000_000, '3.20 G'],
])('count(%d) is %s', (value, text) => expect(count(value)).toBe(text));

test('rates carry their unit', () => {
  expect(byteRate(1_310_720)).toBe('1.25 MiB/s');
  expect(countRate(125_840)).toBe('126 k/s');
});

test.each([
  [0.5, '0.50 ms'],
  [12.34, '12.3 ms'],
  [999.6, '1.00 s'],
  [1200, '1.20 s'],
])('milliseconds(%d) is %s', (value, text) => expect(milliseconds(value)).toBe(text));

test('percentages keep one decimal', () => {
  expect(percent(45.25)).toBe('45.3%');
  expect(percent(100)).toBe('100.0%');
});

test.each([
  [-50, 'now'],
  [999, 'now'],
  [12_400, '12 s'],
  [61_000, '1 min'],
  [7_200_000, '2 h'],
])('age(%d) is %s', (elapsedMs, text) => expect(age(elapsedMs)).toBe(text));

test('time of day in UTC', () => {
  const time = Date.UTC(2026, 0, 21, 4, 5, 6);
  expect(timeOfDay(time, 'utc')).toBe('04:05:06');
  expect(timeOfDay(time, 'utc', false)).toBe('04:05');
  const local = new Date(time);
  expect(timeOfDay(time, 'local', false)).toBe(
    `${String(local.getHours()).padStart(2, '0')}:${String(local.getMinutes()).padStart(2, '0')}`,
  );
});

test.each([
  ['1.25 MiB/s', '1.25', 'MiB/s'],
  ['45.2%', '45.2', '%'],
  ['–', '–', ''],
  ['1.42', '1.42', ''],
])('splitUnit(%s)', (text, value, unit) => expect(splitUnit(text)).toEqual({ value, unit }));
