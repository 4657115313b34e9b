import { expect, test } from 'vitest';
import { SampleStream } from '../../../src/api/stream/stream.ts';
import type { Socket } from '../../../src/http/sockets.ts';
import { Catalogue } from '../../../src/metrics/catalogue.ts';
import { FRAME_FLAG_GAP, FRAME_FLAG_LOST, type Frame } from '../../../src/metrics/frame.ts';
import { frame, layout, ScriptedSource } from '../../support/frames.ts';

const NOTHING_SAMPLED = {
  ...{ ticks: 0, late: 0, missed: 0, overruns: 0, gaps: 0, epoch: 0, cpuNs: 0, ringHighWaterWords: 0 },
  ...{ readers: [], families: [{ name: 'perf', available: false, reason: 'no PMU' }] },
};

function family(name: string, floorIntervalMs: number) {
  const field = { name: 'value', unit: '1/s', kind: 'rate' as const, help: 'A value', resolutionMs: 4, windowMs: 20 };
  return { name, help: name, instanceLabel: 'cpu', floorIntervalMs, optIn: false, fields: [field] };
}

class Source extends ScriptedSource {
  readonly catalogue = new Catalogue([family('cpu', 1), family('perf', 1), family('filesystem', 1_000)]);
  stats() {
    return NOTHING_SAMPLED;
  }
}

type Message = { type: string; [name: string]: unknown };

/** A client that takes nothing while `stuck`. */
class Client {
  readonly messages: Message[] = [];
  stuck = false;
  waiting = 0;
  closed: number | null = null;
  readonly socket: Socket;

  constructor(stream: SampleStream, sessionId = 'session') {
    const organisations = [{ id: 1, name: 'default', role: 'member' as const }];
    this.socket = {
      principal: { userId: 1, username: 'maria', isAdmin: false, sessionId, organisations },
      remoteAddress: '127.0.0.1',
      query: new Map(),
      data: {},
      send: (message) => {
        this.messages.push(JSON.parse(String(message)));
        if (this.stuck) this.waiting += 700_000;
        return this.stuck ? 'buffered' : 'sent';
      },
      bufferedBytes: () => this.waiting,
      close: (code) => {
        this.closed = code;
        stream.route.close?.(this.socket, code);
      },
    };
    stream.route.open?.(this.socket);
  }

  take(): Message[] {
    return this.messages.splice(0);
  }
}

function setUp() {
  const source = new Source();
  const stream = new SampleStream({ source, maxHz: 1_000 });
  const send = (client: Client, message: object) => stream.route.message?.(client.socket, JSON.stringify(message));
  return { source, stream, send };
}

const CPU = layout('cpu', ['all', '0']);
const at = (ms: number, ...values: number[]): Frame => frame(CPU, 1_700_000_000_000_000 + ms * 1_000, 1_000, ...values);

test('a subscriber gets the schema, the layout and then frames', () => {
  const { source, stream, send } = setUp();
  const client = new Client(stream);
  send(client, { type: 'subscribe', families: ['cpu', 'perf', 'filesystem'], hz: 1_000 });
  const [subscribed] = client.take();
  expect(subscribed).toMatchObject({
    type: 'subscribed',
    families: [
      { family: 'cpu', hz: 1_000, interval_us: 1_000, instance_label: 'cpu', available: true, reason: '' },
      { family: 'perf', available: false, reason: 'no PMU' },
      { family: 'filesystem', hz: 1, interval_us: 1_000_000, fields: [{ window_ms: 1_000 }] },
    ],
  });
  expect(subscribed).toMatchObject({
    families: [
      { fields: [{ name: 'value', unit: '1/s', kind: 'rate', help: 'A value', resolution_ms: 4, window_ms: 20 }] },
      {},
      {},
    ],
  });
  source.batch(at(1, 12.34567, Number.NaN), { ...at(2, 0.123456789, 1e15 + 1), flags: FRAME_FLAG_GAP, latenessUs: 7 });
  expect(client.take()).toEqual([
    { type: 'layout', family: 'cpu', layout: 1, instances: ['all', '0'] },
    {
      type: 'frames',
      frames: [
        {
          family: 'cpu',
          layout: 1,
          seq: 1,
          timestamp_us: 1_700_000_000_001_000,
          lateness_us: 0,
          values: [[12.346], [null]],
        },
        {
          ...{ family: 'cpu', layout: 1, seq: 2, gap: true, timestamp_us: 1_700_000_000_002_000, lateness_us: 7 },
          values: [[0.123457], [1e15 + 1]],
        },
      ],
    },
  ]);
});

