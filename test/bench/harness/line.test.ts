import { describe, expect, it } from 'vitest';
import { alone, alternating, compare, mean, median, ratioOf, toJson, toText } from '../../../bench/harness/line.ts';

const label = { bench: 'b', case: 'c', unit: 'ms', referenceName: 'peer' };

describe('figures', () => {
  it('takes medians and means', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(mean([1, 2, 6])).toBe(3);
    expect(() => median([])).toThrow(RangeError);
    expect(() => mean([])).toThrow(RangeError);
  });

  it('has no ratio to nothing', () => {
    expect(ratioOf(3, 0)).toBeNull();
    expect(ratioOf(0, 3)).toBe(0);
  });

  it('deals values out in turn', () => {
    expect(alternating([1, 2, 3, 4])).toEqual([
      [1, 3],
      [2, 4],
    ]);
  });
});

describe('compare', () => {
  it('sets ours against all of the reference, and the reference against itself', () => {
    const line = compare({ ...label, ours: [6, 6], reference: [2, 2], again: [4, 4] }, median);
    expect(line).toEqual({
      bench: 'b',
      case: 'c',
      unit: 'ms',
      ours: 6,
      reference: 3,
      reference_name: 'peer',
      ratio: 2,
      noise: 2,
    });
  });

  it('says nothing of ratios when the reference is 0', () => {
    const line = compare({ ...label, ours: [1], reference: [0], again: [0] }, mean);
    expect([line.ratio, line.noise]).toEqual([null, null]);
  });
});

describe('output', () => {
  it('prints one JSON object with the promised keys, rounded', () => {
    const line = compare({ ...label, ours: [1 / 3], reference: [1], again: [1] }, mean);
    const parsed: unknown = JSON.parse(toJson(line));
    expect(Object.keys(parsed as object)).toEqual(
      ['bench', 'case', 'unit', 'ours', 'reference', 'reference_name', 'ratio', 'noise'], // the issue's own words
    );
    expect(parsed).toMatchObject({ ours: 0.333333, ratio: 0.333333, noise: 1 });
    expect(toJson(line)).not.toContain('\n');
  });

  it('prints a line for people', () => {
    const line = compare({ ...label, ours: [123.456], reference: [100], again: [101] }, mean);
    expect(toText(line)).toMatch(/^b +c +123 ms +peer 101 +ratio 1\.23 {2}noise 1\.01$/);
    expect(toText(alone('b', 'c', 'ms', 0))).toMatch(/^b +c +0 ms$/);
    expect(toText(alone('b', 'c', 'ms', 1234))).toContain(' 1234 ms');
  });
});
