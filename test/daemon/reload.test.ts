import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { runTacho } from '../cli/run-tacho.ts';
import { type CertificateFiles, makeCertificate, replaceCertificate } from '../support/certificates.ts';
import { type Daemon, startDaemon, temporaryFolder } from '../support/daemon.ts';

/** Waits for what the daemon prints next that matches; from the start when nothing was waited for before. */
function follow(daemon: Daemon) {
  let from = 0;
  return async (pattern: RegExp): Promise<string> => {
    let line: string | undefined;
    await expect
      .poll(
        () => {
          const index = daemon.lines.findIndex((candidate, at) => at >= from && pattern.test(candidate));
          if (index < 0) return false;
          line = daemon.lines[index];
          from = index + 1;
          return true;
        },
        { timeout: 20_000, message: `a line like ${pattern}` },
      )
      .toBe(true);
    return line as string;
  };
}

async function secure(url: string): Promise<TLSSocket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  return socket;
}

async function nameServed(url: string): Promise<unknown> {
  const socket = await secure(url);
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return CN;
}

async function ask(socket: TLSSocket): Promise<string> {
  socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  const [answer] = await once(socket, 'data');
  return String(answer).split('\r\n', 1)[0] ?? '';
}

const tomlOf = ({ certPath, keyPath }: CertificateFiles, more = '') =>
  `tls_cert = ${JSON.stringify(certPath)}\ntls_key = ${JSON.stringify(keyPath)}\n${more}`;

describe('SIGHUP', () => {
  test('applies what can change while running, names what needs a restart, and refuses a bad file', async () => {
    await using folder = await temporaryFolder();
    const config = join(folder.path, 'tacho.toml');
    writeFileSync(config, 'max_stream_hz = 100\n');
    const args = ['--config', config];
    const daemon = await startDaemon({ dataDir: join(folder.path, 'data'), args });
    const next = follow(daemon);
    const hangUp = () => process.kill(daemon.pid, 'SIGHUP');
    try {
      hangUp();
      await next(/"settings read again"/);

      writeFileSync(config, 'max_stream_hz = 50\ncors_origins = ["https://a.example"]\nlog_level = "warn"\n');
      hangUp();
      await next(/"changed settings that need a restart: cors_origins, max_stream_hz"/);
      expect(daemon.lines.join('\n')).not.toContain('now in force');

      writeFileSync(config, 'max_stream_hz = 50\nlog_level = "info"\nlisen = "x"\n');
      hangUp();
      expect(JSON.parse(await next(/not reloaded/))).toMatchObject({
        msg: `the settings were not reloaded, everything stays as it was: ${config} line 3: there is no setting "lisen"; did you mean listen?`,
      });

      rmSync(config);
      hangUp();
      await next(/not reloaded.*cannot read the settings file/);

      writeFileSync(config, 'log_level = "info"\ntls_cert = "/x.crt"\ntls_key = "/x.key"\n');
      hangUp();
      await next(/now in force: log_level"/);
      await next(/need a restart: tls_cert, tls_key, max_stream_hz"/);
      expect((await fetch(`${daemon.url}/healthz`)).status).toBe(200);
    } finally {
      expect(await daemon.stop()).toBe(0);
    }
  });

  test.each(['source', 'bundle'] as const)('brings a new certificate into force (%s)', async (entry) => {
    await using folder = await temporaryFolder();
    const first = makeCertificate(folder.path, { name: 'first' });
    const second = makeCertificate(folder.path, { name: 'second' });
    const config = join(folder.path, 'tacho.toml');
    writeFileSync(config, tomlOf(first));
    const args = ['--config', config];
    const daemon = await startDaemon({ entry, dataDir: join(folder.path, 'data'), args });
    const next = follow(daemon);
    try {
      expect(daemon.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
      const kept = await secure(daemon.url);
      expect(kept.getPeerCertificate().subject.CN).toBe('first');

      writeFileSync(config, tomlOf({ ...second, keyPath: first.keyPath }, 'log_level = "warn"\n'));
      process.kill(daemon.pid, 'SIGHUP');
      await next(/"the settings were not reloaded, everything stays as it was: tls_key \S+ is not the key of/);
      expect(await nameServed(daemon.url)).toBe('first');

      writeFileSync(config, tomlOf(second));
      process.kill(daemon.pid, 'SIGHUP');
      await next(/"new connections get the TLS certificate of \S+second\.crt, valid until /);
      await next(/now in force: tls_cert, tls_key"/);
      expect(await nameServed(daemon.url)).toBe('second');
      expect(await ask(kept)).toBe('HTTP/1.1 200 OK');
      kept.destroy();
    } finally {
      expect(await daemon.stop()).toBe(0);
    }
  });
});

test('certificate files that are replaced are noticed; a pair that does not match is refused', async () => {
  await using folder = await temporaryFolder();
  const first = makeCertificate(folder.path, { name: 'first' });
  const second = makeCertificate(folder.path, { name: 'second' });
  const served = makeCertificate(folder.path, { name: 'served' });
  const args = ['--tls-cert', served.certPath, '--tls-key', served.keyPath];
  const daemon = await startDaemon({ dataDir: join(folder.path, 'data'), args });
  const next = follow(daemon);
  try {
    replaceCertificate({ ...first, keyPath: second.keyPath }, served);
    await next(/"the new TLS certificate was refused, the old one stays: tls_key /);
    expect(await nameServed(daemon.url)).toBe('served');
    replaceCertificate(first, served);
    await next(/"new connections get the TLS certificate of /);
    expect(await nameServed(daemon.url)).toBe('first');
  } finally {
    expect(await daemon.stop()).toBe(0);
  }
}, 60_000);

test('a certificate that cannot be used keeps the daemon from starting, in one clear line', async () => {
  await using folder = await temporaryFolder();
  const first = makeCertificate(folder.path, { name: 'first' });
  const second = makeCertificate(folder.path, { name: 'second' });
  const args = ['serve', '--data-dir', join(folder.path, 'data'), '--tls-cert', first.certPath, '--tls-key'];
  expect(await runTacho([...args, second.keyPath])).toEqual({
    code: 1,
    stdout: '',
    stderr: `tacho: tls_key ${second.keyPath} is not the key of the first certificate in tls_cert ${first.certPath}\n`,
  });
});

test('a daemon with TLS serves no HTTP', async () => {
  await using folder = await temporaryFolder();
  const { certPath, keyPath } = makeCertificate(folder.path);
  const args = ['--tls-cert', certPath, '--tls-key', keyPath];
  const daemon = await startDaemon({ dataDir: join(folder.path, 'data'), args });
  try {
    const socket = connectPlain(Number(new URL(daemon.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', () => {});
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'close');
    expect(answer).not.toContain('HTTP/');
  } finally {
    expect(await daemon.stop()).toBe(0);
  }
});
