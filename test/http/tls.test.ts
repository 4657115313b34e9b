/** The server over TLS: what holds without it holds with it, and a certificate is replaced under the connections. */
import { once } from 'node:events';
import { get as httpsGet } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readTlsPair } from '../../src/http/tls-pair.ts';
import { type CertificateFiles, makeCertificate } from '../support/certificates.ts';
import { temporaryFolder } from '../support/daemon.ts';
import { type ChildServer, startChildServer } from './support/child-server.ts';
import { pattern } from './support/fixture-routes.ts';
import { startServer } from './support/in-process.ts';
import { RawConnection } from './support/raw.ts';

const LARGE_BYTES = 8_000_000;
const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
const HANDSHAKE = get(
  '/api/ws/echo?token=user',
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n',
);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let first: CertificateFiles;
let second: CertificateFiles;

beforeAll(async () => {
  folder = await temporaryFolder();
  first = makeCertificate(folder.path, { name: 'first' });
  second = makeCertificate(folder.path, { name: 'second' });
});

afterAll(() => folder[Symbol.asyncDispose]());

async function secure(port: number, options: object = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  await once(socket, 'secureConnect');
  return socket;
}

async function nameServed(port: number): Promise<string | undefined> {
  const socket = await secure(port);
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return String(CN);
}

/** A text message of a client, masked with nought. */
function frame(message: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | message.length, 0, 0, 0, 0]), Buffer.from(message)]);
}

