import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SessionStore } from '../../../src/web/lib/session.ts';

function memoryStorage(entries: Record<string, string> = {}) {
  const values = new Map(Object.entries(entries));
  return {
    values,
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
    removeItem: (key: string) => void values.delete(key),
  };
}

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());
const now = () => Date.now();

test('survives a reload', () => {
  const storage = memoryStorage();
  new SessionStore({ storage, now }).begin('t0ken', 3600);
  expect(new SessionStore({ storage, now }).current.value).toEqual({ token: 't0ken', expiresAtMs: 4_600_000 });
});

test('ends by itself when the token expires, and only then', () => {
  const storage = memoryStorage();
  const session = new SessionStore({ storage, now });
  session.begin('t0ken', 3600);
  vi.advanceTimersByTime(3_599_999);
  expect(session.current.value?.token).toBe('t0ken');
  vi.advanceTimersByTime(1);
  expect(session.current.value).toBeNull();
  expect(session.lastEnd.value).toBe('expired');
  expect(storage.values.size).toBe(0);
});

test('a token of 90 days is not ended by the limit of browser timers', () => {
  const session = new SessionStore({ storage: memoryStorage(), now });
  session.begin('t0ken', 90 * 86_400);
  vi.advanceTimersByTime(89 * 86_400_000);
  expect(session.current.value?.token).toBe('t0ken');
  vi.advanceTimersByTime(86_400_000);
  expect(session.current.value).toBeNull();
});

test('a new login clears why the last one ended', () => {
  const session = new SessionStore({ storage: memoryStorage(), now });
  session.begin('one', 60);
  session.end('logout');
  expect(session.lastEnd.value).toBe('logout');
  session.begin('two', 60);
  expect(session.lastEnd.value).toBeNull();
});

test.each(['', '{', 'null', '[]', '{"token":1}', '{"token":"t","expiresAtMs":999999}'])(
  'what is stored as %j counts as no session and is removed',
  (stored) => {
    const storage = memoryStorage({ 'tacho.session': stored });
    expect(new SessionStore({ storage, now }).current.value).toBeNull();
    expect([...storage.values.values()].filter(Boolean)).toEqual([]);
  },
);
