import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MemoryLimit } from '../../../src/store/duckdb/memory.ts';

const LINGER_MS = 5_000;
const [QUIET, BUSY] = ['24MB', '128MB'];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function recorded(): { limits: string[]; memory: MemoryLimit } {
  const limits: string[] = [];
  const memory = new MemoryLimit(async (limit) => {
    limits.push(limit);
  });
  return { limits, memory };
}

test('the limit is high during work and a while after, then low again', async () => {
  const { limits, memory } = recorded();
  expect(await memory.raisedDuring(async () => limits.slice())).toEqual([BUSY]);
  await vi.advanceTimersByTimeAsync(LINGER_MS - 1);
  expect(limits).toEqual([BUSY]);
  await vi.advanceTimersByTimeAsync(1);
  expect(limits).toEqual([BUSY, QUIET]);
});

test('work in between keeps it high', async () => {
  const { limits, memory } = recorded();
  await memory.raisedDuring(async () => undefined);
  await vi.advanceTimersByTimeAsync(LINGER_MS - 1);
  await memory.raisedDuring(async () => undefined);
  await vi.advanceTimersByTimeAsync(LINGER_MS - 1);
  expect(limits).toEqual([BUSY]);
  await vi.advanceTimersByTimeAsync(1);
  expect(limits).toEqual([BUSY, QUIET]);
});

test('work that keeps nothing lowers it before it is over, also where something lingers', async () => {
  const { limits, memory } = recorded();
  expect(await memory.raisedOnlyDuring(async () => limits.slice())).toEqual([BUSY]);
  expect(limits).toEqual([BUSY, QUIET]);
  await memory.raisedDuring(async () => undefined);
  await memory.raisedOnlyDuring(async () => undefined);
  expect(limits).toEqual([BUSY, QUIET, BUSY, QUIET]);
  await vi.advanceTimersByTimeAsync(2 * LINGER_MS);
  expect(limits).toEqual([BUSY, QUIET, BUSY, QUIET]);
});

test('beside other work it is set again, as high as it is, so that freed memory goes', async () => {
  const { limits, memory } = recorded();
  const gate = Promise.withResolvers<void>();
  const long = memory.raisedDuring(() => gate.promise);
  await memory.raisedOnlyDuring(async () => undefined);
  expect(limits).toEqual([BUSY, BUSY]);
  gate.resolve();
  await long;
  await vi.advanceTimersByTimeAsync(LINGER_MS);
  expect(limits).toEqual([BUSY, BUSY, QUIET]);
});

test('it stays high under work that takes longer than that', async () => {
  const { limits, memory } = recorded();
  const gate = Promise.withResolvers<void>();
  const long = memory.raisedDuring(() => gate.promise);
  await memory.raisedDuring(async () => undefined);
  await vi.advanceTimersByTimeAsync(10 * LINGER_MS);
  expect(limits).toEqual([BUSY]);
  gate.resolve();
  await long;
  await vi.advanceTimersByTimeAsync(LINGER_MS);
  expect(limits).toEqual([BUSY, QUIET]);
});

test('a limit that cannot be lowered yet is tried again', async () => {
  const limits: string[] = [];
  let refusals = 2;
  const memory = new MemoryLimit(async (limit) => {
    if (limit === QUIET && refusals-- > 0) throw new Error('could not free up enough memory');
    limits.push(limit);
  });
  await memory.raisedDuring(async () => undefined);
  await vi.advanceTimersByTimeAsync(3 * LINGER_MS);
  expect(limits).toEqual([BUSY, QUIET]);
});

test('once stopped it sets nothing more', async () => {
  const { limits, memory } = recorded();
  await memory.raisedDuring(async () => undefined);
  await memory.stop();
  await vi.advanceTimersByTimeAsync(2 * LINGER_MS);
  expect(limits).toEqual([BUSY]);
});
