import { once } from 'node:events';
import { link, mkdtemp, rm, stat } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer } from './support/in-process.ts';
import { RawConnection } from './support/raw.ts';

let fixture: Awaited<ReturnType<typeof startServer>>;
let folder: string;

beforeAll(async () => {
  fixture = await startServer();
  folder = await mkdtemp(join(tmpdir(), 'tacho-http-'));
});

afterAll(async () => {
  await fixture.server.close();
  await rm(folder, { recursive: true, force: true });
});

const as = (token: string) => ({ authorization: `Bearer ${token}` });

describe('records', () => {
  test('name the template, never the path', async () => {
    await fetch(`${fixture.url}/api/search/private?note=private`, {
      headers: { ...as('user'), 'user-agent': 'probe/1.0' },
    });
    expect(fixture.records.at(-1)).toMatchObject({
      template: '/api/search/{kind}',
      method: 'GET',
      status: 200,
      principal: { username: 'ada' },
      remoteAddress: '127.0.0.1',
      userAgent: 'probe/1.0',
    });
    await fetch(`${fixture.url}/private`);
    expect(fixture.records.at(-1)).toMatchObject({ template: '(unknown)', status: 404 });
    expect(JSON.stringify(fixture.records)).not.toContain('private');
  });

  test('tell of clients that went first', async () => {
    const connection = await RawConnection.open(fixture.port);
    connection.send('GET /api/until-gone HTTP/1.1\r\nHost: x\r\n\r\n');
    await fetch(`${fixture.url}/api/fast`);
    connection.socket.destroy();
    await expect.poll(() => fixture.records.at(-1)).toMatchObject({ template: '/api/until-gone', status: 499 });
  });

  test('a recorder that throws does not fail the request', async () => {
    const own = await startServer({
      onRequest() {
        throw new Error('disk full');
      },
    });
    expect((await fetch(`${own.url}/api/fast`)).status).toBe(200);
    expect(own.logged).toMatchObject([{ level: 'error', message: 'recording a request failed' }]);
    await own.server.close();
  });
});

describe('listening', () => {
  test.each([
    ['a taken port', '127.0.0.1', () => fixture.port, 'EADDRINUSE'],
    ['an address of another host', '192.0.2.1', () => 0, 'EADDRNOTAVAIL'],
    ['a name of no host', 'nowhere.invalid', () => 0, 'ENOTFOUND'],
  ])('on %s fails with the reason', async (_name, host, port, code) => {
    const own = await startServer();
    await expect(own.server.listen(host, port())).rejects.toMatchObject({
      code,
      message: expect.stringContaining(host),
    });
    await own.server.close();
  });

  test('on IPv6', async () => {
    const own = await startServer();
    const { port } = await own.server.listen('::1', 0);
    const response = await fetch(`http://[::1]:${port}/api/search/x`, { headers: as('user') });
    expect(await response.json()).toMatchObject({ remoteAddress: '::1' });
    await own.server.close();
  });

  test('on a unix socket, for its owner only', async () => {
    const path = join(folder, 'control.sock');
    const own = await startServer();
    await own.server.listenUnix(path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const request = httpRequest({ socketPath: path, path: '/api/search/x', headers: as('user') });
    request.end();
    const [response] = await once(request, 'response');
    expect(JSON.parse(String((await once(response, 'data'))[0]))).toMatchObject({ remoteAddress: 'unix' });

    const second = await startServer();
    await expect(second.server.listenUnix(path)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await second.server.close();
    await own.server.close();
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('on a unix socket that a dead process left behind', async () => {
    const path = join(folder, 'stale.sock');
    const dead = createServer();
    dead.listen(path);
    await once(dead, 'listening');
    await link(path, `${path}.kept`);
    dead.close();
    await once(dead, 'close');
    const own = await startServer();
    await own.server.listenUnix(`${path}.kept`);
    await own.server.close();
  });
});

describe('closing', () => {
  test('lets requests end, tells sockets, and can be asked twice', async () => {
    const own = await startServer();
    const socket = new WebSocket(`ws://127.0.0.1:${own.port}/api/ws/echo?token=user`);
    await once(socket, 'open');
    const connection = await RawConnection.open(own.port);
    connection.send('GET /api/large-later?bytes=100000 HTTP/1.1\r\nHost: x\r\n\r\n');
    await fetch(`${own.url}/api/fast`);
    const closed = once(socket, 'close') as Promise<[{ code: number }]>;
    await Promise.all([own.server.close(), own.server.close()]);
    expect((await closed)[0].code).toBe(1001);
    expect((await connection.responses(1))[0]?.body).toHaveLength(100_000);
    await expect(fetch(`${own.url}/api/fast`)).rejects.toThrow();
  });

  test('does not wait for ever for a request that does not end', async () => {
    const own = await startServer();
    const connection = await RawConnection.open(own.port);
    connection.send('GET /api/until-gone HTTP/1.1\r\nHost: x\r\n\r\n');
    await fetch(`${own.url}/api/fast`);
    await own.server.close();
    await connection.untilClosed();
    expect(own.counts.aborted).toBe(1);
  });
});
