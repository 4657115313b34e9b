import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../../bench/harness/arguments.ts';
import { type Bench, BenchError } from '../../../bench/harness/bench.ts';

const benches: Bench[] = [
  { name: 'one', cases: ['a', 'b'], defaultSeconds: 30, run: async () => {} },
  { name: 'two', cases: ['c'], defaultSeconds: 60, run: async () => {} },
];

const parse = (line: string) => parseArguments(line.split(' ').filter(Boolean), benches);

describe('parseArguments', () => {
  it('runs all cases for the usual time when nothing is said', () => {
    expect(parse('one')).toEqual({ bench: benches[0], cases: ['a', 'b'], seconds: 30, json: false });
  });

  it('takes flags anywhere', () => {
    expect(parse('--json one --seconds 5 b')).toEqual({ bench: benches[0], cases: ['b'], seconds: 5, json: true });
  });

  it.each([
    ['', /NAME is one of one, two/],
    ['three', /no bench three; there are one, two/],
    ['two a', /two has no case a; there are c/],
    ['one --seconds 0', /--seconds/],
    ['one --seconds 1.5', /--seconds/],
    ['one --seconds many', /--seconds/],
    ['one --fast', /--fast/],
  ])('refuses %j in one line', (line, message) => {
    expect(() => parse(line)).toThrow(BenchError);
    expect(() => parse(line)).toThrow(message);
  });
});
