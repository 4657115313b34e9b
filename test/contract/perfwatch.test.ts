/** PerfWatch's API specification from top to bottom: its requests by curl, and its examples as the shapes of the answers. */
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { connectStream, nextMessage } from '../support/stream.ts';
import {
  COMPARISON,
  CONFIG,
  HARDWARE_FIGURES,
  HISTORY,
  LIVE_DATA,
  METRIC_TYPES,
  RETENTION,
} from './perfwatch-examples.ts';
import { PASSWORD, startPerfwatch, tokenOf } from './perfwatch-fixture.ts';
import { differences } from './shape.ts';

let perfwatch: Awaited<ReturnType<typeof startPerfwatch>>;
let token: string;

beforeAll(async () => {
  perfwatch = await startPerfwatch();
  token = await tokenOf(perfwatch.curl);
});
afterAll(() => perfwatch.stop());

const ask = (method: string, path: string, body?: unknown, as = token) =>
  perfwatch.curl(method, path, { token: as, ...(body === undefined ? {} : { body }) });
const get = (path: string) => ask('GET', path);

describe('Authentication', () => {
  test('POST /auth/login: 200', async () => {
    const { status, body } = await perfwatch.curl('POST', '/auth/login', {
      body: { username: 'admin', password: 'admin123' },
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      access_token: expect.stringMatching(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/),
      token_type: 'bearer',
      expires_in: 86_400,
    });
  });

  test('POST /auth/login: 401', async () => {
    expect(await perfwatch.curl('POST', '/auth/login', { body: { username: 'admin', password: 'wrong' } })).toEqual({
      status: 401,
      body: { detail: 'Invalid username or password' },
    });
  });

  test('POST /auth/logout', async () => {
    const own = await tokenOf(perfwatch.curl);
    expect(await ask('POST', '/auth/logout', undefined, own)).toEqual({
      status: 200,
      body: { message: 'Logged out successfully' },
    });
    expect(await ask('GET', '/auth/me', undefined, own)).toMatchObject({ status: 401 });
  });

  test('GET /auth/me', async () => {
    const { status, body } = await get('/auth/me');
    expect(status).toBe(200);
    const example = {
      id: 1,
      username: 'admin',
      created_at: '2025-01-18T10:00:00Z',
      last_login: '2025-01-18T14:30:00Z',
    };
    expect(differences(example, body)).toEqual([]);
    expect(body).toMatchObject({ id: 1, username: 'admin' });
  });

  test('PUT /auth/password', async () => {
    const mia = await tokenOf(perfwatch.curl, 'mia');
    const change = (current_password: string, new_password: string) =>
      ask('PUT', '/auth/password', { current_password, new_password }, mia);
    expect(await change(PASSWORD, 'newSecurePassword123')).toEqual({
      status: 200,
      body: { message: 'Password updated successfully' },
    });
    expect(await change(PASSWORD, 'newSecurePassword456')).toMatchObject({ status: 400 });
    expect(await change('newSecurePassword123', PASSWORD)).toMatchObject({ status: 200 });
  });
});

describe('WS /ws/metrics', () => {
  test('sends the figures in the shape of the example', async () => {
    const socket = await connectStream(perfwatch.url, token);
    const message = await nextMessage(socket, 'metrics');
    socket.close();
    const example = { type: 'metrics', timestamp: '2025-01-18T14:30:05Z', data: LIVE_DATA };
    const named = ['interfaces', 'devices', 'partitions'];
    expect(differences(example, message, { named, nullable: HARDWARE_FIGURES })).toEqual([]);
  });

  test('answers ping with pong', async () => {
    const socket = await connectStream(perfwatch.url, token);
    socket.send('{"type":"ping"}');
    expect(await nextMessage(socket, 'pong')).toEqual({ type: 'pong' });
    socket.close();
  });

  test('refuses a connection without a valid token', async () => {
    for (const bad of ['', '?token=', '?token=nonsense', `?token=${token}x`]) {
      const socket = new WebSocket(`${perfwatch.url.replace('http', 'ws')}/api/ws/metrics${bad}`);
      const [event] = (await once(socket, 'error')) as [Event];
      expect(event.type).toBe('error');
    }
  });
});

