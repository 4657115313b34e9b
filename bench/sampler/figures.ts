import { alone, type BenchLine, compare, mean, median } from '../harness/line.ts';
import type { FloorSegment } from './floor.ts';
import type { Segment } from './protocol.ts';

/** One round: the floor, the sampler, and the floor again. */
export interface Round {
  floor: FloorSegment;
  ours: Segment;
  again: FloorSegment;
}

const US = 1000;

/** What the rounds of one case say. */
export function compareToFloor(name: string, rounds: readonly Round[]): BenchLine[] {
  const label = { bench: 'sampler', case: name, referenceName: 'floor' };
  const cost = ({ cpu_ns, ticks }: FloorSegment) => cpu_ns / ticks / US;
  const costs = {
    ...label,
    unit: 'µs/tick',
    ours: rounds.map(({ ours }) => ours.samplerCpuNs / ours.ticks / US),
    reference: rounds.map(({ floor }) => cost(floor)),
    again: rounds.map(({ again }) => cost(again)),
  };
  const lost = ({ missed, ticks }: FloorSegment) => percentage(missed, ticks);
  const losses = {
    ...label,
    unit: 'missed ticks %',
    ours: rounds.map(({ ours }) => percentage(ours.missed, ours.frames)),
    reference: rounds.map(({ floor }) => lost(floor)),
    again: rounds.map(({ again }) => lost(again)),
  };
  const drain = median(rounds.map(({ ours }) => ours.drainCpuNs / ours.ticks / US));
  return [
    compare(costs, median),
    compare(losses, mean),
    alone('sampler', `${name} drain in JavaScript`, 'µs/tick', drain),
  ];
}

function percentage(missed: number, made: number): number {
  return (missed / (missed + made)) * 100;
}
