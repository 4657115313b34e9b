import { describe, expect, test } from 'vitest';
import { handshakeFault, inspect, isDoubtful, isRefusal } from '../../src/http/guard.ts';
import type { HttpRequest } from '../../src/http/uws.ts';

type HeaderLines = readonly (readonly [name: string, value: string])[];

/** A request as the parser hands it over: what it refuses by itself never comes here, whatever build of it there is. */
function inspected(headers: HeaderLines, { method = 'GET', path = '/', query = undefined as string | undefined } = {}) {
  const request = {
    forEach: (visit: (name: string, value: string) => void) => {
      for (const [name, value] of headers) visit(name, value);
    },
    getCaseSensitiveMethod: () => method,
    getUrl: () => path,
    getQuery: () => query,
  };
  // Only what the guard calls; the rest of the interface is not its business.
  return inspect(request as unknown as HttpRequest);
}

const HOST = ['host', 'tacho:8000'] as const;

function head(headers: HeaderLines, method = 'POST') {
  const result = inspected([HOST, ...headers], { method });
  if (isRefusal(result)) throw new Error(result.reason);
  return result;
}

test('hands over what it has read', () => {
  const headers = [HOST, ['accept', 'a'], ['accept', 'b'], ['content-length', '12']] as const;
  expect(inspected(headers, { method: 'PUT', path: '/a/b', query: 'c=%20' })).toEqual({
    method: 'PUT',
    path: '/a/b',
    query: 'c=%20',
    headers: new Map([HOST, ['accept', 'a, b'], ['content-length', '12']]),
    contentLength: 12,
    chunked: false,
  });
});

describe('refuses', () => {
  test.each<[reason: string, headers: HeaderLines, line?: Parameters<typeof inspected>[1]]>([
    ['a header name is malformed', [HOST, ['a b', 'c']]],
    ['a header name is malformed', [HOST, ['transfer-encoding ', 'chunked']]],
    ['a header name is malformed', [HOST, ['\0', 'c']]],
    ['a header name is malformed', [HOST, ['', 'c']]],
    ['x: contains a control character', [HOST, ['x', 'a\r\nb']]],
    ['x: contains a control character', [HOST, ['x', 'a\0']]],
    ['host: must be given once', [HOST, HOST]],
    ['content-length: must be given once', [HOST, ['content-length', '1'], ['content-length', '1']]],
    ['transfer-encoding: must be given once', [HOST, ['transfer-encoding', 'chunked'], ['transfer-encoding', 'x']]],
    ['authorization: must be given once', [HOST, ['authorization', 'a'], ['authorization', 'a']]],
    ['host: is missing or malformed', []],
    ['host: is missing or malformed', [['host', 'a, b']]],
    ['transfer-encoding: must be chunked', [HOST, ['transfer-encoding', '']]],
    ['transfer-encoding: must be chunked', [HOST, ['transfer-encoding', 'gzip, chunked']]],
    ['content-length: must be a number', [HOST, ['content-length', '1, 1']]],
    ['content-length: must be a number', [HOST, ['content-length', '']]],
    [
      'content-length: cannot go with transfer-encoding',
      [HOST, ['content-length', '1'], ['transfer-encoding', 'chunked']],
    ],
    ['the body is too large', [HOST, ['content-length', '1000000000']]],
    ['GET takes no body', [HOST, ['content-length', '1']]],
    ['HEAD takes no body', [HOST, ['transfer-encoding', 'chunked']], { method: 'HEAD' }],
    ['the method is malformed', [HOST], { method: 'get' }],
    ['the request target is malformed', [HOST], { path: 'a' }],
    ['the request target is malformed', [HOST], { path: '/a b' }],
    ['the request target is malformed', [HOST], { path: '/\u00e9' }],
    ['the request target is malformed', [HOST], { query: 'a#b' }],
  ])('%s: %j %j', (reason, headers, line = {}) => {
    expect(inspected(headers, line)).toMatchObject({ reason });
  });
});

test.each(['tacho', 'tacho.example.com:80', '127.0.0.1:8000', '[::1]:8000', '[::ffff:127.0.0.1]', 'my_host'])(
  'takes Host %s',
  (host) => {
    expect(isRefusal(inspected([['host', host]]))).toBe(false);
  },
);

test('doubts what may end elsewhere than it seems', () => {
  const [length, chunked] = [['content-length', '0'] as const, ['transfer-encoding', 'Chunked'] as const];
  expect(isDoubtful(head([], 'GET'), false)).toBe(false);
  expect(isDoubtful(head([], 'GET'), true)).toBe(true);
  expect(isDoubtful(head([length], 'GET'), true)).toBe(false);
  expect(isDoubtful(head([length]), false)).toBe(false);
  expect(isDoubtful(head([]), false)).toBe(true);
  expect(isDoubtful(head([], 'OPTIONS'), false)).toBe(true);
  expect(isDoubtful(head([chunked]), false)).toBe(true);
});

test('a handshake may name several protocols and connection options', () => {
  const headers = new Map([
    ['upgrade', 'h2c, WebSocket'],
    ['connection', 'keep-alive,Upgrade'],
    ['sec-websocket-version', '13'],
    ['sec-websocket-key', 'AAAAAAAAAAAAAAAAAAAAAA=='],
  ]);
  expect(handshakeFault(headers)).toBeNull();
  expect(handshakeFault(new Map(headers).set('sec-websocket-key', 'AAAAAAAAAAAAAAAAAAAAAB=='))).toMatchObject({
    status: 400,
  });
});
