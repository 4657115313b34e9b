import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientFrame, OPCODE, serverFrames } from '../support/websocket-frames.ts';
import { startServer } from './support/in-process.ts';
import { RawConnection } from './support/raw.ts';

let fixture: Awaited<ReturnType<typeof startServer>>;

beforeAll(async () => {
  fixture = await startServer();
});

afterAll(() => fixture.server.close());

const HANDSHAKE = {
  Host: 'tacho.example.com',
  Connection: 'keep-alive, Upgrade',
  Upgrade: 'WebSocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

function handshake(path: string, overrides: Record<string, string | null> = {}, method = 'GET'): string {
  const lines = Object.entries({ ...HANDSHAKE, ...overrides }).map(([name, value]) =>
    value === null ? '' : `${name}: ${value}\r\n`,
  );
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

const { text: TEXT, binary: BINARY, continuation: CONTINUATION, ping: PING } = OPCODE;

/** The server's text messages, and the code it closed with. */
function framesOf(received: Buffer): { texts: string[]; closed: number | null } {
  const { frames } = serverFrames(received.subarray(received.indexOf('\r\n\r\n') + 4));
  const close = frames.find(({ opcode }) => opcode === OPCODE.close);
  return {
    texts: frames.filter(({ opcode }) => opcode === TEXT).map(({ payload }) => payload.toString()),
    closed: close ? close.payload.readUInt16BE(0) : null,
  };
}

async function openRaw(path = '/api/ws/echo?token=user'): Promise<RawConnection> {
  const connection = await RawConnection.open(fixture.port);
  connection.send(handshake(path));
  await connection.until(() => framesOf(connection.received).texts.length > 0);
  return connection;
}

async function open(path: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${fixture.port}${path}`);
  await once(socket, 'open');
  return socket;
}

async function nextMessage(socket: WebSocket): Promise<string> {
  const [event] = (await once(socket, 'message')) as [{ data: string }];
  return event.data;
}

async function closeCode(socket: WebSocket): Promise<number> {
  const [event] = (await once(socket, 'close')) as [{ code: number }];
  return event.code;
}

describe('the handshake', () => {
  const refusals: [
    name: string,
    path: string,
    overrides: Record<string, string | null>,
    status: number,
    detail: string,
  ][] = [
    ['no token', '/api/ws/echo', {}, 401, 'Not authenticated'],
    ['an unknown token', '/api/ws/echo?token=nobody', {}, 401, 'Not authenticated'],
    ['an unknown token in the header', '/api/ws/echo', { Authorization: 'Bearer nobody' }, 401, 'Not authenticated'],
    ['a token without the right', '/api/ws/admin?token=user', {}, 403, 'Not authorized to perform this action'],
    ['an undecodable query', '/api/ws/echo?token=%ff', {}, 400, 'token: must be percent-encoded UTF-8'],
    ['no Upgrade', '/api/ws/echo?token=user', { Upgrade: null }, 426, 'upgrade: must be websocket'],
    ['another Upgrade', '/api/ws/echo?token=user', { Upgrade: 'h2c' }, 426, 'upgrade: must be websocket'],
    ['no Connection', '/api/ws/echo?token=user', { Connection: null }, 400, 'connection: must be upgrade'],
    ['another Connection', '/api/ws/echo?token=user', { Connection: 'keep-alive' }, 400, 'connection: must be upgrade'],
    [
      'no version',
      '/api/ws/echo?token=user',
      { 'Sec-WebSocket-Version': null },
      426,
      'sec-websocket-version: must be 13',
    ],
    [
      'an old version',
      '/api/ws/echo?token=user',
      { 'Sec-WebSocket-Version': '8' },
      426,
      'sec-websocket-version: must be 13',
    ],
    ['no key', '/api/ws/echo?token=user', { 'Sec-WebSocket-Key': null }, 426, 'upgrade: must be websocket'],
    ['a short key', '/api/ws/echo?token=user', { 'Sec-WebSocket-Key': 'c2hvcnQ=' }, 426, 'upgrade: must be websocket'],
    [
      'a key that is no base64',
      '/api/ws/echo?token=user',
      { 'Sec-WebSocket-Key': '????????????????????????' },
      400,
      'sec-websocket-key: must be 16 bytes in base64',
    ],
    ['a chunked body', '/api/ws/echo?token=user', { 'Transfer-Encoding': 'chunked' }, 400, 'GET takes no body'],
  ];

  test.each(refusals)('with %s is refused', async (_name, path, overrides, status, detail) => {
    const connection = await RawConnection.open(fixture.port);
    connection.send(handshake(path, overrides));
    const [response] = await connection.responses(1);
    expect(response?.status).toBe(status);
    expect(JSON.parse(response?.body.toString() ?? '')).toEqual({ detail });
    connection.socket.destroy();
  });

  test('a 401 says how to authenticate, a 426 what to speak', async () => {
    const refused = async (path: string, overrides = {}) => {
      const connection = await RawConnection.open(fixture.port);
      connection.send(handshake(path, overrides));
      await connection.untilClosed();
      return (await connection.responses(1))[0]?.headers;
    };
    expect((await refused('/api/ws/echo'))?.get('www-authenticate')).toBe('Bearer');
    const headers = await refused('/api/ws/echo?token=user', { 'Sec-WebSocket-Version': '7' });
    expect(headers?.get('sec-websocket-version')).toBe('13');
    expect(headers?.get('upgrade')).toBe('websocket');
  });

  test('only GET upgrades', async () => {
    const connection = await RawConnection.open(fixture.port);
    connection.send(handshake('/api/ws/echo?token=user', { 'Content-Length': '0' }, 'POST'));
    const [response] = await connection.responses(1);
    expect(response?.status).toBe(405);
    expect(response?.headers.get('allow')).toBe('GET, OPTIONS');
    connection.socket.destroy();
  });

  test.each(['?token=user', '/?token=user', '?token=user-later', '?a=1&token=user'])(
    'succeeds at /api/ws/echo%s',
    async (rest) => {
      const socket = new WebSocket(`ws://127.0.0.1:${fixture.port}/api/ws/echo${rest}`);
      expect(await nextMessage(socket)).toMatch(/^hello ada from 127\.0\.0\.1 /);
      socket.close();
      expect(await closeCode(socket)).toBe(1005);
    },
  );

  test('the token may stand in the header, and never shows in the query', async () => {
    const connection = await RawConnection.open(fixture.port);
    connection.send(handshake('/api/ws/echo?token=ignored&hz=5', { Authorization: 'Bearer user' }));
    await connection.until(() => framesOf(connection.received).texts.length > 0);
    expect(framesOf(connection.received).texts).toEqual(['hello ada from 127.0.0.1 [["hz","5"]]']);
    connection.socket.destroy();
  });

  test('records tell the path and no token', async () => {
    const socket = await open('/api/ws/echo?token=user');
    socket.close();
    await closeCode(socket);
    const record = fixture.records.findLast(({ status }) => status === 101);
    expect(record).toMatchObject({ template: '/api/ws/echo', method: 'GET', principal: { username: 'ada' } });
    expect(JSON.stringify(fixture.records)).not.toContain('token');
  });
});

