import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer } from './support/in-process.ts';

let fixture: Awaited<ReturnType<typeof startServer>>;

beforeAll(async () => {
  fixture = await startServer({ corsOrigins: ['https://dash.example.com'] });
});

afterAll(() => fixture.server.close());

const JSON_TYPE = { 'content-type': 'application/json' };
const as = (token: string) => ({ authorization: `Bearer ${token}` });

async function call(method: string, path: string, headers: Record<string, string> = {}, body?: string | Uint8Array) {
  const response = await fetch(fixture.url + path, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
  });
  const content = await response.text();
  const json = response.headers.get('content-type')?.startsWith('application/json');
  return {
    status: response.status,
    headers: response.headers,
    body: json && content !== '' ? (JSON.parse(content) as unknown) : content,
  };
}

describe('routing', () => {
  const cases: [method: string, path: string, status: number, allow: string | null][] = [
    ['GET', '/api/fast', 200, null],
    ['GET', '/api/fast/', 200, null],
    ['GET', '/api/fast//', 404, null],
    ['GET', '/api//fast', 404, null],
    ['GET', '/API/fast', 404, null],
    ['GET', '/api/%66ast', 404, null],
    ['GET', '/api/nowhere', 404, null],
    ['GET', '/', 404, null],
    ['POST', '/api/fast', 405, 'GET, HEAD, OPTIONS'],
    ['DELETE', '/api/large', 405, 'GET, POST, HEAD, OPTIONS'],
    ['PURGE', '/api/things', 405, 'POST, OPTIONS'],
    ['HEAD', '/api/things', 405, 'POST, OPTIONS'],
    ['OPTIONS', '/api/large', 204, 'GET, POST, HEAD, OPTIONS'],
    ['OPTIONS', '/api/nowhere', 404, null],
    ['GET', '/api/ws/echo', 426, null],
    ['OPTIONS', '/api/ws/echo', 204, 'GET, OPTIONS'],
  ];

  test.each(cases)('%s %s is %i', async (method, path, status, allow) => {
    const response = await call(method, path);
    expect(response.status).toBe(status);
    expect(response.headers.get('allow')).toBe(allow);
  });
});

