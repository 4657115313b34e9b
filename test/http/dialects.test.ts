import { describe, expect, test } from 'vitest';
import { dialectOf } from '../../src/http/dialects.ts';
import { HttpError } from '../../src/http/errors.ts';

test.each([
  ['/api/v1/analytics/performance', 'perfwatch'],
  ['/api/v1/auth/token/', 'portal'],
  ['/api/v1/reports', 'portal'],
  ['/api/v1/collectors/3/samples', 'portal'],
  ['/api/v1/admin/users', 'portal'],
  ['/api/v1/stream', 'perfwatch'],
  ['/api/v2/write', 'influxdb'],
  ['/api/v2/query', 'perfwatch'],
  ['/api/metrics', 'organisation-metrics'],
  ['/api/metrics/summary', 'organisation-metrics'],
  ['/api/metricsx', 'perfwatch'],
  ['/api/auth/login', 'perfwatch'],
  ['/api', 'perfwatch'],
  ['/apis', 'text'],
  ['/dashboard/api/collectors/', 'portal'],
  ['/dashboards', 'text'],
  ['/metrics', 'text'],
  ['/', 'text'],
])('%s speaks %s', (path, name) => {
  expect(dialectOf(path).name).toBe(name);
});

describe('each error in each dialect', () => {
  const render = (path: string, error: HttpError, errorId: string | null = null) =>
    dialectOf(path).render(error, errorId);
  const missing = HttpError.invalid(422, [{ field: 'metric_type', missing: true, expected: 'is required' }]);
  const limited = HttpError.tooManyRequests('Rate limit exceeded. Please retry after 60 seconds.', 59.2);
  const own = new HttpError(400, 'Invalid metric_type.', {
    code: 'invalid_metric_type',
    extras: { valid_types: ['a'] },
  });

  test('PerfWatch', () => {
    expect(render('/api/x', HttpError.unauthorized())).toEqual({ detail: 'Not authenticated' });
    expect(render('/api/x', HttpError.badRequest('end_time: must be later', 'end_time'))).toEqual({
      detail: 'end_time: must be later',
    });
    expect(render('/api/x', new HttpError(500), 'id')).toEqual({ detail: 'Internal server error', error_id: 'id' });
    expect(render('/api/x', limited)).toEqual({ detail: 'Rate limit exceeded. Please retry after 60 seconds.' });
    expect(limited.headers).toEqual({ 'retry-after': '60' });
    expect(render('/api/x', HttpError.unavailable('the store is down', 5))).toEqual({ detail: 'the store is down' });
  });

  test('organisation metrics', () => {
    expect(render('/api/metrics', missing)).toEqual({
      error: 'validation_error',
      message: "Field 'metric_type' is required.",
      field: 'metric_type',
    });
    expect(render('/api/metrics', own)).toEqual({
      error: 'invalid_metric_type',
      message: 'Invalid metric_type.',
      valid_types: ['a'],
    });
    expect(render('/api/metrics', HttpError.forbidden())).toMatchObject({ error: 'access_denied' });
    expect(render('/api/metrics', new HttpError(502), 'id')).toMatchObject({ error: 'internal_error', error_id: 'id' });
    expect(render('/api/metrics', new HttpError(418))).toMatchObject({ error: 'invalid_request' });
  });

  test('the portal', () => {
    expect(render('/dashboard', missing)).toEqual({
      error: 'VALIDATION_ERROR',
      message: 'Validation failed',
      details: { metric_type: ['This field is required'] },
    });
    expect(render('/dashboard', limited)).toEqual({
      error: 'RATE_LIMITED',
      message: 'Rate limit exceeded. Please retry after 60 seconds.',
      details: { retry_after: 60 },
    });
    expect(render('/dashboard', HttpError.conflict('taken'))).toEqual({
      error: 'CONFLICT',
      message: 'taken',
      details: {},
    });
    expect(render('/dashboard', new HttpError(500), 'id')).toMatchObject({
      error: 'INTERNAL_ERROR',
      details: { error_id: 'id' },
    });
  });

  test('InfluxDB', () => {
    expect(render('/api/v2/write', HttpError.payloadTooLarge(10))).toEqual({
      code: 'request too large',
      message: 'body: must be at most 10 bytes',
    });
    expect(render('/api/v2/write', new HttpError(500), 'id')).toEqual({
      code: 'internal error',
      message: 'Internal server error (id)',
    });
  });

  test('text', () => {
    expect(render('/metrics', HttpError.unauthorized())).toBe('Not authenticated\n');
    expect(render('/metrics', new HttpError(500), 'id')).toBe('Internal server error (id)\n');
  });
});
