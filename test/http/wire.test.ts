/** What goes over the wire, byte by byte, from a server in a process of its own: it may be ill-treated, but neither wrong nor down. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ChildServer, startChildServer } from './support/child-server.ts';
import { pattern } from './support/fixture-routes.ts';
import { RawConnection, type RawResponse } from './support/raw.ts';

const LARGE_BYTES = 20_000_000;
const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;

let server: ChildServer;

beforeAll(async () => {
  server = await startChildServer();
});

afterAll(async () => {
  expect(server.complaints()).toBe('');
  expect(await server.stop()).toBe(0);
});

const bodyOf = ({ body }: RawResponse) => JSON.parse(body.toString()) as unknown;

/** Reads a little per turn, so that the server meets a full socket again and again. */
function readSlowly({ socket }: RawConnection): void {
  socket.on('data', () => {
    socket.pause();
    setImmediate(() => socket.resume());
  });
}

async function exchange(...packets: string[]): Promise<RawResponse[]> {
  const connection = await RawConnection.open(server.port);
  for (const packet of packets) {
    connection.send(packet);
    await server.counts();
  }
  await connection.untilClosed();
  return connection.responses(0);
}

describe('answers', () => {
  test.each(['/api/large', '/api/large-later'])('20 MB from %s reach a slow reader byte for byte', async (path) => {
    const connection = await RawConnection.open(server.port);
    readSlowly(connection);
    connection.send(get(`${path}?bytes=${LARGE_BYTES}`));
    const [response] = await connection.responses(1);
    expect(response?.body.equals(pattern(LARGE_BYTES))).toBe(true);
    connection.socket.destroy();
  });

  test.each(['/api/large', '/api/large-later'])(
    'requests behind a large answer from %s do not cut it',
    async (path) => {
      const connection = await RawConnection.open(server.port);
      connection.socket.pause();
      connection.send(get(`${path}?bytes=${LARGE_BYTES}`));
      await server.counts();
      for (let index = 0; index < 3; index += 1) {
        connection.send(get('/api/fast'));
        await server.counts();
      }
      connection.socket.resume();
      const [large, ...small] = await connection.responses(4);
      expect(large?.body.equals(pattern(LARGE_BYTES))).toBe(true);
      expect(small.map(bodyOf)).toEqual(Array(3).fill({ fast: true }));
      connection.socket.destroy();
    },
  );

  test('requests in the same packet as that of a large answer do not cut it either', async () => {
    const connection = await RawConnection.open(server.port);
    connection.send(
      get(`/api/large?bytes=${LARGE_BYTES}`) + get('/api/fast') + get('/api/large?bytes=50000') + get('/api/fast'),
    );
    const responses = await connection.responses(4);
    expect(responses.map(({ body }) => body.length)).toEqual([LARGE_BYTES, 13, 50_000, 13]);
    expect(responses[0]?.body.equals(pattern(LARGE_BYTES))).toBe(true);
    expect(responses[2]?.body.equals(pattern(50_000))).toBe(true);
    connection.socket.destroy();
  });

  test('a client that pipelines and never reads cannot fill the memory', async () => {
    const before = (await server.counts()).rssBytes;
    const connection = await RawConnection.open(server.port);
    connection.socket.pause();
    for (let index = 0; index < 20; index += 1) {
      connection.send(get('/api/large?bytes=2000000').repeat(50));
      await server.counts();
    }
    // A thousand answers, 2 GB.
    expect((await server.counts()).rssBytes - before).toBeLessThan(200_000_000);
    connection.socket.destroy();
  });

  test.each([0, 1, 1_023, 1_024, 1_025, 12_287, 12_288, 12_289, 13_313, 16_384, 65_536, 300_000])(
    'a body of %i bytes',
    async (bytes) => {
      const connection = await RawConnection.open(server.port);
      connection.send(get(`/api/large?bytes=${bytes}`) + get('/api/fast'));
      const [response, next] = await connection.responses(2);
      expect(response?.body.equals(pattern(bytes))).toBe(true);
      expect(next?.status).toBe(200);
      connection.socket.destroy();
    },
  );

  test('HEAD has the headers of GET and no body, and the connection lives on', async () => {
    const connection = await RawConnection.open(server.port);
    connection.send(`HEAD /api/large?bytes=50000 HTTP/1.1\r\nHost: x\r\n\r\n`);
    await connection.until(() => connection.received.includes('\r\n\r\n'));
    const head = connection.received.toString();
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(head).toMatch(/\r\ncontent-length: 50000\r\n/);
    expect(head).toMatch(/\r\n\r\n$/);
    connection.send(get('/api/fast'));
    await connection.until(() => connection.received.toString().endsWith('{"fast":true}'));
    connection.socket.destroy();
  });

  test('204 has no body and no length', async () => {
    const connection = await RawConnection.open(server.port);
    connection.send(get('/api/empty') + get('/api/fast'));
    const [empty, next] = await connection.responses(2);
    expect(empty?.status).toBe(204);
    expect(empty?.headers.has('content-length')).toBe(false);
    expect(next?.status).toBe(200);
    connection.socket.destroy();
  });

  test('line ends in a header are refused, not sent', async () => {
    const response = await fetch(`${server.url}/api/bad-header`);
    expect(response.status).toBe(500);
    expect(response.headers.has('set-cookie')).toBe(false);
  });
});

