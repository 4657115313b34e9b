import { describe, expect, test } from 'vitest';
import { LiveHub } from '../../src/pipeline/live.ts';
import { frame, layout, ScriptedSource } from '../support/frames.ts';

const SECOND_US = 1_000_000;
const A = layout('a');
const B = layout('b');

function hubAt(intervalMs: number) {
  const source = new ScriptedSource();
  const hub = new LiveHub(source, ['a', 'b']);
  const ticks: [number, number, number][] = [];
  hub.follow(intervalMs);
  hub.onTick((view) => ticks.push([view.timestampUs, view.value('a', '', 'value'), view.value('b', '', 'value')]));
  return { source, hub, ticks };
}

describe('LiveHub', () => {
  test('tells of a tick once, when all families of the batch are in', () => {
    const { source, ticks } = hubAt(1_000);
    source.batch(frame(A, SECOND_US, SECOND_US, 1), frame(B, SECOND_US, SECOND_US, 2));
    expect(ticks).toEqual([[SECOND_US, 1, 2]]);
  });

  test('tells of each of two ticks that come in one batch, each with its own figures', () => {
    const { source, ticks } = hubAt(1_000);
    const [one, two] = [SECOND_US, 2 * SECOND_US];
    source.batch(
      frame(A, one, SECOND_US, 1),
      frame(B, one, SECOND_US, 2),
      frame(A, two, SECOND_US, 3),
      frame(B, two, SECOND_US, 4),
    );
    expect(ticks).toEqual([
      [one, 1, 2],
      [two, 3, 4],
    ]);
  });

  test('goes on after a backward clock step', () => {
    const { source, ticks } = hubAt(1_000);
    source.batch(frame(A, 10 * SECOND_US, SECOND_US, 1));
    source.batch(frame(A, 5 * SECOND_US + 1, SECOND_US, 2));
    expect(ticks.map(([timestampUs]) => timestampUs)).toEqual([10 * SECOND_US, 5 * SECOND_US + 1]);
  });

  test('takes an early frame of each family, so that nobody waits for the first tick of a long interval', () => {
    const { source, hub, ticks } = hubAt(60_000);
    source.batch(frame(A, 200_000, 200_000, 7), frame(B, 200_000, 200_000, 8));
    expect(ticks).toEqual([[200_000, 7, 8]]);
    expect([...source.open.keys()]).toEqual(['a@60000000', 'b@60000000']);
    expect(hub.instances('a')).toEqual(['']);
  });

  test('follows another interval without a tick of the old one', () => {
    const { source, hub, ticks } = hubAt(1_000);
    hub.follow(500);
    source.batch(frame(A, SECOND_US, SECOND_US, 1));
    source.batch(frame(A, SECOND_US, SECOND_US / 2, 2));
    expect(ticks).toEqual([[SECOND_US, 2, Number.NaN]]);
  });

  test('holds what is recorded at an interval of its own, without asking for more of it', () => {
    const source = new ScriptedSource();
    const hub = new LiveHub(
      source,
      ['a'],
      [
        { family: 'b', intervalMs: 10_000 },
        { family: 'c', intervalMs: null },
      ],
    );
    hub.follow(500);
    expect([...source.open.keys()]).toEqual(['a@200000', 'a@500000', 'b@10000000', 'c@500000']);
    source.batch(frame(B, 10 * SECOND_US, 10 * SECOND_US, 4));
    expect(hub.value('b', '', 'value')).toBe(4);
    hub.stop();
    source.batch(frame(A, 200_000, 200_000, 1));
    expect(source.open.size).toBe(0);
  });

  test('follows families at intervals of their own: their frames are no ticks, and tell when they were sampled', () => {
    const { source, hub, ticks } = hubAt(1_000);
    hub.follow(1_000, new Map([['b', 250]]));
    expect(hub.sampledUs('b')).toBeNull();
    source.batch(frame(B, SECOND_US / 4, SECOND_US / 4, 2));
    expect(ticks).toEqual([]);
    source.batch(frame(B, SECOND_US, SECOND_US / 4, 3), frame(A, SECOND_US, SECOND_US, 1));
    source.batch(frame(B, 1.25 * SECOND_US, SECOND_US / 4, 4));
    expect(ticks).toEqual([[SECOND_US, 1, 3]]);
    expect([hub.layoutOf('b'), hub.layoutOf('c')]).toEqual([B, null]);
    expect([hub.sampledUs('a'), hub.sampledUs('b')]).toEqual([SECOND_US, 1.25 * SECOND_US]);
  });

  test('an instance that left is gone', () => {
    const { source, hub } = hubAt(1_000);
    source.batch(frame(layout('a', ['x', 'y']), SECOND_US, SECOND_US, 1, 2));
    source.batch(frame(layout('a', ['x']), 2 * SECOND_US, SECOND_US, 3));
    expect(hub.instances('a')).toEqual(['x']);
    expect(hub.value('a', 'y', 'value')).toBeNaN();
  });

  test('stop closes every subscription', () => {
    const { source, hub } = hubAt(1_000);
    hub.stop();
    source.batch(frame(A, 200_000, 200_000, 1), frame(B, 200_000, 200_000, 1));
    expect(source.open.size).toBe(0);
  });
});
