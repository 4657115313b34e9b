import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { loadCatalogue } from '../../src/collect/frame-source.ts';
import { type Daemon, getJson, logIn, startDaemon, temporaryFolder } from '../support/daemon.ts';
import { SampleClient } from '../support/sample-stream.ts';

const PATIENCE = { timeout: 25_000, interval: 200 };
/** A second: two families at 1 kHz make four times as many, all families at 5 Hz a fifth. */
const BUSY_TICKS = 500;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let daemon: Daemon;
let token: string;
const clients: SampleClient[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  daemon = await startDaemon({ dataDir: folder.path, args: ['--metrics-auth', 'false'] });
  token = await logIn(daemon.url);
});

afterEach(() => {
  for (const client of clients.splice(0)) client.end();
});

afterAll(async () => {
  await daemon.stop();
  await folder[Symbol.asyncDispose]();
});

async function open(families: readonly string[], hz: number, as = token): Promise<SampleClient> {
  const client = await SampleClient.connect(daemon.url, as);
  clients.push(client);
  client.send({ type: 'subscribe', families, hz });
  await client.until(() => client.messages.length > 0);
  return client;
}

/** A figure that the daemon gives of itself. */
async function own(name: string): Promise<number> {
  const lines = (await (await fetch(`${daemon.url}/metrics`)).text()).split('\n');
  const line = lines.find((candidate) => candidate.startsWith(`${name} `));
  if (line === undefined) throw new Error(`/metrics has no ${name}`);
  return Number(line.split(' ')[1]);
}

/** Resolves when so many more frames of a family have come. */
async function more(client: SampleClient, family: string, count: number): Promise<void> {
  const enough = client.check.frames(family) + count;
  await client.until(() => client.check.frames(family) >= enough);
}

test('every family tells its schema, its layout and then its frames', async () => {
  const families = loadCatalogue().families;
  const client = await open(
    families.map(({ name }) => name),
    20,
  );
  await client.until(() => families.every(({ name }) => client.check.frames(name) > 0));
  const [schema] = client.messages as { families: Record<string, unknown>[] }[];
  const layouts = new Map<number, string[]>();
  for (const [index, family] of families.entries()) {
    const intervalMs = Math.max(50, family.floorIntervalMs);
    expect(schema?.families[index]).toMatchObject({
      ...{ family: family.name, hz: 1_000 / intervalMs, interval_us: intervalMs * 1_000 },
      instance_label: family.instanceLabel,
      fields: family.fields.map(({ name, unit, kind, help }) => ({ name, unit, kind, help })),
    });
    expect(schema?.families[index]?.['available'] === true || schema?.families[index]?.['reason'] !== '').toBe(true);
  }
  for (const message of client.messages) {
    if (message.type === 'layout') layouts.set(message.layout, message.instances);
    if (message.type !== 'frames') continue;
    for (const { family, layout, values } of message.frames) {
      const width = families.find(({ name }) => name === family)?.fields.length;
      expect(values.map((row) => row.length)).toEqual(layouts.get(layout)?.map(() => width));
    }
  }
  expect(client.frames('memory')[0]?.values[0]?.every((value) => typeof value === 'number')).toBe(true);
  expect(client.check.faults).toEqual([]);
});

test('consumers at different rates see the same readings, and what is stored is neither of theirs', async () => {
  const config = { method: 'PUT', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } };
  await fetch(`${daemon.url}/api/config`, { ...config, body: '{"sampling_interval_seconds":0.2}' });
  const [quick, slow] = [await open(['network'], 1_000), await open(['network'], 2)];
  await more(slow, 'network', 4);
  await quick.until(
    () => (quick.frames('network').at(-1)?.timestamp_us ?? 0) >= (slow.frames('network').at(-1)?.timestamp_us ?? 0),
  );
  const fields = loadCatalogue().family('network').fields;
  const counters = fields.flatMap(({ kind }, index) => (kind === 'counter' ? [index] : []));
  const quickFrames = new Map(quick.frames('network').map((frame) => [frame.timestamp_us, frame]));
  const slowFrames = slow.frames('network');
  let shared = 0;
  for (const { timestamp_us, values } of slowFrames) {
    expect(timestamp_us % 500_000).toBe(0);
    const same = quickFrames.get(timestamp_us);
    if (!same) continue;
    shared += 1;
    const countersOf = (rows: typeof values) => rows.map((row) => counters.map((index) => row[index]));
    expect(countersOf(same.values)).toEqual(countersOf(values));
  }
  expect(shared).toBeGreaterThan(0);
  expect([...quick.check.faults, ...slow.check.faults]).toEqual([]);

  const fromUs = slowFrames[0]?.timestamp_us ?? 0;
  const toUs = slowFrames.at(-1)?.timestamp_us ?? 0;
  const query = new URLSearchParams({
    ...{ metric_type: 'network', interval: 'raw' },
    start_time: new Date(fromUs / 1_000).toISOString(),
    end_time: new Date(toUs / 1_000).toISOString(),
  });
  const { body } = await getJson(`${daemon.url}/api/history/metrics?${query}`, token);
  const { data_points } = body as { data_points: { timestamp: string }[] };
  const stored = data_points.map(({ timestamp }) => Date.parse(timestamp));
  expect(stored.length).toBeGreaterThan(0);
  expect(stored.every((ms) => ms % 200 === 0)).toBe(true);
  expect(new Set(stored).size).toBe(stored.length);
});

