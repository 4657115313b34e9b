import { expect, test } from 'vitest';
import { CHANNELS } from '../../../src/web/live/channels.ts';
import { parseMessage } from '../../../src/web/live/metrics.ts';

test.each([
  'nonsense',
  'null',
  '5',
  '{"type":"pong"}',
  '{"type":"error","detail":"…"}',
  '{"type":"metrics","timestamp":"yesterday","data":{}}',
  '{"type":"metrics","data":{}}',
  '{"type":"metrics","timestamp":"2026-01-18T14:30:05Z","data":null}',
])('%s is no metrics message', (text) => expect(parseMessage(text)).toBeNull());

test('a metrics message', () => {
  const text = '{"type":"metrics","timestamp":"2026-01-18T14:30:05.250Z","data":{"cpu":{"usage_percent":45.2}}}';
  expect(parseMessage(text)).toEqual({
    timestampMs: Date.UTC(2026, 0, 18, 14, 30, 5, 250),
    data: { cpu: { usage_percent: 45.2 } },
  });
});

test('CPU shares are stacked, with what is neither user nor system as the third', () => {
  const values = CHANNELS.cpu.values({ cpu: { user: 30, system: 10, usage_percent: 42, iowait: 3 } });
  expect(values).toEqual([30, 40, 42, 45]);
});

test('a sum with a missing part is missing, not smaller', () => {
  expect(CHANNELS.cpu.values({ cpu: { user: 30, system: null, usage_percent: 42, iowait: null } })).toEqual([
    30,
    null,
    42,
    null,
  ]);
  expect(CHANNELS.memory.values({ memory: { used_bytes: 5, cached_bytes: 3 } })).toEqual([5, null, null]);
});

test('every channel has a null per column when its block is missing', () => {
  for (const channel of Object.values(CHANNELS))
    expect(channel.values({})).toEqual(Array.from({ length: channel.columns }, () => null));
});
