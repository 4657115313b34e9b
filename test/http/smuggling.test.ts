/**
 * Request smuggling over bare sockets (RFC 9112 §11.2). In every case a request for the canary hides in what one reading of the bytes
 * takes for a body. Whatever the server makes of it, the canary must not sing and the process must live.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificate } from '../support/certificates.ts';
import { temporaryFolder } from '../support/daemon.ts';
import { type ChildServer, startChildServer } from './support/child-server.ts';
import { RawConnection } from './support/raw.ts';

const HIDDEN = 'GET /api/canary HTTP/1.1\r\nHost: x\r\n\r\n';
const LENGTH = HIDDEN.length;
/** A whole chunked body, and the hidden request behind its end. */
const CHUNKED = `0\r\n\r\n${HIDDEN}`;

/** Header lines, and what stands behind the head. */
type Trick = readonly [name: string, headers: readonly string[], body: string];

const LENGTH_TRICKS: readonly Trick[] = [
  ['two lengths, the first short', ['Content-Length: 0', `Content-Length: ${LENGTH}`], HIDDEN],
  ['two lengths, the second short', [`Content-Length: ${LENGTH}`, 'Content-Length: 0'], HIDDEN],
  ['a list of lengths', [`Content-Length: 0, ${LENGTH}`], HIDDEN],
  ['the same length twice, listed', [`Content-Length: ${LENGTH}, ${LENGTH}`], HIDDEN],
  ['a signed length', [`Content-Length: +${LENGTH}`], HIDDEN],
  ['a negative length', [`Content-Length: -${LENGTH}`], HIDDEN],
  ['a length of minus nought', ['Content-Length: -0'], HIDDEN],
  ['a hexadecimal length', [`Content-Length: 0x${LENGTH.toString(16)}`], HIDDEN],
  ['a length with an exponent', [`Content-Length: ${LENGTH}e0`], HIDDEN],
  ['a fractional length', [`Content-Length: ${LENGTH}.0`], HIDDEN],
  ['an empty length', ['Content-Length:'], HIDDEN],
  ['a quoted length', [`Content-Length: "${LENGTH}"`], HIDDEN],
  ['a length with a parameter', [`Content-Length: ${LENGTH};x=y`], HIDDEN],
  ['a length past 32 bits', [`Content-Length: ${2 ** 32 + LENGTH}`], HIDDEN],
  ['a length past 64 bits', [`Content-Length: ${2n ** 64n + BigInt(LENGTH)}`], HIDDEN],
  ['a length in two words', [`Content-Length: 0 ${LENGTH}`], HIDDEN],
  ['a length behind a vertical tab', [`Content-Length: \x0b${LENGTH}`], HIDDEN],
  ['a space before the colon', [`Content-Length : ${LENGTH}`], HIDDEN],
  ['a tab before the colon', [`Content-Length\t: ${LENGTH}`], HIDDEN],
  ['a folded length', ['Content-Length:', ` ${LENGTH}`], HIDDEN],
  ['a length behind a folded line', ['X: y', ` Content-Length: ${LENGTH}`], HIDDEN],
  ['a length behind a bare LF', [`X: y\nContent-Length: ${LENGTH}`], HIDDEN],
  ['a length behind a bare CR', [`X: y\rContent-Length: ${LENGTH}`], HIDDEN],
  ['a length behind NUL', [`X: y\0Content-Length: ${LENGTH}`], HIDDEN],
  ['a name with NUL', [`\0Content-Length: ${LENGTH}`], HIDDEN],
  ['a name with a space', [`X Content-Length: ${LENGTH}`], HIDDEN],
  ['a length behind an empty name', [': x', `Content-Length: ${LENGTH}`], HIDDEN],
  ['a length behind an empty name and value', [':', `Content-Length: ${LENGTH}`], HIDDEN],
  ['an encoding behind an empty name', [': x', 'Transfer-Encoding: chunked'], CHUNKED],
  ['a length and an empty name before it, folded', [':', ' x', `Content-Length: ${LENGTH}`], HIDDEN],
  ['no length at all', [], HIDDEN],
];

