import { expect, test } from 'vitest';
import type { Resolution } from '../../../src/web/history/interval.ts';
import {
  askResolution,
  autoInterval,
  DEFAULT_RESOLUTION,
  fits,
  refreshEveryMs,
  spacingOf,
  storedSpacing,
  wholeBuckets,
} from '../../../src/web/history/interval.ts';

const NOW = Date.UTC(2026, 10, 23, 14, 30);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const last = (lengthMs: number) => ({ fromMs: NOW - lengthMs, toMs: NOW });
const never: Resolution = { ...DEFAULT_RESOLUTION, downsampleAfterMs: 3650 * DAY };

test.each([
  [30 * MINUTE, '5s'],
  [31 * MINUTE, '1m'],
  [12 * HOUR, '1m'],
  [13 * HOUR, '5m'],
  [3 * DAY, '5m'],
  [4 * DAY, '1h'],
  [365 * DAY, '1h'],
])('%d ms are drawn as the daemon would choose: %s', (lengthMs, interval) => {
  expect(autoInterval(last(lengthMs), never, NOW)).toBe(interval);
});

test('a span that reaches into downsampled time is drawn as coarsely as that is stored', () => {
  const resolution: Resolution = { ...DEFAULT_RESOLUTION, downsampleAfterMs: DAY, downsampleInterval: '1h' };
  expect(autoInterval(last(23 * HOUR), resolution, NOW)).toBe('5m');
  expect(autoInterval(last(25 * HOUR), resolution, NOW)).toBe('1h');
  const oldHour = { fromMs: NOW - 2 * DAY, toMs: NOW - 2 * DAY + HOUR };
  expect(autoInterval(oldHour, resolution, NOW)).toBe('1h');
  expect(autoInterval(oldHour, { ...resolution, downsampleInterval: '5s' }, NOW)).toBe('1m');
});

test('no interval is finer than the sampling', () => {
  expect(autoInterval(last(10 * MINUTE), { ...never, samplingMs: 30_000 }, NOW)).toBe('1m');
  expect(autoInterval(last(10 * MINUTE), { ...never, samplingMs: 2 * HOUR }, NOW)).toBe('1h');
});

test('an interval fits as long as an answer holds its points', () => {
  expect(fits('5s', last(13 * HOUR))).toBe(true);
  expect(fits('5s', last(14 * HOUR))).toBe(false);
  expect(fits('1h', last(365 * DAY))).toBe(true);
});

test('whole buckets are asked for', () => {
  expect(wholeBuckets({ fromMs: NOW + 1, toMs: NOW + 2 * MINUTE + 1 }, '1m')).toEqual({
    fromMs: NOW,
    toMs: NOW + 3 * MINUTE,
  });
});

test('one missing bucket is a gap, slow sampling is none', () => {
  expect(spacingOf('5s', never)).toEqual({ stepMs: 5_000, gapMs: 7_500 });
  expect(spacingOf('5s', { ...never, samplingMs: 60_000 }).gapMs).toBe(90_000);
});

test('rollups are as far apart as they were made', () => {
  const stepMs = (fromMs: number, timesMs: number[]) =>
    storedSpacing('1m', fromMs, timesMs, DEFAULT_RESOLUTION, NOW).stepMs;
  expect(stepMs(NOW - 8 * DAY, [0, HOUR, 2 * HOUR])).toBe(HOUR);
  expect(stepMs(NOW - 6 * DAY, [0, HOUR, 2 * HOUR])).toBe(MINUTE);
  // Not rolled up yet: the distances tell.
  expect(stepMs(NOW - 8 * DAY, [0, MINUTE, 2 * MINUTE, HOUR])).toBe(MINUTE);
  expect(stepMs(NOW - 8 * DAY, [])).toBe(MINUTE);
});

test('refreshes come about once a bucket, not too often and not too seldom', () => {
  expect((['5s', '1m', '5m', '1h'] as const).map(refreshEveryMs)).toEqual([10_000, MINUTE, 5 * MINUTE, 5 * MINUTE]);
});

test('the resolution comes from the settings, and without them it is as by default', async () => {
  const settings = { sampling_interval_seconds: 0.5, downsample_after_days: 3, downsample_interval: '5m' };
  expect(await askResolution(async <T>() => settings as T)).toEqual({
    samplingMs: 500,
    downsampleAfterMs: 3 * DAY,
    downsampleInterval: '5m',
  });
  expect(await askResolution(() => Promise.reject(new Error('gone')))).toEqual(DEFAULT_RESOLUTION);
});
