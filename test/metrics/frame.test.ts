import { describe, expect, it } from 'vitest';
import {
  FRAME_FLAG_GAP,
  FRAME_HEADER_WORDS,
  type Frame,
  FrameFormatError,
  type FrameLayout,
  frames,
  writeFrame,
} from '../../src/metrics/frame.ts';

const cpu: FrameLayout = { family: 'cpu', fields: ['user_percent', 'idle_percent'], instances: ['all', '0'] };
const swap: FrameLayout = { family: 'swap', fields: ['used_bytes'], instances: [''] };
const layouts = [cpu, swap];
const layoutOf = (id: number): FrameLayout | undefined => layouts[id];

function frame(layout: FrameLayout, timestampUs: number, values: number[]): Frame {
  const times = { timestampUs, intervalUs: 1_000_000, latenessUs: 12, flags: FRAME_FLAG_GAP };
  return { layout, ...times, values: Float64Array.from(values) };
}

function written(...list: Frame[]): Float64Array {
  const words = new Float64Array(list.reduce((length, { values }) => length + FRAME_HEADER_WORDS + values.length, 0));
  list.reduce((offset, item) => writeFrame(words, offset, item, layouts.indexOf(item.layout)), 0);
  return words;
}

describe('frames', () => {
  it('reads back what writeFrame wrote, in order and to the microsecond', () => {
    const list = [
      frame(cpu, 1_763_800_000_000_001, [1.5, 98.5, Number.NaN, 0]),
      frame(swap, 1_763_800_000_000_001, [4096]),
    ];
    expect([...frames(written(...list), layoutOf)]).toEqual(list);
  });

  it('shares memory with the buffer instead of copying', () => {
    const words = written(frame(swap, 1, [7]));
    const [first] = [...frames(words, layoutOf)];
    words[FRAME_HEADER_WORDS] = 8;
    expect(first!.values[0]).toBe(8);
  });

  it('accepts an empty buffer and a frame without instances', () => {
    const none: FrameLayout = { family: 'filesystem', fields: ['used_bytes'], instances: [] };
    expect([...frames(new Float64Array(0), layoutOf)]).toEqual([]);
    const words = new Float64Array(FRAME_HEADER_WORDS);
    writeFrame(words, 0, frame(none, 5, []), 0);
    expect([...frames(words, () => none)].map(({ timestampUs }) => timestampUs)).toEqual([5]);
  });

  it.each([
    ['an unknown layout', (words: Float64Array) => words.fill(9, 1, 2)],
    ['a layout number that is no integer', (words: Float64Array) => words.fill(0.5, 1, 2)],
    ['NaN for a layout', (words: Float64Array) => words.fill(Number.NaN, 1, 2)],
    ['a length of zero', (words: Float64Array) => words.fill(0, 0, 1)],
    ['a negative length', (words: Float64Array) => words.fill(-10, 0, 1)],
    ['a length beside its layout', (words: Float64Array) => words.fill(9, 0, 1)],
    ['a frame cut off in its values', (words: Float64Array) => words.subarray(0, words.length - 1)],
    ['a frame cut off in its header', (words: Float64Array) => words.subarray(0, 3)],
  ])('refuses %s', (_case, damage) => {
    const words = damage(written(frame(cpu, 1, [1, 2, 3, 4])));
    expect(() => [...frames(words, layoutOf)]).toThrow(FrameFormatError);
  });

  it('refuses to write beyond its buffer', () => {
    expect(() => writeFrame(new Float64Array(9), 0, frame(cpu, 1, [1, 2, 3, 4]), 0)).toThrow(RangeError);
  });
});