describe('errors in the words of their contract', () => {
  const cases: [
    method: string,
    path: string,
    headers: Record<string, string>,
    body: string | undefined,
    status: number,
    answer: unknown,
  ][] = [
    ['GET', '/api/mine', {}, undefined, 401, { detail: 'Not authenticated' }],
    ['DELETE', '/api/mine', as('user'), undefined, 403, { detail: 'Not authorized to perform this action' }],
    ['GET', '/api/nowhere', {}, undefined, 404, { detail: 'Resource not found' }],
    ['POST', '/api/fast', {}, undefined, 405, { detail: 'Method not allowed' }],
    ['POST', '/api/things', JSON_TYPE, '{}', 400, { detail: 'name: is required' }],
    ['GET', '/api/v1/analytics/nowhere', {}, undefined, 404, { detail: 'Resource not found' }],
    ['GET', '/nowhere', {}, undefined, 404, 'Resource not found\n'],
    ['POST', '/api/v2/write', {}, undefined, 404, { code: 'not found', message: 'Resource not found' }],
    [
      'POST',
      '/api/metrics',
      {},
      undefined,
      401,
      { error: 'authentication_required', message: 'Authentication required.' },
    ],
    [
      'POST',
      '/api/metrics',
      { ...JSON_TYPE, ...as('user') },
      '{}',
      422,
      { error: 'validation_error', message: "Field 'name' is required.", field: 'name' },
    ],
    [
      'PUT',
      '/api/v1/reports/1',
      JSON_TYPE,
      '{"size":101}',
      422,
      {
        error: 'VALIDATION_ERROR',
        message: 'Validation failed',
        details: { name: ['This field is required'], size: ['Must be an integer from 0 to 100'] },
      },
    ],
    [
      'PUT',
      '/api/v1/reports/1',
      JSON_TYPE,
      '{"name":"x","size":101}',
      422,
      {
        error: 'VALIDATION_ERROR',
        message: 'Validation failed',
        details: { size: ['Must be an integer from 0 to 100'] },
      },
    ],
    [
      'PUT',
      '/api/v1/reports/one',
      JSON_TYPE,
      '{}',
      400,
      {
        error: 'BAD_REQUEST',
        message: 'id: must be an integer of at least 1, not "one"',
        details: { id: ['Must be an integer of at least 1, not "one"'] },
      },
    ],
    [
      'GET',
      '/dashboard/nowhere',
      {},
      undefined,
      404,
      { error: 'NOT_FOUND', message: 'Resource not found', details: {} },
    ],
  ];

  test.each(cases)('%s %s with %j and %s is %i', async (method, path, headers, body, status, answer) => {
    const response = await call(method, path, headers, body);
    expect(response.body).toEqual(answer);
    expect(response.status).toBe(status);
  });

  test('what is not foreseen is a 500 whose id finds the error in the log', async () => {
    const { status, body } = await call('GET', '/api/throws');
    expect(status).toBe(500);
    const { error_id } = body as { error_id: string };
    const entry = fixture.logged.find(({ fields }) => fields['error_id'] === error_id);
    expect(entry).toMatchObject({
      level: 'error',
      fields: { method: 'GET', template: '/api/throws', err: { message: 'secret detail' } },
    });
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  test('a session store that fails is a 500 too', async () => {
    expect((await call('GET', '/api/mine', as('broken'))).status).toBe(500);
  });
});

describe('who asks', () => {
  test.each([
    ['Bearer user', 200],
    ['bearer user', 200],
    ['BEARER  user', 200],
    ['Bearer user-later', 200],
    ['Bearer nobody', 401],
    ['Bearer', 401],
    ['Basic user', 401],
    ['user', 401],
    ['Bearer user extra', 401],
  ])('%s is %i', async (authorization, status) => {
    const response = await call('GET', '/api/mine', { authorization });
    expect(response.status).toBe(status);
    expect(response.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : null);
  });

  test('an access rule of a route decides', async () => {
    expect((await call('GET', '/api/search/all', as('user'))).status).toBe(200);
  });
});

describe('parameters', () => {
  test('become what the schema says; unknown ones are ignored', async () => {
    const { body } = await call(
      'GET',
      '/api/search/a%2Fb%20c?limit=5&ratio=1e2&deep=true&mode=exact&hours=all&x=1&x=2',
      as('user'),
    );
    expect(body).toMatchObject({ kind: 'a/b c', limit: 5, ratio: 100, deep: true, mode: 'exact', hours: 'all' });
  });

  test('have defaults, and a number or a word where both may be', async () => {
    const { body } = await call('GET', '/api/search/x?hours=24&note=a+b%2B', as('user'));
    expect(body).toMatchObject({ limit: 10, hours: 24, note: 'a b+' });
  });

  const bad: [query: string, detail: string][] = [
    ...['1e3', ' 5', '0x10', '', '1.0', '+5', '05', 'NaN', 'Infinity', '9007199254740993'].map(
      (value): [string, string] => [
        `limit=${encodeURIComponent(value)}`,
        `limit: must be an integer from 1 to 100, not ${JSON.stringify(value)}`,
      ],
    ),
    ['limit=0', 'limit: must be an integer from 1 to 100, not "0"'],
    ['limit=101', 'limit: must be an integer from 1 to 100, not "101"'],
    ['limit=1&limit=1', 'limit: must be given once'],
    ['limit', 'limit: must be an integer from 1 to 100, not ""'],
    ['ratio=1e999', 'ratio: must be a number of at least 0, not "1e999"'],
    ['ratio=-1', 'ratio: must be a number of at least 0, not "-1"'],
    ['deep=yes', 'deep: must be true or false, not "yes"'],
    ['mode=slow', 'mode: must be one of fast, exact, not "slow"'],
    ['hours=8761', 'hours: must be one of an integer from 1 to 8760, all, not "8761"'],
    [`mode=${'x'.repeat(5_000)}`, `mode: must be one of fast, exact, not "${'x'.repeat(40)}…"`],
    ['mode=%ff', 'mode: must be percent-encoded UTF-8'],
    ['%zz=1', 'query: must be percent-encoded UTF-8'],
  ];

  test.each(bad)('%s is refused by name', async (query, detail) => {
    const { status, body } = await call('GET', `/api/search/x?${query}`, as('user'));
    expect(body).toEqual({ detail });
    expect(status).toBe(400);
  });

  test('a path that cannot be decoded is 400', async () => {
    expect((await call('GET', '/api/search/%ff', as('user'))).body).toEqual({
      detail: 'kind: must be percent-encoded UTF-8',
    });
  });
});

describe('bodies', () => {
  const deep = (levels: number) => `{"name":"x","extra":${'['.repeat(levels)}${']'.repeat(levels)}}`;
  const cases: [
    name: string,
    headers: Record<string, string>,
    body: string | Uint8Array,
    status: number,
    detail: string | null,
  ][] = [
    ['right', JSON_TYPE, '{"name":"x","size":3}', 201, null],
    ['right, with a charset', { 'content-type': 'application/json; charset=utf-8' }, '{"name":"x"}', 201, null],
    ['right, with more than is asked for', JSON_TYPE, '{"name":"x","more":[1]}', 201, null],
    ['of another type', { 'content-type': 'text/plain' }, '{}', 415, 'content-type: must be application/json'],
    [
      'of a type that only begins alike',
      { 'content-type': 'application/json5' },
      '{}',
      415,
      'content-type: must be application/json',
    ],
    ['empty', JSON_TYPE, '', 400, 'body: must be JSON, but is empty'],
    ['broken', JSON_TYPE, '{"name":', 400, 'body: must be valid JSON'],
    ['two values', JSON_TYPE, '{"name":"x"}{}', 400, 'body: must be valid JSON'],
    ['NaN', JSON_TYPE, '{"name":NaN}', 400, 'body: must be valid JSON'],
    ['a list', JSON_TYPE, '[]', 400, 'body: must be a JSON object'],
    ['null', JSON_TYPE, 'null', 400, 'body: must be a JSON object'],
    ['a string', JSON_TYPE, '"x"', 400, 'body: must be a JSON object'],
    ['no UTF-8', JSON_TYPE, new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]), 400, 'body: must be UTF-8'],
    ['64 levels', JSON_TYPE, deep(63), 201, null],
    ['65 levels', JSON_TYPE, deep(64), 400, 'body: must not be nested deeper than 64 levels'],
    ['a hundred thousand levels', JSON_TYPE, deep(100_000), 400, 'body: must not be nested deeper than 64 levels'],
    ['brackets in a string', JSON_TYPE, `{"name":"x","extra":"\\"${'['.repeat(500)}"}`, 201, null],
    ['a prototype', JSON_TYPE, '{"name":"x","__proto__":{"a":1}}', 400, 'body: must not have a member named __proto__'],
    [
      'a prototype in disguise',
      JSON_TYPE,
      '{"name":"x","a":[{"__pr\\u006fto__":1}]}',
      400,
      'body: must not have a member named __proto__',
    ],
    ['a wrong type', JSON_TYPE, '{"name":1}', 400, 'name: must be a string of 1 to 20 characters'],
    [
      'a secret that is wrong',
      JSON_TYPE,
      '{"name":"x","size":"hunter2"}',
      400,
      'size: must be an integer from 0 to 100',
    ],
  ];

  test.each(cases)('%s', async (_name, headers, body, status, detail) => {
    const response = await call('POST', '/api/things', headers, body);
    expect(response.status).toBe(status);
    if (detail !== null) expect(response.body).toEqual({ detail });
  });
});

describe('headers', () => {
  test('of data', async () => {
    const { headers } = await call('GET', '/api/fast');
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'content-type': 'application/json; charset=utf-8',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    expect(headers.has('uwebsockets')).toBe(false);
  });

  test('for other origins: only those that are listed', async () => {
    const listed = { origin: 'https://dash.example.com' };
    const preflight = await call('OPTIONS', '/api/things', listed);
    expect(preflight.headers.get('access-control-allow-origin')).toBe(listed.origin);
    expect(preflight.headers.get('access-control-allow-methods')).toBe('POST, OPTIONS');
    expect(preflight.headers.get('access-control-allow-headers')).toBe('authorization, content-type');
    expect((await call('GET', '/api/fast', listed)).headers.get('access-control-allow-origin')).toBe(listed.origin);
    expect((await call('GET', '/api/mine', listed)).headers.get('access-control-allow-origin')).toBe(listed.origin);
    const other = await call('GET', '/api/fast', { origin: 'https://evil.example.com' });
    expect(other.headers.has('access-control-allow-origin')).toBe(false);
    expect(other.headers.get('vary')).toBe('origin');
  });
});