describe('messages', () => {
  test('each socket has a state of its own', async () => {
    const [one, two] = await Promise.all([open('/api/ws/echo?token=user'), open('/api/ws/echo?token=user')]);
    one.send('hey');
    expect(await nextMessage(one)).toBe('hey');
    one.send('count');
    expect(await nextMessage(one)).toBe('2');
    two.send('count');
    expect(await nextMessage(two)).toBe('1');
    one.close();
    two.close();
  });

  const illFrames: [name: string, frames: Buffer[], code: number | null][] = [
    ['a binary message', [clientFrame(BINARY, 'x')], 1003],
    [
      'a binary frame inside a fragmented text',
      [clientFrame(TEXT, 'a', false), clientFrame(BINARY, 'b'), clientFrame(CONTINUATION, 'c')],
      1003,
    ],
    ['a text frame inside a fragmented text', [clientFrame(TEXT, 'a', false), clientFrame(TEXT, 'b')], null],
    ['text that is no UTF-8', [clientFrame(TEXT, Buffer.from([0xc3, 0x28]))], null],
    ['a message that is too long', [clientFrame(TEXT, 'x'.repeat(1_025))], null],
    ['fragments that are too long together', Array(3).fill(clientFrame(TEXT, 'x'.repeat(500), false)), null],
    ['a flood of messages', Array(1_000).fill(clientFrame(TEXT, 'x')), 1008],
    ['a flood of pings', Array(1_000).fill(clientFrame(PING, '')), 1008],
    ['a reserved opcode', [clientFrame(3, 'x')], null],
  ];

  test.each(illFrames)('%s closes the socket', async (_name, frames, code) => {
    const connection = await openRaw();
    const before = fixture.counts.socketsClosed;
    connection.send(Buffer.concat(frames));
    await connection.untilClosed();
    const { texts, closed } = framesOf(connection.received);
    expect(closed).toBe(code);
    expect(texts.length).toBeLessThanOrEqual(21);
    expect(fixture.counts.socketsClosed).toBe(before + 1);
  });

  test('a text in fragments arrives whole', async () => {
    const connection = await openRaw();
    connection.send(
      Buffer.concat([
        clientFrame(TEXT, 'h\u00e9', false),
        clientFrame(CONTINUATION, 'l', false),
        clientFrame(CONTINUATION, 'lo'),
      ]),
    );
    await connection.until(() => framesOf(connection.received).texts.includes('h\u00e9llo'));
    connection.socket.destroy();
  });

  test('a handler that throws closes its socket only, and the log has it', async () => {
    const [one, two] = await Promise.all([open('/api/ws/echo?token=user'), open('/api/ws/echo?token=user')]);
    one.send('throw');
    expect(await closeCode(one)).toBe(1011);
    expect(fixture.logged.at(-1)).toMatchObject({ level: 'error', fields: { template: '/api/ws/echo' } });
    two.send('hey');
    expect(await nextMessage(two)).toBe('hey');
    two.close();
  });

  test('a handler that rejects closes its socket', async () => {
    const socket = await open('/api/ws/admin?token=admin');
    socket.send('anything');
    expect(await closeCode(socket)).toBe(1011);
  });

  test('a closed socket takes no more, and no harm', async () => {
    const socket = await open('/api/ws/echo?token=user');
    socket.send('close twice');
    expect(await closeCode(socket)).toBe(1000);
  });

  test('a client that does not read is told apart, and what it cannot take is dropped', async () => {
    const connection = await openRaw();
    connection.socket.pause();
    connection.send(clientFrame(TEXT, 'flood me'));
    // 20 MB are more than the kernel and 1 MiB of our own take.
    await expect.poll(() => fixture.counts.floodOutcomes).toEqual(['buffered', 'dropped', 'sent']);
    const before = fixture.counts.socketsClosed;
    connection.socket.destroy();
    await expect.poll(() => fixture.counts.socketsClosed).toBe(before + 1);
  });
});

test('connections are counted, sockets too', async () => {
  const own = await startServer();
  expect(own.server.connections()).toBe(0);
  const socket = new WebSocket(`ws://127.0.0.1:${own.port}/api/ws/echo?token=user`);
  await once(socket, 'open');
  const raw = await RawConnection.open(own.port);
  raw.send('GET /api/fast HTTP/1.1\r\nHost: x\r\n\r\n');
  await raw.responses(1);
  expect(own.server.connections()).toBe(2);
  socket.close();
  await once(socket, 'close');
  await raw.finish();
  await expect.poll(() => own.server.connections()).toBe(0);
  await own.server.close();
});