const ENCODING_TRICKS: readonly Trick[] = [
  ['length, then chunked', [`Content-Length: ${CHUNKED.length}`, 'Transfer-Encoding: chunked'], CHUNKED],
  ['chunked, then length', ['Transfer-Encoding: chunked', `Content-Length: ${CHUNKED.length}`], CHUNKED],
  ['a short length, then chunked', ['Content-Length: 5', 'Transfer-Encoding: chunked'], CHUNKED],
  ...[
    'xchunked',
    'chunked, identity',
    'identity, chunked',
    'identity',
    'gzip, chunked',
    'chunked, chunked',
    'chunked;q=1',
    '"chunked"',
    'chun\tked',
    '\x0bchunked',
    'chunked\x0b',
    'chunked\0',
    'nothing',
    ',chunked',
    '',
  ].map((value): Trick => [`encoding ${JSON.stringify(value)}`, [`Transfer-Encoding: ${value}`], CHUNKED]),
  ['an empty encoding and a length', ['Transfer-Encoding:', `Content-Length: ${CHUNKED.length}`], CHUNKED],
  ['an unknown encoding and a length', ['Transfer-Encoding: x', `Content-Length: ${CHUNKED.length}`], CHUNKED],
  ['two encodings', ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], CHUNKED],
  ['two encodings, the other way', ['Transfer-Encoding: identity', 'Transfer-Encoding: chunked'], CHUNKED],
  ['a space before the colon', ['Transfer-Encoding : chunked', `Content-Length: ${CHUNKED.length}`], CHUNKED],
  ['a folded encoding', ['Transfer-Encoding:', ' chunked'], CHUNKED],
  ['a folded end of the encoding', ['Transfer-Encoding: chunked', ' , identity'], CHUNKED],
  ['an encoding behind a bare LF', ['X: y\nTransfer-Encoding: chunked'], CHUNKED],
  ['an encoding behind a bare CR', ['X: y\rTransfer-Encoding: chunked'], CHUNKED],
  ['chunked in mixed case', ['Transfer-Encoding: cHuNkEd'], CHUNKED],
  ['chunked', ['Transfer-Encoding: chunked'], CHUNKED],
];

const chunks = (name: string, body: string): Trick => [name, ['Transfer-Encoding: chunked'], body];
const CHUNK_TRICKS: readonly Trick[] = [
  chunks('a chunk extension', `5;x\r\nabcde\r\n${CHUNKED}`),
  chunks('a chunk extension that reads as digits', `2;\r\nab\r\n${CHUNKED}`),
  chunks('a colon in the size', `2:\r\nab\r\n${CHUNKED}`),
  chunks('an extension with a line end', `2;\nab\r\n${CHUNKED}`),
  chunks('a signed size', `+2\r\nab\r\n${CHUNKED}`),
  chunks('a prefixed size', `0x2\r\nab\r\n${CHUNKED}`),
  chunks('a space before the size', ` 2\r\nab\r\n${CHUNKED}`),
  chunks('a space behind the size', `2 \r\nab\r\n${CHUNKED}`),
  chunks('a bare LF behind the size', `2\nab\r\n${CHUNKED}`),
  chunks('a bare CR behind the size', `2\rab\r\n${CHUNKED}`),
  chunks('no line end behind the data', `2\r\nab${CHUNKED}`),
  chunks('a wrong line end behind the data', `2\r\nabXX${CHUNKED}`),
  chunks('an empty size', `\r\n${CHUNKED}`),
  chunks('no size but an extension', `;x\r\n${CHUNKED}`),
  chunks('a size past 32 bits', `100000002\r\nab\r\n${CHUNKED}`),
  chunks('a size past 64 bits', `10000000000000002\r\nab\r\n${CHUNKED}`),
  chunks('a negative size', `-2\r\nab\r\n${CHUNKED}`),
  chunks('many leading noughts', `${'0'.repeat(40)}2\r\nab\r\n${CHUNKED}`),
  chunks('a size that is no number', `zz\r\nab\r\n${CHUNKED}`),
  chunks('trailers', `0\r\nX: y\r\n\r\n${HIDDEN}`),
  chunks('a trailer with a length', `0\r\nContent-Length: ${LENGTH}\r\n\r\n${HIDDEN}`),
  chunks('no empty line at the end', `0\r\n${HIDDEN}`),
  chunks('a bare LF at the end', `0\n\n${HIDDEN}`),
  chunks('several chunks', `2\r\nab\r\n3\r\ncde\r\n${CHUNKED}`),
];