describe('handlers that fail', () => {
  test.each(['/api/throws', '/api/rejects', '/api/not-a-reply'])('%s is a 500 that tells nothing', async (path) => {
    const response = await fetch(server.url + path);
    expect(response.status).toBe(500);
    const body = (await response.json()) as object;
    expect(body).toEqual({ detail: 'Internal server error', error_id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  });

  test.each(['/api/until-gone', '/api/gone-then-throw'])('%s: the client goes first', async (path) => {
    const before = (await server.counts()).aborted;
    const connection = await RawConnection.open(server.port);
    connection.send(get(path));
    await server.counts();
    connection.socket.destroy();
    await expect.poll(async () => (await server.counts()).aborted).toBe(before + 1);
  });

  test('clients that go in the middle of a large answer', async () => {
    for (let index = 0; index < 20; index += 1) {
      const connection = await RawConnection.open(server.port);
      connection.send(get(`${index % 2 ? '/api/large' : '/api/large-later'}?bytes=${LARGE_BYTES}`));
      await connection.until(() => connection.receivedBytes > index * 10_000);
      connection.socket.resetAndDestroy();
    }
    expect((await fetch(`${server.url}/api/fast`)).status).toBe(200);
  });
});

describe('requests in pieces', () => {
  const request = `POST /api/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{"name":"ada"}`;

  // The library answers 505 when the protocol version itself is cut.
  test.each([1, 3, 10, 40, 55, 70, 90, 95, 100])('cut at byte %i', async (at) => {
    const connection = await RawConnection.open(server.port);
    const offset = at < 17 ? Math.min(at, 4) : at;
    connection.send(request.slice(0, offset));
    await server.counts();
    connection.send(request.slice(offset));
    const [response] = await connection.responses(1);
    expect(response && bodyOf(response)).toEqual({ name: 'ada' });
    connection.socket.destroy();
  });

  test('a body cut off in the middle is not served', async () => {
    const connection = await RawConnection.open(server.port);
    connection.send(request.slice(0, -4));
    await server.counts();
    expect(await connection.finish()).toEqual([]);
  });

  test('15 kB of headers pass, 20 kB are 431', async () => {
    const headers = (bytes: number) => `X-Long: ${'x'.repeat(bytes)}\r\n`;
    const connection = await RawConnection.open(server.port);
    connection.send(get('/api/fast', headers(15_000)));
    expect((await connection.responses(1))[0]?.status).toBe(200);
    connection.socket.destroy();
    const [refused] = await exchange(get('/api/fast', headers(20_000)));
    expect(refused?.status).toBe(431);
  });

  test('a target of 12 kB', async () => {
    const connection = await RawConnection.open(server.port);
    connection.send(get(`/api/${'x'.repeat(12_000)}`) + get(`/api/fast?${'y'.repeat(3_000)}`));
    const responses = await connection.responses(2);
    expect(responses.map(({ status }) => status)).toEqual([404, 200]);
    connection.socket.destroy();
  });
});

describe('bodies', () => {
  const JSON_TYPE = 'Content-Type: application/json';

  test('without a length, where none is wanted: served, then closed', async () => {
    const [response, ...more] = await exchange('POST /api/nothing HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(response && bodyOf(response)).toEqual({ took: 'nothing' });
    expect(response?.headers.get('connection')).toBe('close');
    expect(more).toEqual([]);
  });

  test('of length 0: the connection lives on', async () => {
    const connection = await RawConnection.open(server.port);
    connection.send(`POST /api/nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n${get('/api/fast')}`);
    expect((await connection.responses(2)).map(({ status }) => status)).toEqual([200, 200]);
    connection.socket.destroy();
  });

  test('chunked, in pieces: served, then closed', async () => {
    const [response] = await exchange(
      `POST /api/things HTTP/1.1\r\nHost: x\r\n${JSON_TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n`,
      '8\r\n{"name":\r\n',
      '6\r\n"ada"}\r\n',
      '0\r\n\r\n',
    );
    expect(response?.status).toBe(201);
    expect(response && bodyOf(response)).toEqual({ name: 'ada' });
  });

  test('a large answer to one without a length is whole, and the last of its connection', async () => {
    const connection = await RawConnection.open(server.port);
    connection.send('POST /api/large HTTP/1.1\r\nHost: x\r\n\r\n');
    const [response] = await connection.responses(1);
    expect(response?.body.equals(pattern(300_000))).toBe(true);
    expect(response?.headers.get('connection')).toBe('close');
    connection.send(get('/api/canary'));
    await connection.untilClosed();
    expect(await connection.responses(0)).toHaveLength(1);
  });

  test.each([
    ['declared, and never sent', 'Content-Length: 2000000', ''],
    ['declared, and sent', 'Content-Length: 2000000', 'x'.repeat(2_000_000)],
    ['chunked', 'Transfer-Encoding: chunked', `${(2_000_000).toString(16)}\r\n${'x'.repeat(2_000_000)}\r\n0\r\n\r\n`],
    ['past the parser\u2019s numbers', 'Content-Length: 20000000000', ''],
  ])('too large, %s: 413, then closed', async (_name, header, body) => {
    const [response] = await exchange(
      `POST /api/things HTTP/1.1\r\nHost: x\r\n${JSON_TYPE}\r\n${header}\r\n\r\n${body}`,
    );
    expect(response?.status).toBe(413);
  });

  test('too large, from an ordinary client, which sees the answer', async () => {
    const headers = { 'content-type': 'application/json' };
    for (let index = 0; index < 5; index += 1) {
      const response = await fetch(`${server.url}/api/things`, {
        method: 'POST',
        headers,
        body: Buffer.alloc(20_000_000),
      });
      expect(response.status).toBe(413);
      expect(await response.json()).toEqual({ detail: 'body: must be at most 1048576 bytes' });
    }
  });
});

describe('behind a reverse proxy', () => {
  test('that names the host without its port and asks for an upgrade with every request', async () => {
    const connection = await RawConnection.open(server.port);
    const headers = 'Connection: upgrade\r\nUpgrade: \r\nX-Forwarded-For: 10.1.2.3\r\n';
    connection.send(`GET /api/fast HTTP/1.1\r\nHost: tacho.example.com\r\n${headers}\r\n`);
    expect((await connection.responses(1))[0]?.status).toBe(200);
    connection.socket.destroy();
  });

  test('every connection ends with its answer when the proxy is trusted, however large it is', async () => {
    const proxied = await startChildServer({ trustedProxies: ['127.0.0.0/8'] });
    const connection = await RawConnection.open(proxied.port);
    connection.send(get('/api/fast'));
    await connection.untilClosed();
    expect(await connection.responses(0)).toHaveLength(1);
    const response = await fetch(`${proxied.url}/api/large-later?bytes=5000000`);
    expect(Buffer.from(await response.arrayBuffer()).equals(pattern(5_000_000))).toBe(true);
    expect(await proxied.stop()).toBe(0);
  });
});

describe('listening', () => {
  test('a second server on the port fails, in one clear line', async () => {
    const second = await startChildServer({ port: server.port });
    expect(second.failure).toEqual({
      code: 'EADDRINUSE',
      message: `cannot listen on 127.0.0.1:${server.port}: another process listens there already`,
    });
    expect(await second.stop()).toBe(1);
  });
});
