import { expect, test } from 'vitest';
import { dateAndTime, fromInputValue, moment, shortMoment, span, toInputValue } from '../../../src/web/lib/dates.ts';

const at = (...parts: [number, number, number, number?, number?]) => Date.UTC(...parts);
const NOW = at(2026, 10, 23, 14, 30);

test('a moment has its day of the week, and seconds where there are any', () => {
  expect(moment(NOW, 'utc')).toBe('Mon 23 Nov 14:30');
  expect(moment(NOW + 5_000, 'utc')).toBe('Mon 23 Nov 14:30:05');
  expect(shortMoment(NOW, 'utc')).toBe('23 Nov 14:30');
  expect(dateAndTime(NOW, 'utc')).toBe('23 Nov 2026 14:30');
});

test('a span names a day once, and years only where they are not this one', () => {
  expect(span(NOW - 3_600_000, NOW, 'utc', NOW)).toBe('23 Nov 13:30 – 14:30');
  expect(span(NOW - 65_000, NOW, 'utc', NOW)).toBe('23 Nov 14:28:55 – 14:30:00');
  expect(span(NOW - 3_600_001, NOW, 'utc', NOW)).toBe('23 Nov 13:29 – 14:30');
  expect(span(NOW - 86_400_000, NOW, 'utc', NOW)).toBe('22 Nov 14:30 – 23 Nov 14:30');
  expect(span(at(2025, 11, 31, 23), at(2026, 0, 1, 1), 'utc', NOW)).toBe('31 Dec 2025 23:00 – 1 Jan 2026 01:00');
});

test.each(['utc', 'local'] as const)('an input holds a moment to the second, in %s time', (zone) => {
  const timeMs = NOW + 7_000;
  expect(fromInputValue(toInputValue(timeMs, zone), zone)).toBe(timeMs);
});

test('an empty input is no moment', () => {
  expect(fromInputValue('', 'utc')).toBeNull();
  expect(fromInputValue('', 'local')).toBeNull();
  expect(toInputValue(NOW, 'utc')).toBe('2026-11-23T14:30:00');
});