const TRICKS = [...LENGTH_TRICKS, ...ENCODING_TRICKS, ...CHUNK_TRICKS];

/** Heads that are wrong in themselves; what comes behind them must not be looked at. */
const BAD_HEADS: readonly (readonly [name: string, head: string])[] = [
  ['no Host', 'GET /api/fast HTTP/1.1\r\n\r\n'],
  ['two Hosts', 'GET /api/fast HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n'],
  ['the same Host twice', 'GET /api/fast HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n'],
  ...['', 'a b', 'a,b', 'a/b', 'a?b', 'u@h', 'h:port', 'h:123456', '[::1', 'h#f', 'h\x0b', '\\h'].map(
    (host) => [`Host ${JSON.stringify(host)}`, `GET /api/fast HTTP/1.1\r\nHost: ${host}\r\n\r\n`] as const,
  ),
  ['HTTP/1.0', 'GET /api/fast HTTP/1.0\r\nHost: x\r\n\r\n'],
  ['HTTP/0.9', 'GET /api/fast\r\n\r\n'],
  ['HTTP/2.0', 'GET /api/fast HTTP/2.0\r\nHost: x\r\n\r\n'],
  ['a method in lower case', 'get /api/fast HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['a method with a sign', 'GE:T /api/fast HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['two spaces in the request line', 'GET  /api/fast HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['a space in the target', 'GET /api/fa st HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['a fragment in the target', 'GET /api/fast#x HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['a NUL in the target', 'GET /api/fa\0st HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['a tab in the target', 'GET /api/fa\tst HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['absolute form', 'GET http://x/api/fast HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['authority form', 'CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['asterisk form', 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['a GET with a body', `GET /api/fast HTTP/1.1\r\nHost: x\r\nContent-Length: ${LENGTH}\r\n\r\n`],
  ['a HEAD with a body', `HEAD /api/fast HTTP/1.1\r\nHost: x\r\nContent-Length: ${LENGTH}\r\n\r\n`],
  ['a chunked GET', 'GET /api/fast HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['two tokens', 'GET /api/fast HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n'],
  ['a control character in a value', 'GET /api/fast HTTP/1.1\r\nHost: x\r\nX: a\x01b\r\n\r\n'],
  ['a header without a colon', 'GET /api/fast HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n'],
  ['binary nonsense', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
  ['a WebSocket handshake for the wrong protocol', handshake({ Upgrade: 'h2c' })],
  ['a WebSocket handshake of another version', handshake({ 'Sec-WebSocket-Version': '8' })],
  ['a WebSocket handshake with a bad key', handshake({ 'Sec-WebSocket-Key': '!!!!!!!!!!!!!!!!!!!!!!==' })],
  ['a WebSocket handshake without a token', handshake({})],
];

function handshake(overrides: Record<string, string>): string {
  const headers = {
    Host: 'x',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...overrides,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET /api/ws/echo HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** How the bytes are cut into packets: the hidden request may come with its host, behind it, in pieces, or on a used connection. */
const DELIVERIES: readonly (readonly [name: string, cut: (head: string, body: string) => string[]])[] = [
  ['in one packet', (head, body) => [head + body]],
  ['with the body in a later packet', (head, body) => [head, body]],
  ['with the hidden request in a later packet', (head, body) => [head + body.slice(0, -LENGTH), body.slice(-LENGTH)]],
  ['with the hidden request cut in two', (head, body) => [head + body.slice(0, -20), body.slice(-20)]],
  ['after a kept-alive request', (head, body) => ['GET /api/fast HTTP/1.1\r\nHost: x\r\n\r\n', head + body]],
  ['pipelined behind another', (head, body) => [`GET /api/fast HTTP/1.1\r\nHost: x\r\n\r\n${head}${body}`]],
  [
    'pipelined behind a large answer that is not read',
    (head, body) => [`GET /api/large?bytes=8000000 HTTP/1.1\r\nHost: x\r\n\r\n${head}`, body, HIDDEN],
  ],
];

let server: ChildServer;
let proxied: ChildServer;
let overTls: ChildServer;

beforeAll(async () => {
  await using folder = await temporaryFolder();
  [server, proxied, overTls] = await Promise.all([
    startChildServer(),
    startChildServer({ trustedProxies: ['127.0.0.1'] }),
    startChildServer({ tls: makeCertificate(folder.path) }),
  ]);
});

afterAll(async () => {
  // An orderly end, and nothing on stderr: neither a crash nor the library's own warnings.
  for (const child of [server, proxied, overTls]) {
    expect(child.complaints()).toBe('');
    expect(await child.stop()).toBe(0);
  }
});

/** Sends the packets one by one, each read by the server before the next, and tells how often the canary sang. */
async function songs(child: ChildServer, packets: readonly string[], reading = true): Promise<number> {
  const before = (await child.counts()).canary;
  const connection = await RawConnection.open(child.port, child.tls);
  if (!reading) connection.socket.pause();
  for (const packet of packets) {
    connection.send(packet);
    await child.counts();
  }
  await child.counts();
  connection.socket.resume();
  await connection.finish();
  return (await child.counts()).canary - before;
}

describe.each(DELIVERIES)('%s', (delivery, cut) => {
  const reading = !delivery.includes('not read');

  test.each(TRICKS)('%s', async (_name, headers, body) => {
    for (const target of ['POST /api/nothing', 'PUT /api/v1/reports/1', 'DELETE /api/unknown', 'POST /api/later']) {
      const head = [`${target} HTTP/1.1`, 'Host: x', ...headers].join('\r\n');
      expect(await songs(server, cut(`${head}\r\n\r\n`, body), reading), target).toBe(0);
    }
  });
});

test.each(BAD_HEADS)('nothing is served behind %s', async (_name, head) => {
  expect(await songs(server, [head + HIDDEN])).toBe(0);
});

describe('over TLS', () => {
  // A record is what a packet is without it: the parser sees the same cuts.
  const cuts = DELIVERIES.filter(([name]) => /one packet|body in a later|after a kept|not read/.test(name));

  test.each(TRICKS)('%s', async (_name, headers, body) => {
    const head = ['POST /api/nothing HTTP/1.1', 'Host: x', ...headers].join('\r\n');
    for (const [delivery, cut] of cuts) {
      const reading = !delivery.includes('not read');
      expect(await songs(overTls, cut(`${head}\r\n\r\n`, body), reading), delivery).toBe(0);
    }
  });

  test.each(BAD_HEADS)('nothing is served behind %s', async (_name, head) => {
    expect(await songs(overTls, [head + HIDDEN])).toBe(0);
  });

  test('the canary does sing when it is asked in the open', async () => {
    expect(await songs(overTls, [HIDDEN + HIDDEN])).toBe(2);
  });
});

describe('through a trusted proxy, where a GET can hide a request from other people too', () => {
  const head = `GET /api/fast HTTP/1.1\r\nHost: x\r\n: x\r\nContent-Length: ${LENGTH}\r\n\r\n`;
  test.each([
    ['in one packet', [head + HIDDEN]],
    ['in a later packet', [head, HIDDEN]],
    ['cut in two', [head + HIDDEN.slice(0, 9), HIDDEN.slice(9)]],
  ])('an empty header name %s', async (_name, packets) => {
    expect(await songs(proxied, packets)).toBe(0);
  });
});

test('the canary does sing when it is asked in the open, alone or pipelined', async () => {
  expect(await songs(server, [HIDDEN])).toBe(1);
  expect(await songs(server, [HIDDEN + HIDDEN])).toBe(2);
});
