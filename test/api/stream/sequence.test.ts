import { expect, test } from 'vitest';
import { Sequence } from '../../../src/api/stream/sequence.ts';
import { FRAME_FLAG_DISTURBED, FRAME_FLAG_GAP, FRAME_FLAG_LOST } from '../../../src/metrics/frame.ts';

const START_US = 1_700_000_000_000_000;

function tick(ms: number, flags = 0, epoch = 0) {
  return { timestampUs: START_US + ms * 1_000 + epoch, intervalUs: 1_000, flags };
}

test('ticks that follow each other have following numbers', () => {
  const sequence = new Sequence();
  expect([1, 2, 3].map((ms) => sequence.sent(tick(ms)))).toEqual(
    [1, 2, 3].map((seq) => ({ seq, drop: null, gap: false })),
  );
});

test('a tick that nobody sampled is told before the next frame', () => {
  const sequence = new Sequence();
  sequence.sent(tick(1));
  expect(sequence.sent(tick(5))).toMatchObject({ seq: 5, drop: { fromSeq: 2, count: 3, reason: 'not_sampled' } });
  expect(sequence.sent(tick(7, FRAME_FLAG_LOST))).toMatchObject({
    seq: 7,
    drop: { fromSeq: 6, count: 1, reason: 'overrun' },
  });
});

test('a stall that is a gap for rates still has its ticks counted', () => {
  const sequence = new Sequence();
  sequence.sent(tick(1));
  expect(sequence.sent(tick(5, FRAME_FLAG_GAP)).drop?.count).toBe(3);
});

test('where the clock was set, no ticks are made up', () => {
  const sequence = new Sequence();
  sequence.sent(tick(1));
  expect(sequence.sent(tick(3_600_000, FRAME_FLAG_GAP | FRAME_FLAG_DISTURBED))).toEqual({
    seq: 2,
    drop: null,
    gap: true,
  });
  expect(sequence.sent(tick(-5_000, FRAME_FLAG_GAP | FRAME_FLAG_DISTURBED, 1))).toEqual({
    seq: 3,
    drop: null,
    gap: true,
  });
  expect(sequence.sent(tick(-4_999, 0, 1))).toEqual({ seq: 4, drop: null, gap: false });
});

test('frames left out become one drop, with what was not sampled among them', () => {
  const sequence = new Sequence();
  sequence.sent(tick(1));
  for (const ms of [2, 3, 6]) sequence.skipped(tick(ms));
  expect(sequence.takeDrop()).toEqual({ fromSeq: 2, count: 5, reason: 'slow_consumer' });
  expect(sequence.takeDrop()).toBeNull();
  expect(sequence.sent(tick(7))).toEqual({ seq: 7, drop: null, gap: false });
});

test('a gap among frames left out is told with the next that is sent', () => {
  const sequence = new Sequence();
  sequence.sent(tick(1));
  expect(sequence.skipped(tick(3_600_000, FRAME_FLAG_GAP | FRAME_FLAG_DISTURBED))).toBe(1);
  expect(sequence.skipped(tick(3_600_001))).toBe(1);
  expect(sequence.sent(tick(3_600_002)).gap).toBe(true);
  expect(sequence.sent(tick(3_600_003)).gap).toBe(false);
});
