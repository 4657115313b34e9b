/** What PerfWatch's API refuses, and in which words: the error responses of its specification. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { historyRoutes } from '../../src/api/perfwatch/history.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { curlOf, startPerfwatch, tokenOf } from './perfwatch-fixture.ts';

let perfwatch: Awaited<ReturnType<typeof startPerfwatch>>;
let token: string;

beforeAll(async () => {
  perfwatch = await startPerfwatch();
  token = await tokenOf(perfwatch.curl);
});
afterAll(() => perfwatch.stop());

const ask = (method: string, path: string, body?: unknown, as = token) =>
  perfwatch.curl(method, path, { token: as, ...(body === undefined ? {} : { body }) });

async function expectRefusal(path: string, parameters: Record<string, string>, field: string): Promise<void> {
  const { status, body } = await ask('GET', `${path}?${new URLSearchParams(parameters)}`);
  expect(body).toEqual({ detail: expect.stringContaining(field) });
  expect(status).toBe(400);
}

describe('400: GET /history/metrics', () => {
  const GOOD = { metric_type: 'cpu', start_time: '2026-01-01', end_time: '2026-01-02' };
  const { metric_type: _type, ...noType } = GOOD;
  const { start_time: _start, ...noStart } = GOOD;
  const { end_time: _end, ...noEnd } = GOOD;

  test.each<[string, Record<string, string>]>([
    ['metric_type', noType],
    ['metric_type', { ...GOOD, metric_type: 'gpu' }],
    ['metric_type', { ...GOOD, metric_type: '' }],
    ['metric_type', { ...GOOD, metric_type: 'constructor' }],
    ['start_time', noStart],
    ['start_time', { ...GOOD, start_time: 'soon' }],
    ['start_time', { ...GOOD, start_time: 'x'.repeat(3_000) }],
    ['start_time', { ...GOOD, start_time: '1969-12-31' }],
    ['end_time', noEnd],
    ['end_time', { ...GOOD, end_time: '2026-02-30T00:00:00Z' }],
    ['end_time', { ...GOOD, end_time: '2025-12-31' }],
    ['end_time', { ...GOOD, end_time: GOOD.start_time }],
    ['end_time', { ...GOOD, end_time: '9999-12-31T23:59:59Z' }],
    ['interval', { ...GOOD, interval: '2m' }],
    ['limit', { ...GOOD, limit: '0' }],
    ['limit', { ...GOOD, limit: '10001' }],
    ['limit', { ...GOOD, limit: 'many' }],
    ['limit', { ...GOOD, limit: '1e3' }],
    ['cursor', { ...GOOD, cursor: 'abc' }],
    ['cursor', { ...GOOD, interval: 'raw', cursor: 'abc' }],
  ])('names %s: %j', async (field, parameters) => {
    await expectRefusal('/history/metrics', parameters, field);
  });

  test('names a parameter that is given twice', async () => {
    expect(await ask('GET', `/history/metrics?${new URLSearchParams(GOOD)}&metric_type=disk`)).toEqual({
      status: 400,
      body: { detail: expect.stringContaining('metric_type') },
    });
  });
});

describe('400: GET /history/compare', () => {
  const RELATIVE = { metric_type: 'cpu', period: 'hour', compare_to: 'yesterday' };
  const CUSTOM = {
    metric_type: 'cpu',
    start_time_1: '2026-01-20T10:00:00Z',
    end_time_1: '2026-01-20T12:00:00Z',
    start_time_2: '2026-01-21T10:00:00Z',
    end_time_2: '2026-01-21T12:00:00Z',
  };
  const without = (parameters: Record<string, string>, name: string) =>
    Object.fromEntries(Object.entries(parameters).filter(([key]) => key !== name));

  test.each<[string, Record<string, string>]>([
    ['metric_type', without(RELATIVE, 'metric_type')],
    ['metric_type', { ...RELATIVE, metric_type: 'gpu' }],
    ['period', { metric_type: 'cpu' }],
    ['period', without(RELATIVE, 'period')],
    ['period', { ...RELATIVE, period: 'month' }],
    ['compare_to', without(RELATIVE, 'compare_to')],
    ['compare_to', { ...RELATIVE, compare_to: 'tomorrow' }],
    ...Object.keys(without(CUSTOM, 'metric_type')).map((name): [string, Record<string, string>] => [
      name,
      without(CUSTOM, name),
    ]),
    ['start_time_1', { ...CUSTOM, period: 'hour' }],
    ['start_time_1', { ...CUSTOM, start_time_1: 'noon' }],
    ['end_time_1', { ...CUSTOM, end_time_1: CUSTOM.start_time_1 }],
    ['end_time_2', { ...CUSTOM, end_time_2: '2026-01-21T09:00:00Z' }],
    ['end_time_2', { ...CUSTOM, end_time_2: '2026-01-21T12:00:01Z' }],
    ['interval', { ...RELATIVE, interval: 'raw' }],
    ['interval', { ...RELATIVE, interval: '10s' }],
    ['limit', { ...RELATIVE, limit: '0' }],
    ['limit', { ...RELATIVE, limit: '10001' }],
    ['limit', { ...RELATIVE, limit: '-5' }],
  ])('names %s: %j', async (field, parameters) => {
    await expectRefusal('/history/compare', parameters, field);
  });

  test('the future is empty, and a hundred years are no error', async () => {
    const future = { ...CUSTOM, start_time_1: '2126-01-20T10:00:00Z', end_time_1: '2126-01-20T12:00:00Z' };
    expect(await ask('GET', `/history/compare?${new URLSearchParams(future)}`)).toMatchObject({
      status: 200,
      body: { current: { data_points: [], count: 0 } },
    });
    const century = {
      metric_type: 'network',
      ...{ start_time_1: '1970-01-01', end_time_1: '2070-01-01', start_time_2: '1971-01-01', end_time_2: '2071-01-01' },
    };
    expect(await ask('GET', `/history/compare?${new URLSearchParams(century)}`)).toMatchObject({
      status: 200,
      body: { interval: '1h' },
    });
  });
});

describe('400: PUT /config', () => {
  test.each<[string, unknown]>([
    ['retention_days', { retention_days: 0 }],
    ['retention_days', { retention_days: 'sixty' }],
    ['retention_days', { retention_days: 1.5 }],
    ['retention_days', { retention_days: null }],
    ['archive_enabled', { archive_enabled: 'yes' }],
    ['sampling_interval_seconds', { sampling_interval_seconds: 0 }],
    ['sampling_interval_seconds', { sampling_interval_seconds: 0.0015 }],
    ['downsample_after_days', { downsample_after_days: -1 }],
    ['downsample_after_days', { retention_days: 3, downsample_after_days: 7 }],
    ['downsample_interval', { downsample_interval: '2h' }],
    ['retention_dayz', { retention_dayz: 60 }],
    ['perf_events_cpu_cores', { perf_events_cpu_cores: '3-1' }],
    ['JSON', '{"retention_days":'],
    ['object', '[]'],
    ['object', 'null'],
  ])('names %s and changes nothing: %j', async (field, change) => {
    const { body: before } = await ask('GET', '/config');
    expect(await ask('PUT', '/config', change)).toEqual({
      status: 400,
      body: { detail: expect.stringContaining(field) },
    });
    expect((await ask('GET', '/config')).body).toEqual(before);
  });
});

const PROTECTED = [
  ['POST', '/auth/logout'],
  ['GET', '/auth/me'],
  ['PUT', '/auth/password'],
  ['GET', '/history/metrics'],
  ['GET', '/history/metrics/types'],
  ['GET', '/history/compare'],
  ['GET', '/config'],
  ['PUT', '/config'],
  ['GET', '/config/retention'],
  ['GET', '/retention'],
  ['PUT', '/retention'],
  ['POST', '/retention/cleanup'],
] as const;

test.each(PROTECTED)('401: %s %s without a valid token', async (method, path) => {
  const refusal = { status: 401, body: { detail: 'Not authenticated' } };
  expect(await perfwatch.curl(method, path)).toEqual(refusal);
  expect(await perfwatch.curl(method, path, { token: `${token}x` })).toEqual(refusal);
});

test.each([
  ['PUT', '/config', { retention_days: 90 }],
  ['PUT', '/retention', { retention_days: 90 }],
  ['POST', '/retention/cleanup', undefined],
] as const)('403: %s %s by a member, who may look', async (method, path, body) => {
  const member = await tokenOf(perfwatch.curl, 'mia');
  expect(await ask(method, path, body, member)).toEqual({
    status: 403,
    body: { detail: 'Not authorized to perform this action' },
  });
  for (const readable of ['/config', '/history/compare?metric_type=cpu&period=hour&compare_to=yesterday'])
    expect(await ask('GET', readable, undefined, member)).toMatchObject({ status: 200 });
});

test('404: what there is not', async () => {
  expect(await ask('GET', '/nothing/here')).toEqual({ status: 404, body: { detail: 'Resource not found' } });
});

test('500: what goes wrong in the server has an id, which its log has too', async () => {
  const logged: unknown[] = [];
  const note = (...what: unknown[]) => logged.push(what);
  const broken = { catchUp: () => Promise.reject(new TypeError('broken on purpose')) };
  const server = createHttpServer({
    routes: historyRoutes({ reader: broken } as unknown as Parameters<typeof historyRoutes>[0]),
    authenticate: () => ({ userId: 1, username: 'admin', isAdmin: true, sessionId: 's', organisations: [] }),
    log: { error: note, warn: note, info: note },
  });
  onTestFinished(() => server.close());
  const { port } = await server.listen('127.0.0.1', 0);
  const path = '/history/compare?metric_type=cpu&period=hour&compare_to=yesterday';
  const { status, body } = await curlOf(port)('GET', path, { token: 'any' });
  expect(status).toBe(500);
  expect(body).toEqual({ detail: 'Internal server error', error_id: expect.stringMatching(/^\S+$/) });
  expect(JSON.stringify(logged)).toContain(body['error_id']);
});

test('Rate limiting: none', async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask('GET', '/config')));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
});