describe('GET /history/metrics', () => {
  test('the example', async () => {
    const { status, body } = await get(
      '/history/metrics?metric_type=cpu&start_time=2025-01-18T10:00:00Z&end_time=2025-01-18T14:00:00Z&interval=1m',
    );
    expect(status).toBe(200);
    expect(body).toMatchObject(HISTORY);
    expect(body).toMatchObject({ count: 2 });
  });

  test.each(['cpu', 'memory', 'network', 'disk', 'perf'] as const)(
    '%s points have the shape of the live message',
    async (type) => {
      const data_points = await vi.waitFor(async () => {
        const { status, body } = await get(
          `/history/metrics?metric_type=${type}&start_time=2026-06-01&end_time=2099-01-01`,
        );
        expect(status).toBe(200);
        const { data_points } = body as { data_points: { timestamp: string; data: object }[] };
        // Nothing is counted on a host without perf events, and so nothing stored.
        if (type !== 'perf') expect(data_points.length).toBeGreaterThan(0);
        return data_points;
      }, 20_000);
      const example = { timestamp: '2025-01-18T10:00:00Z', data: LIVE_DATA[type] };
      const named = ['interfaces', 'devices', 'partitions'];
      expect(differences([example], data_points, { named, nullable: HARDWARE_FIGURES })).toEqual([]);
    },
  );

  test.each(['5s', '1m', '5m', '1h', 'auto'])('interval=%s', async (interval) => {
    const range = 'start_time=2025-01-18T10:00:00Z&end_time=2025-01-18T14:00:00Z';
    const { status, body } = await get(`/history/metrics?metric_type=cpu&${range}&interval=${interval}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ interval: interval === 'auto' ? '1m' : interval });
  });

  test('GET /history/metrics/types', async () => {
    expect(await get('/history/metrics/types')).toEqual({ status: 200, body: METRIC_TYPES });
  });
});

describe('GET /history/compare', () => {
  test('the relative example', async () => {
    const { status, body } = await get('/history/compare?metric_type=cpu&period=hour&compare_to=yesterday');
    expect(status).toBe(200);
    const nullable = Object.keys(COMPARISON.summary);
    expect(differences(COMPARISON, body, { nullable })).toEqual([]);
    expect(body).toMatchObject({ metric_type: 'cpu', period: 'hour', compare_to: 'yesterday', interval: '1m' });
    const { current, comparison, summary } = body as unknown as typeof COMPARISON;
    const hour = 3_600_000;
    expect(Date.parse(current.end_time) - Date.parse(current.start_time)).toBe(hour);
    expect(Date.parse(current.start_time) - Date.parse(comparison.start_time)).toBe(24 * hour);
    expect(Date.parse(current.end_time) - Date.parse(comparison.end_time)).toBe(24 * hour);
    expect(current.data_points.length).toBeGreaterThan(0);
    expect(summary).toEqual({ current_avg: expect.any(Number), comparison_avg: null, change_percent: null });
  });

  test('the example of two ranges', async () => {
    const { status, body } = await get(
      '/history/compare?metric_type=cpu&start_time_1=2026-01-20T10:00:00Z&end_time_1=2026-01-20T12:00:00Z&start_time_2=2026-01-21T10:00:00Z&end_time_2=2026-01-21T12:00:00Z',
    );
    expect(status).toBe(200);
    expect(differences(COMPARISON, body)).toEqual([]);
    expect(body).toMatchObject({
      period: 'custom',
      compare_to: 'custom',
      interval: '1m',
      current: {
        start_time: '2026-01-20T10:00:00Z',
        end_time: '2026-01-20T12:00:00Z',
        data_points: [{ timestamp: '2026-01-20T10:30:00Z', data: COMPARISON.current.data_points[0]?.data }],
      },
      comparison: {
        start_time: '2026-01-21T10:00:00Z',
        end_time: '2026-01-21T12:00:00Z',
        data_points: [{ timestamp: '2026-01-21T10:30:00Z', data: COMPARISON.comparison.data_points[0]?.data }],
      },
      summary: { current_avg: 52.3, comparison_avg: 45.8, change_percent: expect.closeTo(14.2, 1) },
    });
  });

  const TYPES = METRIC_TYPES.metric_types;
  const SPANS = ['hour', 'day', 'week'].flatMap((period) => ['yesterday', 'last_week'].map((to) => [period, to]));
  test.each(SPANS)('the last %s with %s, of every type', async (period, to) => {
    for (const type of TYPES) {
      const { status, body } = await get(
        `/history/compare?metric_type=${type}&period=${period}&compare_to=${to}&limit=10&interval=auto`,
      );
      expect(status).toBe(200);
      const example = { ...COMPARISON, current: { ...COMPARISON.current, data_points: [] } };
      const nullable = Object.keys(COMPARISON.summary);
      expect(differences({ ...example, comparison: example.current }, body, { nullable })).toEqual([]);
      expect(body).toMatchObject({ metric_type: type, period, compare_to: to });
    }
  });
});

describe('Configuration', () => {
  test('GET /config', async () => {
    const { status, body } = await get('/config');
    expect(status).toBe(200);
    expect(differences(CONFIG, body)).toEqual([]);
  });

  test('PUT /config', async () => {
    const change = { retention_days: 60, archive_enabled: true, downsample_after_days: 7 };
    const { body: before } = await get('/config');
    const { status, body } = await ask('PUT', '/config', change);
    expect(status).toBe(200);
    expect(differences({ message: 'Configuration updated', config: CONFIG }, body)).toEqual([]);
    expect(body).toMatchObject({ message: 'Configuration updated', config: { ...before, ...change } });
    expect((await get('/config')).body).toEqual(body['config']);
    const { retention_days, downsample_after_days } = before;
    expect(await ask('PUT', '/config', { retention_days, downsample_after_days })).toMatchObject({ status: 200 });
  });

  test('GET /config/retention', async () => {
    const { status, body } = await get('/config/retention');
    expect(status).toBe(200);
    expect(differences(RETENTION, body)).toEqual([]);
    expect(Object.keys(body)).toEqual(Object.keys(RETENTION));
    expect(body).toMatchObject({ oldest_record: HISTORY.start_time });
  });

  test('GET and PUT /retention are the same policy', async () => {
    const example = {
      id: 1,
      retention_days: 30,
      archive_enabled: true,
      downsample_after_days: 7,
      downsample_interval: '1h',
      last_archive_run: '2026-01-21T03:00:00Z',
      created_at: '2026-01-01T10:00:00Z',
      updated_at: '2026-01-01T10:00:00Z',
      cleanup_enabled: true,
      cleanup_interval_minutes: 1_440,
    };
    const { status, body } = await get('/retention');
    expect(status).toBe(200);
    expect(differences(example, body, { nullable: ['last_archive_run'] })).toEqual([]);
    const changed = await ask('PUT', '/retention', { ...body, archive_enabled: false });
    expect(changed).toMatchObject({
      status: 200,
      body: { ...body, archive_enabled: false, updated_at: expect.any(String) },
    });
    expect((await get('/config')).body).toMatchObject({ archive_enabled: false });
  });

  test('POST /retention/cleanup', async () => {
    const { status, body } = await ask('POST', '/retention/cleanup');
    expect(status).toBe(200);
    const example = { deleted_count: 0, downsampled_count: 0, last_archive_run: '2026-01-21T03:00:00Z' };
    expect(differences(example, body)).toEqual([]);
    expect((await get('/retention')).body).toMatchObject({ last_archive_run: body['last_archive_run'] });
  });
});
