import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { lastTimeMs, nextTimeMs, Schedule } from '../../src/jobs/schedule.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ANCHOR = 3 * HOUR;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A schedule whose wall clock goes with the timers, plus what the test adds to it. */
function scheduled({ now = '2026-01-05T10:00:00Z', intervalMs = DAY as number | null } = {}) {
  const clock = { ms: Date.parse(now), intervalMs };
  const runs: string[] = [];
  const schedule = new Schedule({
    intervalMs: () => clock.intervalMs,
    anchorMs: ANCHOR,
    now: () => clock.ms,
    async task() {
      runs.push(new Date(clock.ms).toISOString());
    },
  });
  const pass = (ms: number) => {
    for (let left = ms; left > 0; left -= 60_000) {
      const step = Math.min(left, 60_000);
      clock.ms += step;
      vi.advanceTimersByTime(step);
    }
  };
  const next = () => (schedule.nextMs === null ? null : new Date(schedule.nextMs).toISOString());
  return { clock, schedule, runs, pass, next };
}

test.each([
  ['2026-01-05T02:59:59Z', DAY, '2026-01-04T03:00:00Z', '2026-01-05T03:00:00Z'],
  ['2026-01-05T03:00:00Z', DAY, '2026-01-05T03:00:00Z', '2026-01-06T03:00:00Z'],
  ['2026-01-05T03:00:01Z', HOUR, '2026-01-05T03:00:00Z', '2026-01-05T04:00:00Z'],
  ['2026-01-05T02:10:00Z', 45 * 60_000, '2026-01-05T01:30:00Z', '2026-01-05T02:15:00Z'],
])('at %s every %d ms: last %s, next %s', (now, interval, last, next) => {
  const at = Date.parse(now);
  expect(lastTimeMs(at, ANCHOR, interval)).toBe(Date.parse(last));
  expect(nextTimeMs(at, ANCHOR, interval)).toBe(Date.parse(next));
});

test('runs at each of its times, and at no other', () => {
  const { schedule, runs, pass, next } = scheduled();
  schedule.start(null);
  expect(next()).toBe('2026-01-06T03:00:00.000Z');
  pass(3 * DAY);
  expect(runs).toEqual(['2026-01-06T03:00:00.000Z', '2026-01-07T03:00:00.000Z', '2026-01-08T03:00:00.000Z']);
  schedule.stop();
  pass(2 * DAY);
  expect(runs).toHaveLength(3);
  expect(next()).toBeNull();
});

test('makes up for what was missed, once, and keeps that through a change of settings', () => {
  const { clock, schedule, runs, pass, next } = scheduled();
  schedule.start(clock.ms + 60_000);
  schedule.update();
  expect(next()).toBe('2026-01-05T10:01:00.000Z');
  pass(HOUR);
  expect(runs).toEqual(['2026-01-05T10:01:00.000Z']);
  expect(next()).toBe('2026-01-06T03:00:00.000Z');
});

test('follows a changed interval at once, and being switched off and on', () => {
  const { clock, schedule, runs, pass, next } = scheduled();
  schedule.start(null);
  clock.intervalMs = HOUR;
  schedule.update();
  expect(next()).toBe('2026-01-05T11:00:00.000Z');
  pass(HOUR);
  expect(runs).toHaveLength(1);
  clock.intervalMs = null;
  schedule.update();
  expect(next()).toBeNull();
  pass(DAY);
  expect(runs).toHaveLength(1);
  clock.intervalMs = DAY;
  schedule.update();
  expect(next()).toBe('2026-01-07T03:00:00.000Z');
});

test('a host that slept over its time runs within the hour after it woke', () => {
  const { clock, schedule, runs, pass } = scheduled();
  schedule.start(null);
  pass(10 * 60_000);
  // Asleep: the wall clock goes on, timers do not.
  clock.ms += DAY;
  pass(HOUR);
  expect(runs).toHaveLength(1);
  pass(10 * HOUR);
  expect(runs).toHaveLength(1);
});

test('a clock that was years ahead and is set back does not put the next time off', () => {
  const { clock, schedule, runs, pass, next } = scheduled({ now: '2040-01-05T10:00:00Z' });
  schedule.start(null);
  clock.ms = Date.parse('2026-01-05T10:00:00Z');
  pass(HOUR);
  expect(runs).toEqual([]);
  expect(next()).toBe('2026-01-06T03:00:00.000Z');
});