test('bad input names its field, and the stream goes on', async () => {
  const client = await open(['memory'], 0.1);
  expect(client.last('subscribed').families).toMatchObject([{ family: 'memory', hz: 0.1, interval_us: 10_000_000 }]);
  for (const [message, field] of [
    [{ type: 'subscribe', families: ['memory'], hz: 1_001 }, 'hz'],
    [{ type: 'subscribe', families: ['memory', 'nonsense'], hz: 1 }, 'families'],
    [{ type: 'nonsense' }, 'type'],
    ['{', null],
  ] as const) {
    const before = client.messages.length;
    client.send(message);
    await client.until(() => client.messages.length > before);
    const { detail, field: named } = client.last('error');
    expect(named).toBe(field);
    if (field !== null) expect(detail).toMatch(new RegExp(`^${field}: `));
  }
  client.send({ type: 'ping' });
  await client.until(() => client.messages.at(-1)?.type === 'pong');
  client.send({ type: 'subscribe', families: ['memory'], hz: 100 });
  await more(client, 'memory', 5);
  expect(client.check.faults).toEqual([]);
});

test('an upgrade without a token is refused as the rest of the API refuses', async () => {
  const headers = {
    ...{ connection: 'Upgrade', upgrade: 'websocket' },
    ...{ 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' },
  };
  const [response] = (await once(get(`${daemon.url}/api/v1/stream`, { headers }), 'response')) as [IncomingMessage];
  expect([response.statusCode, await json(response)]).toEqual([401, { detail: 'Not authenticated' }]);
});

test('a consumer that stops reading is told exactly what it missed and goes on; another misses nothing', async () => {
  const families = loadCatalogue()
    .families.filter(({ floorIntervalMs }) => floorIntervalMs === 1)
    .map(({ name }) => name);
  const [stuck, other] = [await open(families, 1_000), await open(['network'], 1_000)];
  const slowDrops = () => own('tacho_stream_dropped_frames_total{reason="slow_consumer"}');
  const before = await slowDrops();
  stuck.stopReading();
  await vi.waitFor(async () => expect(await slowDrops()).toBeGreaterThan(before + 1_000), PATIENCE);
  stuck.goOnReading();
  const told = () => families.reduce((sum, family) => sum + stuck.check.dropped(family, 'slow_consumer'), 0);
  await stuck.until(() => families.every((family) => stuck.check.dropped(family, 'slow_consumer') > 0));
  for (const family of families) await more(stuck, family, 100);
  expect(stuck.check.faults).toEqual([]);
  // It may be behind again for a moment: what is counted then is told a little later.
  await vi.waitFor(async () => expect(told()).toBe((await slowDrops()) - before), PATIENCE);
  expect(other.check.faults).toEqual([]);
  expect(other.check.dropped('network', 'slow_consumer')).toBe(0);
  const until = stuck.frames('network').at(-1)?.timestamp_us ?? 0;
  await other.until(() => (other.frames('network').at(-1)?.timestamp_us ?? 0) >= until);
  const seen = new Set(other.frames('network').map(({ timestamp_us }) => timestamp_us));
  const first = other.frames('network')[0]?.timestamp_us ?? 0;
  const after = stuck.frames('network').filter(({ timestamp_us }) => timestamp_us >= first);
  expect(after.every(({ timestamp_us }) => seen.has(timestamp_us))).toBe(true);
});

test('the sampler rests once the last consumer has left, and a logout is a way to leave', async () => {
  const clock = await open(['memory'], 10);
  const ticksOfASecond = async () => {
    await more(clock, 'memory', 1);
    const before = await own('tacho_sampler_ticks_total');
    await more(clock, 'memory', 10);
    return (await own('tacho_sampler_ticks_total')) - before;
  };
  const session = await logIn(daemon.url);
  const client = await open(['network', 'disk'], 1_000, session);
  expect(await ticksOfASecond()).toBeGreaterThan(BUSY_TICKS);
  client.send({ type: 'unsubscribe', families: ['network', 'disk'] });
  await client.until(() => client.messages.at(-1)?.type === 'unsubscribed');
  expect(await ticksOfASecond()).toBeLessThan(BUSY_TICKS);
  client.send({ type: 'subscribe', families: ['network'], hz: 1_000 });
  await more(client, 'network', 100);
  await fetch(`${daemon.url}/api/auth/logout`, { method: 'POST', headers: { authorization: `Bearer ${session}` } });
  await client.until(() => client.closeCode !== null);
  expect(client.closeCode).toBe(4001);
  expect(await ticksOfASecond()).toBeLessThan(BUSY_TICKS);
  expect(await own('tacho_stream_consumers{route="/api/v1/stream"}')).toBe(1);
  expect(clock.closed).toBe(false);
  expect(clock.check.faults).toEqual([]);
});
