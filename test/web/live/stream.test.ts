import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { StreamSocket } from '../../../src/web/live/stream.ts';
import { LiveStream } from '../../../src/web/live/stream.ts';

class FakeSocket implements StreamSocket {
  onopen: StreamSocket['onopen'] = null;
  onmessage: StreamSocket['onmessage'] = null;
  onclose: StreamSocket['onclose'] = null;
  sent: string[] = [];
  closed = false;
  send(text: string) {
    this.sent.push(text);
  }
  close() {
    this.closed = true;
  }
  open() {
    this.onopen?.(undefined as never);
  }
  say(data: string) {
    this.onmessage?.({ data });
  }
  drop(code = 1006) {
    this.onclose?.({ code });
  }
}

const sockets: FakeSocket[] = [];
const messages: string[] = [];
let refusals = 0;
let stream: LiveStream;
const newest = () => sockets.at(-1) as FakeSocket;
const stateName = () => stream.state.value.name;

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  sockets.length = 0;
  messages.length = 0;
  refusals = 0;
  stream = new LiveStream(
    {
      connect: () => {
        sockets.push(new FakeSocket());
        return newest();
      },
      now: () => Date.now(),
      setTimer: (task, delayMs) => setTimeout(task, delayMs),
      clearTimer: (timer) => clearTimeout(timer),
      random: () => 0,
    },
    { onMessage: (text) => messages.push(text), onRefused: () => refusals++ },
  );
  stream.start();
});
afterEach(() => {
  stream.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function connected() {
  newest().open();
  newest().say('hello');
}

test('connects, and hands over what comes', () => {
  expect(stateName()).toBe('connecting');
  connected();
  expect(stateName()).toBe('open');
  expect(messages).toEqual(['hello']);
});

test('says when it will try again, and waits longer each time', () => {
  const waits: number[] = [];
  for (let attempt = 0; attempt < 7; attempt++) {
    newest().drop();
    const state = stream.state.value;
    if (state.name !== 'waiting') throw new Error(`is ${state.name}`);
    waits.push(state.retryAtMs - Date.now());
    vi.advanceTimersByTime(state.retryAtMs - Date.now() - 1);
    expect(sockets).toHaveLength(attempt + 1);
    vi.advanceTimersByTime(1);
    expect(sockets).toHaveLength(attempt + 2);
  }
  expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
});

test('starts over with short waits once a connection has delivered, not when it merely opened', () => {
  newest().drop();
  vi.advanceTimersByTime(500);
  newest().open();
  newest().drop();
  expect(stream.state.value).toEqual({ name: 'waiting', retryAtMs: Date.now() + 1000 });
  vi.advanceTimersByTime(1000);
  connected();
  newest().drop();
  expect(stream.state.value).toEqual({ name: 'waiting', retryAtMs: Date.now() + 500 });
});

test('gives up on a connection that neither opens nor fails', () => {
  vi.advanceTimersByTime(10_000);
  expect(stateName()).toBe('waiting');
  expect(sockets[0]?.closed).toBe(true);
});

test('pings every 20 s and stays while it is answered', () => {
  connected();
  for (let round = 1; round <= 5; round++) {
    vi.advanceTimersByTime(20_000);
    expect(newest().sent).toEqual(Array(round).fill('{"type":"ping"}'));
    newest().say('{"type":"pong"}');
  }
  expect(sockets).toHaveLength(1);
  expect(stateName()).toBe('open');
});

test('a connection that is silent after a ping counts as dead', () => {
  connected();
  vi.advanceTimersByTime(27_999);
  expect(stateName()).toBe('open');
  vi.advanceTimersByTime(1);
  expect(stateName()).toBe('waiting');
  expect(sockets[0]?.closed).toBe(true);
});

test('a late event of a socket that was let go changes nothing', () => {
  connected();
  vi.advanceTimersByTime(28_500);
  expect(sockets).toHaveLength(2);
  sockets[0]?.drop();
  sockets[0]?.say('from the past');
  expect(stateName()).toBe('connecting');
  expect(messages).toEqual(['hello']);
});

test('waking up tries at once, and tests a connection that looks open', () => {
  connected();
  stream.wake();
  expect(newest().sent).toEqual(['{"type":"ping"}']);
  vi.advanceTimersByTime(8_000);
  expect(stateName()).toBe('waiting');
  stream.wake();
  expect(stateName()).toBe('connecting');
});

test('offline drops the connection and does not try; online tries at once', () => {
  connected();
  stream.offline();
  expect(stateName()).toBe('offline');
  vi.advanceTimersByTime(600_000);
  expect(sockets).toHaveLength(1);
  stream.online();
  expect(stateName()).toBe('connecting');
});

test('a refused upgrade and a close on purpose ask whether the session is still good; a lost connection does not', () => {
  newest().drop();
  expect(refusals).toBe(1);
  vi.advanceTimersByTime(500);
  connected();
  newest().drop(1006);
  expect(refusals).toBe(1);
  vi.advanceTimersByTime(500);
  connected();
  newest().drop(1008);
  expect(refusals).toBe(2);
  vi.advanceTimersByTime(500);
  connected();
  newest().drop(4001);
  expect(refusals).toBe(3);
});

test('a session that ends in answer to a refusal leaves the stream stopped', () => {
  stream.stop();
  stream = new LiveStream(
    {
      connect: () => {
        sockets.push(new FakeSocket());
        return newest();
      },
      now: () => Date.now(),
      setTimer: (task, delayMs) => setTimeout(task, delayMs),
      clearTimer: (timer) => clearTimeout(timer),
      random: () => 0,
    },
    { onMessage: () => {}, onRefused: () => stream.stop() },
  );
  stream.start();
  newest().drop();
  vi.advanceTimersByTime(600_000);
  expect(stateName()).toBe('closed');
  expect(sockets).toHaveLength(2);
});

test('stop is final, whatever the browser reports afterwards', () => {
  connected();
  stream.stop();
  stream.offline();
  stream.online();
  stream.wake();
  expect(stateName()).toBe('closed');
  expect(sockets).toHaveLength(1);
  expect(newest().closed).toBe(true);
});
