import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { decodeFrameBatch } from '../../src/metrics/batch.ts';
import { frames } from '../../src/metrics/frame.ts';
import { Recorder } from '../../src/pipeline/recorder.ts';
import { frame, layout, ScriptedSource } from '../support/frames.ts';

const SECOND_US = 1_000_000;
const A = layout('a', ['x', 'y']);

interface Put {
  last: number;
  rows: [string, number, number[]][];
}

function recorderAt(intervalMs: number) {
  const source = new ScriptedSource();
  const puts: Put[] = [];
  const recorder = new Recorder({
    source,
    families: ['a', 'b'],
    put(payload, last) {
      const batch = decodeFrameBatch(payload);
      const rows = Array.from(
        frames(batch.words, (id) => batch.layouts[id]),
        (one): [string, number, number[]] => [one.layout.family, one.timestampUs, [...one.values]],
      );
      puts.push({ last, rows });
    },
  });
  recorder.record(intervalMs);
  return { source, recorder, puts };
}

describe('Recorder', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('at a tick a second, each tick leaves at once', () => {
    const { source, puts } = recorderAt(1_000);
    source.batch(frame(A, SECOND_US, SECOND_US, 1, 2), frame(layout('b'), SECOND_US, SECOND_US, 3));
    expect(puts).toEqual([
      {
        last: SECOND_US,
        rows: [
          ['a', SECOND_US, [1, 2]],
          ['b', SECOND_US, [3]],
        ],
      },
    ]);
  });

  test('at higher rates frames gather for a second', () => {
    const { source, puts } = recorderAt(10);
    for (let tick = 1; tick <= 5; tick += 1) source.batch(frame(A, tick * 10_000, 10_000, tick, tick));
    expect(puts).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(puts.map(({ last, rows }) => [last, rows.length])).toEqual([[50_000, 5]]);
  });

  test('many words leave before the second is over', () => {
    const { source, puts } = recorderAt(10);
    const wide = layout(
      'a',
      Array.from({ length: 40_000 }, (_, index) => String(index)),
    );
    for (let tick = 1; tick <= 4; tick += 1) {
      source.batch(frame(wide, tick * 10_000, 10_000, ...new Array<number>(40_000).fill(tick)));
    }
    expect(puts).toHaveLength(1);
  });

  test('a change of the interval loses nothing that was gathered, and takes no frame of both', () => {
    const { source, recorder, puts } = recorderAt(10);
    source.batch(frame(A, 10_000, 10_000, 1, 1));
    recorder.record(20);
    source.batch(frame(A, 20_000, 10_000, 2, 2));
    source.batch(frame(A, 20_000, 20_000, 3, 3));
    recorder.stop();
    expect(puts.flatMap(({ rows }) => rows)).toEqual([
      ['a', 10_000, [1, 1]],
      ['a', 20_000, [3, 3]],
    ]);
    expect(source.open.size).toBe(0);
  });

  test('a family may be recorded at another interval than the rest', () => {
    const { source, recorder } = recorderAt(1_000);
    recorder.record(1_000, new Map([['b', 5_000]]));
    expect([...source.open.keys()].sort()).toEqual(['a@1000000', 'b@5000000']);
    recorder.stop();
    expect(source.open.size).toBe(0);
  });

  test('what is asked for at an interval of its own keeps it when the interval of all changes', () => {
    const source = new ScriptedSource();
    const put = vi.fn();
    const recordings = [
      { family: 'b', intervalMs: 10_000 },
      { family: 'c', intervalMs: null },
    ];
    const recorder = new Recorder({ source, families: ['a'], recordings, put });
    recorder.record(1_000);
    recorder.record(2_000);
    expect([...source.open.keys()].sort()).toEqual(['a@2000000', 'b@10000000', 'c@2000000']);
    source.batch(frame(layout('b'), 10 * SECOND_US, 10 * SECOND_US, 1));
    expect(put).toHaveBeenCalledOnce();
    recorder.stop();
    expect(source.open.size).toBe(0);
  });
});
