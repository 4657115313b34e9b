import { alternating, type BenchLine, compare, mean } from '../harness/line.ts';
import type { Ticks } from './subscriber.ts';

/** One stretch of a run: what the subscriber saw of each family, and the floor that ran beside it. */
export interface Stretch {
  before: ReadonlyMap<string, Ticks>;
  after: ReadonlyMap<string, Ticks>;
  floor: { ticks: number; missed: number };
}

const NONE: Ticks = { frames: 0, dropped: 0 };

/** The ticks of a family that the subscriber did not get, against those that the floor did not make. */
export function missedLine(name: string, family: string, stretches: readonly Stretch[]): BenchLine {
  const floors = stretches.map(({ floor }) => percentage(floor.missed, floor.ticks));
  const [reference, again] = alternating(floors);
  const ours = stretches.map(({ before, after }) => {
    const [from, to] = [before.get(family) ?? NONE, after.get(family) ?? NONE];
    return percentage(to.dropped - from.dropped, to.frames - from.frames);
  });
  return compare(
    { bench: 'stream', case: name, unit: 'missed ticks %', referenceName: 'floor', ours, reference, again },
    mean,
  );
}

function percentage(missed: number, made: number): number {
  return missed === 0 ? 0 : (missed / (missed + made)) * 100;
}