describe('over TLS', () => {
  let server: ChildServer;

  beforeAll(async () => {
    server = await startChildServer({ tls: first });
  });

  afterAll(async () => {
    expect(server.complaints()).toBe('');
    expect(await server.stop()).toBe(0);
  });

  test.each(['/api/large', '/api/large-later'])('8 MB from %s reach a slow reader byte for byte', async (path) => {
    const connection = await RawConnection.open(server.port, true);
    connection.socket.on('data', () => {
      connection.socket.pause();
      setImmediate(() => connection.socket.resume());
    });
    connection.send(get(`${path}?bytes=${LARGE_BYTES}`));
    const [response] = await connection.responses(1);
    expect(response?.body.equals(pattern(LARGE_BYTES))).toBe(true);
    connection.socket.destroy();
  });

  test('requests behind a large answer that is not read do not cut it', async () => {
    const connection = await RawConnection.open(server.port, true);
    connection.socket.pause();
    connection.send(get(`/api/large?bytes=${LARGE_BYTES}`));
    await server.counts();
    for (const path of ['/api/fast', '/api/large?bytes=50000', '/api/fast']) {
      connection.send(get(path));
      await server.counts();
    }
    connection.socket.resume();
    const responses = await connection.responses(4);
    expect(responses.map(({ body }) => body.length)).toEqual([LARGE_BYTES, 13, 50_000, 13]);
    expect(responses[0]?.body.equals(pattern(LARGE_BYTES))).toBe(true);
    expect(responses[2]?.body.equals(pattern(50_000))).toBe(true);
    connection.socket.destroy();
  });

  test.each([0, 1, 1_024, 12_288, 12_289, 16_384, 65_536, 300_000])('a body of %i bytes', async (bytes) => {
    const connection = await RawConnection.open(server.port, true);
    connection.send(get(`/api/large?bytes=${bytes}`) + get('/api/fast'));
    const [response, next] = await connection.responses(2);
    expect(response?.body.equals(pattern(bytes))).toBe(true);
    expect(next?.status).toBe(200);
    connection.socket.destroy();
  });

  test('a refusal that closes the connection arrives whole', async () => {
    const connection = await RawConnection.open(server.port, true);
    connection.send('GET /api/fast HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n');
    await connection.untilClosed();
    const [refused, ...more] = await connection.responses(1);
    expect(refused?.status).toBe(400);
    expect(JSON.parse(refused?.body.toString() ?? '')).toEqual({ detail: 'host: must be given once' });
    expect(more).toEqual([]);
  });

  test('a large answer to a request without a length is whole, and the last of its connection', async () => {
    const connection = await RawConnection.open(server.port, true);
    connection.send('POST /api/large HTTP/1.1\r\nHost: x\r\n\r\n');
    const [response] = await connection.responses(1);
    expect(response?.body.equals(pattern(300_000))).toBe(true);
    connection.send(get('/api/canary'));
    await connection.untilClosed();
    expect(await connection.responses(0)).toHaveLength(1);
  });

  test('a client that pipelines and never reads cannot fill the memory', async () => {
    const before = (await server.counts()).rssBytes;
    const connection = await RawConnection.open(server.port, true);
    connection.socket.pause();
    for (let index = 0; index < 20; index += 1) {
      connection.send(get('/api/large?bytes=2000000').repeat(50));
      await server.counts();
    }
    // A thousand answers, 2 GB.
    expect((await server.counts()).rssBytes - before).toBeLessThan(200_000_000);
    connection.socket.destroy();
  });

  test('a client that ends its side, and those that vanish, leave nothing behind', async () => {
    const before = (await server.counts()).aborted;
    const ending = await RawConnection.open(server.port, true);
    ending.send(get('/api/until-gone'));
    await server.counts();
    await ending.finish();
    const vanishing = await RawConnection.open(server.port, true);
    vanishing.send(get('/api/gone-then-throw'));
    await server.counts();
    vanishing.socket.destroy();
    await expect.poll(async () => (await server.counts()).aborted).toBe(before + 2);
    for (let index = 0; index < 10; index += 1) {
      const connection = await RawConnection.open(server.port, true);
      connection.send(get(`/api/large?bytes=${LARGE_BYTES}`));
      await connection.until(() => connection.receivedBytes > index * 10_000);
      connection.socket.destroy();
    }
    expect((await server.counts()).canary).toBe(0);
  });

  test('WebSockets carry messages, and more than a client can take', async () => {
    const connection = await RawConnection.open(server.port, true);
    connection.send(HANDSHAKE);
    await connection.until(() => connection.received.includes('hello ada'));
    connection.send(frame('over TLS'));
    await connection.until(() => connection.received.includes('over TLS'));
    connection.socket.pause();
    connection.send(frame('flood me'));
    const { floodOutcomes } = await server.counts();
    expect(floodOutcomes).toContain('dropped');
    connection.socket.destroy();
  });

  test('plain HTTP is answered with nothing, and served nothing', async () => {
    const socket = connectPlain(server.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(get('/api/canary'));
    expect(await text(socket).catch(() => '')).not.toContain('HTTP');
    expect((await server.counts()).canary).toBe(0);
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('%s is spoken', async (version) => {
    const socket = await secure(server.port, { minVersion: version, maxVersion: version });
    expect(socket.getProtocol()).toBe(version);
    socket.destroy();
  });

  test('TLS 1.1 is not, whatever the client would put up with', async () => {
    const socket = connect({
      port: server.port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    await expect(once(socket, 'secureConnect')).rejects.toThrow(/protocol version/);
  });
});

describe.each<[string, readonly [string, string?]]>([
  ['RSA', ['rsa:2048']],
  ['ECDSA P-384', ['ec', 'ec_paramgen_curve:P-384']],
  ['ECDSA P-521', ['ec', 'ec_paramgen_curve:P-521']],
  ['Ed25519', ['ed25519']],
])('a certificate with an %s key', (name, key) => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('serves %s', async (version) => {
    const { certPath, keyPath } = makeCertificate(folder.path, { name: name.replaceAll(' ', '-'), key });
    const { server, port } = await startServer({ tls: readTlsPair(certPath, keyPath) });
    const socket = await secure(port, { maxVersion: version });
    expect(socket.getProtocol()).toBe(version);
    socket.destroy();
    await server.close();
  });
});

describe('a certificate that is replaced', () => {
  const pair = ({ certPath, keyPath }: CertificateFiles) => readTlsPair(certPath, keyPath);

  test('new connections get it; open ones, a WebSocket and a download under way go on', async () => {
    const { server, port } = await startServer({ tls: pair(first) });
    const kept = await RawConnection.open(port, true);
    const stream = await RawConnection.open(port, true);
    stream.send(HANDSHAKE);
    await stream.until(() => stream.received.includes('hello ada'));
    const download = await RawConnection.open(port, true);
    download.send(get(`/api/large?bytes=${LARGE_BYTES}`));
    await download.until(() => download.receivedBytes > 0);
    download.socket.pause();
    expect(server.connections()).toBe(3);

    expect(server.replaceCertificate(pair(second))).toBe(true);
    expect(await nameServed(port)).toBe('second');
    kept.send(get('/api/fast'));
    expect((await kept.responses(1))[0]?.status).toBe(200);
    stream.send(frame('still here'));
    await stream.until(() => stream.received.includes('still here'));
    download.socket.resume();
    expect((await download.responses(1))[0]?.body.equals(pattern(LARGE_BYTES))).toBe(true);

    for (const { socket } of [kept, download]) socket.destroy();
    await expect.poll(() => server.connections()).toBe(1);
    await server.close();
    // 1001, going away: the shutdown knows the connections of earlier certificates too.
    await stream.untilClosed();
    expect(stream.received.includes(Buffer.from([0x03, 0xe9]))).toBe(true);
    expect(server.connections()).toBe(0);
  });

  test('no request is lost while it happens again and again under load', async () => {
    const { server, port, counts } = await startServer({ tls: pair(first) });
    const ask = async (): Promise<number> => {
      const asked = httpsGet({ port, host: '127.0.0.1', path: '/api/canary', rejectUnauthorized: false, agent: false });
      const [response] = await once(asked, 'response');
      response.resume();
      return response.statusCode;
    };
    const answers: Promise<number>[] = [];
    for (let round = 0; round < 20; round += 1) {
      for (let index = 0; index < 10; index += 1) answers.push(ask());
      expect(server.replaceCertificate(pair(round % 2 ? first : second))).toBe(true);
      await answers[round * 10];
    }
    expect(new Set(await Promise.all(answers))).toEqual(new Set([200]));
    expect(counts.canary).toBe(200);
    await server.close();
  });

  test('the same pair again changes nothing, and a server without TLS takes none', async () => {
    const secured = await startServer({ tls: pair(first) });
    expect(secured.server.replaceCertificate(pair(first))).toBe(false);
    await secured.server.close();
    const plain = await startServer();
    expect(() => plain.server.replaceCertificate(pair(first))).toThrow('does not speak TLS');
    await plain.server.close();
  });

  test('a pair that the library refuses leaves the old one in place', async () => {
    const { server, port } = await startServer({ tls: pair(first) });
    const mixed = { ...pair(second), keyPath: first.keyPath };
    expect(() => server.replaceCertificate(mixed)).toThrow(/cannot be served with/);
    expect(await nameServed(port)).toBe('first');
    await server.close();
  });
});