test('an instance that comes makes another layout', () => {
  const { source, stream, send } = setUp();
  const client = new Client(stream);
  send(client, { type: 'subscribe', families: ['cpu'], hz: 1_000 });
  client.take();
  const more = layout('cpu', ['all', '0', '1']);
  source.batch(at(1, 1, 1), { ...at(2, 1, 1, 1), layout: more });
  expect(client.take().map(({ type, layout: id }) => [type, id])).toEqual([
    ['layout', 1],
    ['frames', undefined],
    ['layout', 2],
    ['frames', undefined],
  ]);
});

test('what is missing is told before the frame behind it', () => {
  const { source, stream, send } = setUp();
  const client = new Client(stream);
  send(client, { type: 'subscribe', families: ['cpu'], hz: 1_000 });
  source.batch(at(1, 1, 1), at(4, 1, 1), { ...at(6, 1, 1), flags: FRAME_FLAG_LOST });
  expect(client.take().slice(2)).toMatchObject([
    { type: 'frames', frames: [{ seq: 1 }] },
    { type: 'dropped', family: 'cpu', from_seq: 2, count: 2, reason: 'not_sampled' },
    { type: 'frames', frames: [{ seq: 4 }] },
    { type: 'dropped', family: 'cpu', from_seq: 5, count: 1, reason: 'overrun' },
    { type: 'frames', frames: [{ seq: 6 }] },
  ]);
  expect(stream.counts).toMatchObject({ frames: 3, dropped: { not_sampled: 2, overrun: 1, slow_consumer: 0 } });
});

test('a consumer that does not read is told what it did not get, and the other gets everything', () => {
  const { source, stream, send } = setUp();
  const [slow, quick] = [new Client(stream), new Client(stream)];
  for (const client of [slow, quick]) send(client, { type: 'subscribe', families: ['cpu'], hz: 1_000 });
  slow.stuck = true;
  for (let ms = 1; ms <= 10; ms += 1) source.batch(at(ms, ms, ms));
  const got = slow.take().flatMap(({ frames }) => (frames as unknown[] | undefined) ?? []);
  slow.stuck = false;
  slow.waiting = 0;
  stream.route.drain?.(slow.socket);
  source.batch(at(11, 11, 11));
  expect(slow.take()).toMatchObject([
    { type: 'dropped', from_seq: got.length + 1, count: 10 - got.length, reason: 'slow_consumer' },
    { type: 'frames', frames: [{ seq: 11 }] },
  ]);
  expect(got.length).toBeLessThan(10);
  expect(quick.take().flatMap(({ frames }) => (frames as unknown[] | undefined) ?? [])).toHaveLength(11);
});

test('what a consumer missed is counted at once, and told to the one that unsubscribes first', () => {
  const { source, stream, send } = setUp();
  const client = new Client(stream);
  send(client, { type: 'subscribe', families: ['cpu'], hz: 1_000 });
  client.stuck = true;
  for (let ms = 1; ms <= 10; ms += 1) source.batch(at(ms, ms, ms));
  const { frames, dropped } = stream.counts;
  expect(frames + dropped.slow_consumer).toBe(10);
  client.take();
  send(client, { type: 'unsubscribe', families: ['cpu'] });
  expect(client.take()).toEqual([
    { type: 'dropped', family: 'cpu', from_seq: frames + 1, count: 10 - frames, reason: 'slow_consumer' },
    { type: 'unsubscribed', families: ['cpu'] },
  ]);
  expect(stream.counts.dropped.slow_consumer).toBe(10 - frames);
});

test('much at once comes in several messages', () => {
  const { source, stream, send } = setUp();
  const client = new Client(stream);
  const many = layout(
    'cpu',
    Array.from({ length: 1_000 }, (_, cpu) => `${cpu}`),
  );
  send(client, { type: 'subscribe', families: ['cpu'], hz: 1_000 });
  source.batch(...Array.from({ length: 100 }, (_, ms) => ({ ...at(ms, ...Array(1_000).fill(0.5)), layout: many })));
  const sizes = client.take().flatMap(({ frames }) => (frames ? [JSON.stringify(frames).length] : []));
  expect(sizes.length).toBeGreaterThan(1);
  expect(Math.max(...sizes)).toBeLessThan(100_000);
  expect(stream.counts.frames).toBe(100);
});

