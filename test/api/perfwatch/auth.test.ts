import { type OutgoingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { authRoutes } from '../../../src/api/perfwatch/auth.ts';
import { createHttpServer } from '../../../src/http/server.ts';
import { ADMIN_PASSWORD, startAuth } from '../../auth/fixture.ts';

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  body: unknown;
}

interface Call {
  token?: string;
  json?: unknown;
  raw?: string;
  headers?: OutgoingHttpHeaders;
  /** The client's address: all of 127.0.0.0/8 is this host. */
  from?: string;
}

async function startApi() {
  const fixture = await startAuth();
  const { auth } = fixture;
  const logged: unknown[] = [];
  const note = (...what: unknown[]) => logged.push(what);
  const server = createHttpServer({
    routes: authRoutes({ auth }),
    sockets: [],
    staticRoot: null,
    authenticate: (token) => auth.authenticate(token),
    log: { error: note, warn: note, info: note },
  });
  const { port } = await server.listen('127.0.0.1', 0);
  onTestFinished(() => server.close());

  const call = (method: string, path: string, { token, json, raw, headers = {}, from = '127.0.0.1' }: Call = {}) =>
    new Promise<Answer>((resolve, reject) => {
      const content = raw ?? (json === undefined ? '' : JSON.stringify(json));
      const sent = request({
        host: '127.0.0.1',
        port,
        method,
        path: `/api/auth${path}`,
        localAddress: from,
        agent: false,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(content === '' ? {} : { 'content-type': 'application/json' }),
          'content-length': Buffer.byteLength(content),
          ...headers,
        },
      });
      sent.on('error', reject);
      sent.on('response', async (response) => {
        const body = await text(response);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: body && JSON.parse(body) });
      });
      sent.end(content);
    });
  const logIn = (username = 'admin', password = ADMIN_PASSWORD, from = '127.0.0.1') =>
    call('POST', '/login', { json: { username, password }, from });
  return { ...fixture, call, logIn, logged };
}

const NOT_AUTHENTICATED = { status: 401, body: { detail: 'Not authenticated' } };

test('log in, be known, log out', async () => {
  const { call, logIn, clock } = await startApi();
  clock.nowMs = Date.UTC(2026, 0, 18, 14, 30, 0, 500);
  const login = await logIn();
  expect(login).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
  expect(login.body).toEqual({ access_token: expect.any(String), token_type: 'bearer', expires_in: 86_400 });
  const { access_token: token } = login.body as { access_token: string };
  const me = await call('GET', '/me', { token });
  expect(me.status).toBe(200);
  expect(me.body).toEqual({
    id: 1,
    username: 'admin',
    is_admin: true,
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    last_login: '2026-01-18T14:30:00Z',
  });
  expect(await call('POST', '/logout/', { token })).toMatchObject({
    status: 200,
    body: { message: 'Logged out successfully' },
  });
  expect(await call('GET', '/me', { token })).toMatchObject(NOT_AUTHENTICATED);
  expect(await call('POST', '/logout', { token })).toMatchObject(NOT_AUTHENTICATED);
});

test('a wrong password and an unknown user look alike', async () => {
  const { logIn } = await startApi();
  const refusal = { status: 401, body: { detail: 'Invalid username or password' } };
  expect(await logIn('admin', 'wrong password')).toMatchObject(refusal);
  expect(await logIn('nobody', 'wrong password')).toMatchObject(refusal);
});

test('after 5 failures the account is closed to this address, and to no other', async () => {
  const { logIn } = await startApi();
  for (let n = 0; n < 5; n++) expect(await logIn('admin', 'wrong password')).toMatchObject({ status: 401 });
  expect(await logIn()).toMatchObject({
    status: 429,
    headers: { 'retry-after': '5' },
    body: { detail: 'Too many failed logins: try again in 5 s' },
  });
  expect(await logIn('admin', ADMIN_PASSWORD, '127.0.0.2')).toMatchObject({ status: 200 });
});

test('a parallel burst of guesses gets no more than 5 of them checked', async () => {
  const { logIn } = await startApi();
  const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => logIn('admin', `guess number ${n}`)));
  const count = (status: number) => answers.filter((answer) => answer.status === status).length;
  expect([count(401), count(429)]).toEqual([5, 25]);
});

