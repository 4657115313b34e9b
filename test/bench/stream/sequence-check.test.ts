import { expect, test } from 'vitest';
import { SequenceCheck } from '../../../bench/stream/sequence-check.ts';

function frames(...ticks: [seq: number, ms: number][]) {
  const rest = { family: 'cpu', layout: 1, lateness_us: 0, values: [] };
  return {
    type: 'frames' as const,
    frames: ticks.map(([seq, ms]) => ({ ...rest, seq, timestamp_us: 1_700_000_000_000_000 + ms * 1_000 })),
  };
}

const dropped = (from_seq: number, count: number) => ({
  ...{ type: 'dropped' as const, family: 'cpu', reason: 'overrun' },
  ...{ from_seq, count },
});

function check(...messages: Parameters<SequenceCheck['take']>[0][]): SequenceCheck {
  const checked = new SequenceCheck();
  checked.take({ type: 'subscribed', families: [{ family: 'cpu', interval_us: 1_000 }] });
  for (const message of messages) checked.take(message);
  return checked;
}

test('ticks that came or were told are counted', () => {
  const checked = check(frames([1, 11], [2, 12]), dropped(3, 4), frames([7, 17]), dropped(8, 1), frames([9, 19]));
  expect(checked.faults).toEqual([]);
  expect([checked.frames('cpu'), checked.dropped('cpu'), checked.dropped('cpu', 'overrun')]).toEqual([4, 5, 5]);
  expect([checked.dropped('cpu', 'slow_consumer'), checked.frames('disk'), checked.dropped('disk')]).toEqual([0, 0, 0]);
});

test.each([
  ['a number left out', [frames([1, 11], [3, 13])]],
  ['a number twice', [frames([1, 11], [1, 11])]],
  ['a tick left out although numbers follow each other', [frames([1, 11], [2, 13])]],
  ['fewer told than are missing', [frames([1, 11]), dropped(2, 1), frames([3, 14])]],
  ['told behind the frame', [frames([1, 11], [3, 13]), dropped(2, 1)]],
])('%s is a fault', (_, messages) => {
  expect(check(...messages).faults).not.toEqual([]);
});

test('a frame of what was not subscribed to is a fault', () => {
  const checked = new SequenceCheck();
  checked.take(frames([1, 11]));
  expect(checked.faults).toEqual(['cpu: number 1 before the schema']);
});