test('a family has its schema before its first frame, whatever is handed over on the way', () => {
  const { source, stream, send } = setUp();
  const [first, second] = [new Client(stream), new Client(stream)];
  send(first, { type: 'subscribe', families: ['cpu'], hz: 1_000 });
  send(second, { type: 'subscribe', families: ['perf'], hz: 1_000 });
  second.take();
  source.waiting = [at(1, 1, 1)];
  send(second, { type: 'subscribe', families: ['cpu', 'perf'], hz: 1_000 });
  source.batch(at(2, 2, 2));
  expect(second.take().map(({ type }) => type)).toEqual(['subscribed', 'layout', 'frames']);
});

test('streams of the sampler end with their last consumer', () => {
  const { source, stream, send } = setUp();
  const [first, second] = [new Client(stream), new Client(stream)];
  for (const client of [first, second]) send(client, { type: 'subscribe', families: ['cpu', 'perf'], hz: 1_000 });
  expect([...source.open.keys()]).toEqual(['cpu@1000', 'perf@1000']);
  send(first, { type: 'subscribe', families: ['cpu'], hz: 10 });
  expect([...source.open.keys()]).toEqual(['cpu@1000', 'perf@1000', 'cpu@100000']);
  send(second, { type: 'unsubscribe', families: ['cpu', 'filesystem'] });
  expect(second.take().at(-1)).toEqual({ type: 'unsubscribed', families: ['cpu', 'filesystem'] });
  expect([...source.open.keys()]).toEqual(['perf@1000', 'cpu@100000']);
  stream.route.close?.(first.socket, 1_000);
  stream.closeSession('session');
  expect(second.closed).toBe(4001);
  expect([...source.open.keys()]).toEqual([]);
  expect(stream.consumers).toBe(0);
});

test('bad input is refused by name, and nothing changes', () => {
  const { source, stream, send } = setUp();
  const client = new Client(stream);
  send(client, { type: 'subscribe', families: ['cpu', 'nonsense'], hz: 1 });
  stream.route.message?.(client.socket, 'nonsense');
  expect(client.take()).toEqual([
    {
      type: 'error',
      field: 'families',
      detail: 'families: no family is named "nonsense"; known: cpu, perf, filesystem',
    },
    { type: 'error', field: null, detail: 'message is not valid JSON' },
  ]);
  expect(source.open.size).toBe(0);
});

/** Small and seeded, so that a failure can be repeated. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test.each([1, 2, 3, 4, 5])('whatever happens, numbers follow each other or are told as dropped (%i)', (seed) => {
  const next = random(seed);
  const { source, stream, send } = setUp();
  const client = new Client(stream);
  send(client, { type: 'subscribe', families: ['cpu'], hz: 1_000 });
  let ms = 0;
  for (let round = 0; round < 500; round += 1) {
    if (next() < 0.1) client.stuck = !client.stuck;
    if (!client.stuck && client.waiting > 0) {
      client.waiting = 0;
      stream.route.drain?.(client.socket);
    }
    const batch: Frame[] = [];
    for (let count = next() * 5; count > 0; count -= 1) {
      ms += next() < 0.2 ? Math.ceil(next() * 4) : 1;
      batch.push({ ...at(ms, ms, ms), flags: next() < 0.1 ? FRAME_FLAG_LOST : 0 });
    }
    source.batch(...batch);
  }
  client.stuck = false;
  client.waiting = 0;
  stream.route.drain?.(client.socket);
  let expected = 1;
  let firstUs = 0;
  for (const message of client.take()) {
    if (message.type === 'dropped') {
      expect(message['from_seq']).toBe(expected);
      expected += message['count'] as number;
    }
    for (const { seq, timestamp_us } of (message['frames'] as { seq: number; timestamp_us: number }[]) ?? []) {
      expect(seq).toBe(expected);
      if (firstUs === 0) firstUs = timestamp_us;
      expect(timestamp_us - firstUs).toBe((seq - 1) * 1_000);
      expected += 1;
    }
  }
  expect(expected).toBeGreaterThan(500);
});
