import { expect, test } from 'vitest';
import { missedLine, type Stretch } from '../../../bench/stream/figures.ts';

function stretch(from: [number, number], to: [number, number], floor: [ticks: number, missed: number]): Stretch {
  const ticks = ([frames, dropped]: [number, number]) => new Map([['disk', { frames, dropped }]]);
  return { before: ticks(from), after: ticks(to), floor: { ticks: floor[0], missed: floor[1] } };
}

test('each stretch counts what came and was told in it, and the floor is measured against itself', () => {
  const stretches = [stretch([0, 0], [90, 10], [98, 2]), stretch([90, 10], [190, 10], [96, 4])];
  const line = missedLine('1000Hz disk', 'disk', stretches);
  expect(line).toMatchObject({ bench: 'stream', case: '1000Hz disk', unit: 'missed ticks %', reference_name: 'floor' });
  expect([line.ours, line.reference, line.ratio, line.noise]).toEqual([5, 3, 5 / 3, 2]);
});

test('where nothing was missed there is nothing to compare', () => {
  const line = missedLine('1000Hz disk', 'disk', [
    stretch([0, 0], [100, 0], [100, 0]),
    stretch([100, 0], [200, 0], [100, 0]),
  ]);
  expect(line).toMatchObject({ ours: 0, reference: 0, ratio: null, noise: null });
});