test('a parallel burst of correct logins is let in', async () => {
  const { logIn } = await startApi();
  const answers = await Promise.all(Array.from({ length: 20 }, () => logIn()));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
});

test('a changed password keeps this session and ends the others', async () => {
  const { call, logIn, tokenOf } = await startApi();
  const [token, other] = [await tokenOf(), await tokenOf()];
  const change = (current_password: string, new_password: string) =>
    call('PUT', '/password', { token, json: { current_password, new_password } });
  expect(await change('wrong password', 'an entirely new one')).toMatchObject({
    status: 400,
    body: { detail: 'Current password is incorrect' },
  });
  expect(await change(ADMIN_PASSWORD, 'short')).toMatchObject({
    status: 400,
    body: { detail: expect.stringContaining('at least 8 characters') },
  });
  expect(await call('GET', '/me', { token: other })).toMatchObject({ status: 200 });
  expect(await change(ADMIN_PASSWORD, 'an entirely new one')).toMatchObject({
    status: 200,
    body: { message: 'Password updated successfully' },
  });
  expect(await call('GET', '/me', { token })).toMatchObject({ status: 200 });
  expect(await call('GET', '/me', { token: other })).toMatchObject(NOT_AUTHENTICATED);
  expect(await logIn()).toMatchObject({ status: 401 });
  expect(await logIn('admin', 'an entirely new one')).toMatchObject({ status: 200 });
});

test.each<[string, string, Call]>([
  ['GET', '/me', {}],
  ['GET', '/me', { token: '' }],
  ['GET', '/me', { token: 'nonsense' }],
  ['GET', '/me', { token: 'x'.repeat(5000) }],
  ['GET', '/me', { headers: { authorization: 'Basic YWRtaW46YWRtaW4=' } }],
  ['POST', '/logout', {}],
  ['PUT', '/password', { json: { current_password: ADMIN_PASSWORD, new_password: 'an entirely new one' } }],
])('%s %s without a good token is 401 (%j)', async (method, path, call) => {
  const api = await startApi();
  expect(await api.call(method, path, call)).toMatchObject(NOT_AUTHENTICATED);
});

test.each<[string, Call]>([
  ['no body', {}],
  ['an empty object', { json: {} }],
  ['no password', { json: { username: 'admin' } }],
  ['a number for a name', { json: { username: 1, password: 'a' } }],
  ['null for a password', { json: { username: 'admin', password: null } }],
  ['lists', { json: { username: ['admin'], password: ['a'] } }],
  ['an empty name', { json: { username: '', password: 'a' } }],
  ['a name that is absurdly long', { json: { username: 'x'.repeat(100_000), password: 'a' } }],
  ['a password that is absurdly long', { json: { username: 'admin', password: 'x'.repeat(100_000) } }],
  ['broken JSON', { raw: '{"username":"admin","password":' }],
  ['JSON that is no object', { raw: '["admin","a"]' }],
  ['JSON that is too deep', { raw: `${'['.repeat(10_000)}${']'.repeat(10_000)}` }],
])('a login with %s is 400 with a detail, and never repeats what was sent', async (_what, call) => {
  const api = await startApi();
  const { status, body } = await api.call('POST', '/login', call);
  expect(status).toBe(400);
  expect(body).toEqual({ detail: expect.any(String) });
  expect(JSON.stringify(body).length).toBeLessThan(300);
});

test('a state file that cannot be written is 503, not 500', async () => {
  const { logIn, call, tokenOf, state } = await startApi();
  const token = await tokenOf();
  state.database.all('PRAGMA query_only = ON');
  const refusal = { status: 503, body: { detail: 'The server cannot save changes at the moment' } };
  expect(await logIn()).toMatchObject(refusal);
  expect(await call('POST', '/logout', { token })).toMatchObject(refusal);
  expect(await call('GET', '/me', { token })).toMatchObject(NOT_AUTHENTICATED);
});

test('passwords and tokens are in no log', async () => {
  const { call, logIn, tokenOf, logged } = await startApi();
  const token = await tokenOf();
  await logIn('admin', 'a wrong secret');
  await call('GET', `/me?token=${token}`, { token });
  await call('POST', '/login', { raw: `{"password":"${ADMIN_PASSWORD}"` });
  const log = JSON.stringify(logged);
  for (const secret of ['a wrong secret', token, ADMIN_PASSWORD]) expect(log).not.toContain(secret);
});
