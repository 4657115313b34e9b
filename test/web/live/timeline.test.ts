import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Timeline } from '../../../src/web/live/timeline.ts';

const NOON = Date.UTC(2026, 0, 21, 12);
let timeline: Timeline;
let spans: [from: number, to: number][];
let unregister: () => void;
const edge = () => spans.at(-1)?.[1];

beforeEach(() => {
  vi.useFakeTimers({ now: NOON });
  // A frame is a timer here, so that the fake clock drives it, too.
  vi.stubGlobal('requestAnimationFrame', (task: () => void) => setTimeout(task, 16));
  vi.stubGlobal('cancelAnimationFrame', (timer: ReturnType<typeof setTimeout>) => clearTimeout(timer));
  timeline = new Timeline();
  spans = [];
  unregister = timeline.register((from, to) => spans.push([from, to]));
});
afterEach(() => {
  unregister();
  expect(vi.getTimerCount()).toBe(0);
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test('follows the clock of a host that is ahead, one sample behind', () => {
  timeline.note(NOON + 3_600_000, 1_000);
  expect(timeline.hostNowMs()).toBe(NOON + 3_600_000);
  vi.advanceTimersByTime(10_000);
  expect(edge()).toBeGreaterThan(NOON + 3_600_000 + 7_000);
  expect(edge()).toBeLessThanOrEqual(NOON + 3_600_000 + 9_000);
});

test('the youngest sample tells the clock; a late one changes nothing', () => {
  timeline.note(NOON - 4_000, 5_000);
  timeline.note(NOON - 50, 5_000);
  timeline.note(NOON - 900, 5_000);
  expect(timeline.hostNowMs()).toBe(NOON - 50);
});

test('a host whose clock is set back is followed back', () => {
  timeline.note(NOON, 1_000);
  vi.advanceTimersByTime(5_000);
  timeline.note(NOON - 3_600_000, 1_000);
  expect(timeline.hostNowMs()).toBe(NOON - 3_600_000);
  vi.advanceTimersByTime(2_000);
  expect(edge()).toBeLessThan(NOON - 3_590_000);
});

test('the edge never steps back for jitter', () => {
  timeline.note(NOON, 100);
  for (let i = 0; i < 50; i++) {
    vi.advanceTimersByTime(100);
    timeline.note(Date.now() - ((i * 37) % 90), 100);
  }
  const edges = spans.map(([, to]) => to);
  expect(edges).toEqual(edges.toSorted((a, b) => a - b));
  expect(edges.length).toBeGreaterThan(5);
});

test('stands still while paused or pointed at, and catches up at once', () => {
  timeline.note(NOON, 1_000);
  vi.advanceTimersByTime(5_000);
  const still = edge();
  timeline.paused.set(true);
  timeline.hovered.set(true);
  vi.advanceTimersByTime(60_000);
  timeline.hovered.set(false);
  expect(edge()).toBe(still);
  timeline.paused.set(false);
  expect(edge()).toBe(NOON + 64_000);
});

test('another span of time is shown at once, even while paused', () => {
  timeline.paused.set(true);
  timeline.windowMs.set(120_000);
  const [from, to] = spans.at(-1) ?? [0, 0];
  expect(to - from).toBe(120_000);
});
