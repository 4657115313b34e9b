import { describe, expect, test } from 'vitest';
import type { Range } from '../../../src/web/history/range.ts';
import {
  durationText,
  PRESETS,
  parseRange,
  rangeParameters,
  rangeProblem,
  spanOf,
  stepped,
  zoomedInto,
  zoomedOut,
} from '../../../src/web/history/range.ts';

const NOW = Date.UTC(2026, 10, 23, 14, 30);
const HOUR = 3_600_000;
const at = (hours: number) => NOW + hours * HOUR;
const fixed = (from: number, to: number): Range => ({ kind: 'fixed', fromMs: at(from), toMs: at(to) });

test('a relative range ends now, all there is begins with the oldest record, a fixed one stands still', () => {
  expect(spanOf({ kind: 'last', minutes: 360 }, NOW, null)).toEqual({ fromMs: at(-6), toMs: NOW });
  expect(spanOf({ kind: 'all' }, NOW, at(-500))).toEqual({ fromMs: at(-500), toMs: NOW });
  expect(spanOf(fixed(-30, -20), NOW, null)).toEqual({ fromMs: at(-30), toMs: at(-20) });
});

test('all there is of an empty store is still a span', () => {
  const { fromMs, toMs } = spanOf({ kind: 'all' }, NOW, null);
  expect(toMs - fromMs).toBe(30_000);
});

test('the presets are those of the time range mapping, each written as it is called', () => {
  const hours = PRESETS.map(({ range }) => (range.kind === 'last' ? range.minutes / 60 : null));
  expect(hours).toEqual([1, 6, 24, 168, 720, null]);
  expect(PRESETS.flatMap(({ range }) => (range.kind === 'last' ? [durationText(range.minutes)] : []))).toEqual(
    PRESETS.slice(0, -1).map(({ id }) => id),
  );
});

describe('stepping', () => {
  test('goes back and forward by one span', () => {
    expect(stepped({ fromMs: at(-6), toMs: NOW }, -1, NOW)).toEqual(fixed(-12, -6));
    expect(stepped({ fromMs: at(-12), toMs: at(-6) }, 1, NOW)).toEqual(fixed(-6, 0));
  });

  test('stops at the present', () => {
    expect(stepped({ fromMs: at(-8), toMs: at(-2) }, 1, NOW)).toEqual(fixed(-6, 0));
  });
});

describe('zooming out', () => {
  test('a range that ends now goes on doing so', () => {
    expect(zoomedOut({ kind: 'last', minutes: 60 }, spanOf({ kind: 'last', minutes: 60 }, NOW, null), NOW)).toEqual({
      kind: 'last',
      minutes: 120,
    });
  });

  test('a fixed one doubles around its middle, but not into the future', () => {
    expect(zoomedOut(fixed(-20, -10), { fromMs: at(-20), toMs: at(-10) }, NOW)).toEqual(fixed(-25, -5));
    expect(zoomedOut(fixed(-10, 0), { fromMs: at(-10), toMs: NOW }, NOW)).toEqual(fixed(-20, 0));
  });
});

test('what is selected is taken to the second, and never shorter than half a minute', () => {
  expect(zoomedInto(NOW + 400, NOW + HOUR + 600)).toEqual({ kind: 'fixed', fromMs: NOW, toMs: NOW + HOUR + 1000 });
  expect(zoomedInto(NOW, NOW + 2000)).toEqual({ kind: 'fixed', fromMs: NOW - 14_000, toMs: NOW + 16_000 });
});

test.each<Range>([
  { kind: 'last', minutes: 60 },
  { kind: 'last', minutes: 1440 },
  { kind: 'last', minutes: 2880 },
  { kind: 'last', minutes: 95 },
  { kind: 'all' },
  fixed(-5, -1),
])('%j survives the address bar', (range) => {
  expect(parseRange(new URLSearchParams(rangeParameters(range)))).toEqual(range);
});

test.each([
  '',
  'range=',
  'range=0h',
  'range=6w',
  'range=99999999d',
  'range=-1h',
  'from=2026-11-23T10:00:00Z',
  'from=yesterday&to=today',
  'from=2026-11-23T10:00:00Z&to=2026-11-23T10:00:00Z',
  'from=1999-11-23T10:00:00Z&to=2026-11-23T10:00:00Z',
])('an address with "%s" names no range', (query) => {
  expect(parseRange(new URLSearchParams(query))).toBeNull();
});

test('what is wrong with two ends is named', () => {
  expect(rangeProblem(null, NOW)).toBe('incomplete');
  expect(rangeProblem(NOW, NOW)).toBe('order');
  expect(rangeProblem(0, NOW)).toBe('long');
  expect(rangeProblem(at(-1), NOW)).toBeNull();
});
