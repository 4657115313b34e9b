/** What existing PerfWatch dashboards read beyond the specification, and what Tacho adds to it, on a running daemon. */
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Daemon, getJson, logIn, startDaemon, temporaryFolder } from '../../support/daemon.ts';
import { connectStream, nextMessage } from '../../support/stream.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let daemon: Daemon;
let token: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  daemon = await startDaemon({ dataDir: folder.path });
  token = await logIn(daemon.url);
  await send('PUT', '/api/config', { sampling_interval_seconds: 0.5 });
  let stored = 0;
  while (stored < 4) {
    const { body } = await history({ metric_type: 'cpu', interval: 'raw', ...lastMinutes(5) });
    stored = (body as { count: number }).count;
  }
});

afterAll(async () => {
  await daemon.stop();
  await folder[Symbol.asyncDispose]();
});

function get(path: string, as = token) {
  return getJson(`${daemon.url}${path}`, as);
}

async function send(method: string, path: string, body: unknown, as = token) {
  const response = await fetch(`${daemon.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${as}`, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

function history(parameters: Record<string, string>) {
  return get(`/api/history/metrics?${new URLSearchParams(parameters)}`);
}

function lastMinutes(minutes: number): { start_time: string; end_time: string } {
  return {
    start_time: new Date(Date.now() - minutes * 60_000).toISOString(),
    end_time: new Date(Date.now() + 60_000).toISOString(),
  };
}

const MESSAGE_SHAPE = {
  cpu: {
    usage_percent: expect.any(Number),
    per_core: expect.arrayContaining([expect.any(Number)]),
    user: expect.any(Number),
    system: expect.any(Number),
    idle: expect.any(Number),
    iowait: expect.any(Number),
    frequency_mhz: expect.any(Array),
    temperature_celsius: expect.any(Array),
    interrupts: expect.any(Number),
    load_avg: [expect.any(Number), expect.any(Number), expect.any(Number)],
    core_count: expect.any(Number),
    physical_cores: expect.any(Number),
  },
  memory: {
    usage_percent: expect.any(Number),
    total_bytes: expect.any(Number),
    used_bytes: expect.any(Number),
    available_bytes: expect.any(Number),
    cached_bytes: expect.any(Number),
    buffers_bytes: expect.any(Number),
    shared_bytes: expect.any(Number),
    swap_used_bytes: expect.any(Number),
    swap_total_bytes: expect.any(Number),
    swap_free_bytes: expect.any(Number),
    swap_percent: expect.any(Number),
    hugepages_total: expect.any(Number),
    hugepages_free: expect.any(Number),
  },
  network: {
    interfaces: {
      lo: {
        bytes_sent_per_sec: expect.any(Number),
        bytes_recv_per_sec: expect.any(Number),
        packets_sent_per_sec: expect.any(Number),
        packets_recv_per_sec: expect.any(Number),
      },
    },
    connections: { established: expect.any(Number), time_wait: expect.any(Number), listen: expect.any(Number) },
    bytes_sent_per_sec: expect.any(Number),
    total_bytes_recv: expect.any(Number),
    errors_in: expect.any(Number),
    drops_out: expect.any(Number),
    connection_count: expect.any(Number),
  },
  disk: {
    devices: expect.any(Object),
    partitions: {
      '/': { total_bytes: expect.any(Number), used_bytes: expect.any(Number), usage_percent: expect.any(Number) },
    },
    io: { read_bytes_per_sec: expect.any(Number), write_count: expect.any(Number), read_time_ms: expect.any(Number) },
  },
  // What of them has a value is a matter of the host: its PMU, and whether the tests may use it.
  perf: { available: expect.any(Boolean) },
  perf_events: {
    available: expect.any(Boolean),
    cpu_cores: 'all',
    interval_ms: 1_000,
    sample_time: expect.any(String),
    events: { 'cpu-clock': { unit: 'msec' }, 'LLC-load-misses': { unit: '' } },
    unsupported_events: expect.any(Array),
  },
  memory_bandwidth: {
    available: true,
    pgpgin_per_sec: expect.any(Number),
    pswpout_per_sec: expect.any(Number),
    page_io_bytes_per_sec: expect.any(Number),
    pgfault_per_sec: expect.any(Number),
  },
};

describe('WS /api/ws/metrics', () => {
  test('sends a message right after connecting and then one per sampling interval', async () => {
    const socket = await connectStream(daemon.url, token);
    const first = await nextMessage(socket, 'metrics');
    const second = await nextMessage(socket, 'metrics');
    const third = await nextMessage(socket, 'metrics');
    socket.close();
    expect(first.data).toMatchObject(MESSAGE_SHAPE);
    expect(Date.parse(third.timestamp) - Date.parse(second.timestamp)).toBe(500);
  });

  test.each(['not json', '[]', '"ping"', '{}', '{"type":"subscribe"}', '{"type":5}', 'null'])(
    'answers %j with an error and keeps the connection',
    async (malformed) => {
      const socket = await connectStream(daemon.url, token);
      socket.send(malformed);
      expect(await nextMessage(socket, 'error')).toEqual({ type: 'error', detail: expect.any(String) });
      socket.send('{"type":"ping"}');
      await nextMessage(socket, 'pong');
      socket.close();
    },
  );

  test('ends when the session logs out', async () => {
    const own = await logIn(daemon.url);
    const socket = await connectStream(daemon.url, own);
    await nextMessage(socket, 'metrics');
    const closed = once(socket, 'close');
    await send('POST', '/api/auth/logout', {}, own);
    await closed;
    expect((await get('/api/auth/me', own)).status).toBe(401);
  });
});

describe('GET /api/history/metrics', () => {
  test.each(['cpu', 'memory', 'network', 'disk', 'memory_bandwidth'] as const)(
    'answers %s in the shape of the live message',
    async (metric_type) => {
      const { status, body } = await history({ metric_type, interval: '5s', ...lastMinutes(5) });
      expect(status).toBe(200);
      const answer = body as { data_points: { timestamp: string; data: object }[]; count: number; interval: string };
      expect(answer).toMatchObject({ metric_type, interval: '5s', count: answer.data_points.length });
      expect(answer.data_points.at(-1)?.data).toMatchObject(MESSAGE_SHAPE[metric_type]);
    },
  );

  test.each(['perf', 'perf_events'] as const)('answers %s in the shape of the live message', async (metric_type) => {
    const { status, body } = await history({ metric_type, interval: '5s', ...lastMinutes(5) });
    expect(status).toBe(200);
    const { data_points, count } = body as { data_points: { data: object }[]; count: number };
    expect(count).toBe(data_points.length);
    // One is another name of the other, so that what both carry can be read under either.
    const shape = { ...MESSAGE_SHAPE.perf, ...MESSAGE_SHAPE.perf_events, sample_time: null };
    for (const { data } of data_points) expect(data).toMatchObject(shape);
  });

  test('chooses the interval by the length of the range', async () => {
    const start = Date.parse('2026-01-01T00:00:00Z');
    const expected: [number, string][] = [
      [30, '5s'],
      [31, '1m'],
      [12 * 60, '1m'],
      [12 * 60 + 1, '5m'],
      [3 * 24 * 60, '5m'],
      [3 * 24 * 60 + 1, '1h'],
    ];
    for (const [minutes, interval] of expected) {
      const range = { start_time: '2026-01-01T00:00:00Z', end_time: new Date(start + minutes * 60_000).toISOString() };
      expect((await history({ metric_type: 'cpu', ...range })).body).toMatchObject({ interval });
    }
  });

  test('keeps the oldest points when it must cut, and says so', async () => {
    const all = (await history({ metric_type: 'cpu', interval: 'raw', ...lastMinutes(5) })).body as {
      data_points: { timestamp: string }[];
    };
    expect(all.data_points.length).toBeGreaterThan(2);
    const page = (await history({ metric_type: 'cpu', interval: 'raw', limit: '2', ...lastMinutes(5) })).body as {
      data_points: { timestamp: string }[];
      next_cursor: string;
    };
    expect(page.data_points).toEqual(all.data_points.slice(0, 2));
    const next = (
      await history({ metric_type: 'cpu', interval: 'raw', limit: '1', cursor: page.next_cursor, ...lastMinutes(5) })
    ).body as { data_points: object[] };
    expect(next.data_points[0]).toEqual(all.data_points[2]);
  });

  test('ranges in the future and of 100 years are empty or whole, never an error', async () => {
    const future = await history({
      metric_type: 'cpu',
      start_time: '2126-01-01T00:00:00Z',
      end_time: '2126-01-02T00:00:00Z',
    });
    expect(future).toMatchObject({ status: 200, body: { data_points: [] } });
    const century = await history({
      metric_type: 'cpu',
      start_time: '1970-01-01T00:00:00Z',
      end_time: '2070-01-01T00:00:00Z',
    });
    expect(century).toMatchObject({ status: 200, body: { interval: '1h' } });
  });
});

describe('/api/config', () => {
  test('GET answers the settings', async () => {
    const { status, body } = await get('/api/config');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      retention_days: 30,
      archive_enabled: true,
      downsample_after_days: 7,
      downsample_interval: '1h',
      perf_events_enabled: true,
      perf_events_cpu_cores: 'all',
      perf_events_interval_ms: 1_000,
      app_version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
  });

  test('PUT answers the whole configuration, also when it is sent back whole', async () => {
    const { body: current } = await get('/api/config');
    const { status, body } = await send('PUT', '/api/config', { ...(current as object), retention_days: 60 });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      message: 'Configuration updated',
      config: { retention_days: 60, archive_enabled: true },
    });
  });
});

test('a wrong method is a 405 with Allow', async () => {
  const response = await fetch(`${daemon.url}/api/config`, { method: 'DELETE' });
  expect(response.status).toBe(405);
  expect(response.headers.get('allow')).toContain('PUT');
  expect(await response.json()).toHaveProperty('detail');
});

test('GET /metrics needs a token and speaks OpenMetrics', async () => {
  expect((await fetch(`${daemon.url}/metrics`)).status).toBe(401);
  const response = await fetch(`${daemon.url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  expect(response.headers.get('content-type')).toContain('application/openmetrics-text');
  const text = await response.text();
  expect(text).toMatch(/^tacho_memory_total_bytes \d+$/m);
  expect(text).toMatch(/^tacho_network_bytes_received_total\{interface="lo"\} \d+$/m);
  expect(text).toMatch(/^tacho_sampler_ticks_total \d+$/m);
  expect(text.endsWith('# EOF\n')).toBe(true);
});
