import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeCertificate } from '../support/certificates.ts';
import { ADMIN_PASSWORD, startDaemon, temporaryFolder } from '../support/daemon.ts';
import { launchBrowser, openPage, skipWithoutChromium } from './harness.ts';
import { eventually, logIn } from './scenarios.ts';

describe.skipIf(skipWithoutChromium)('the page over HTTPS', () => {
  test('logs in and gets its figures over a secure WebSocket', async () => {
    await using folder = await temporaryFolder();
    const { certPath, keyPath } = makeCertificate(folder.path);
    const args = ['--tls-cert', certPath, '--tls-key', keyPath];
    const daemon = await startDaemon({ dataDir: join(folder.path, 'data'), args });
    const browser = await launchBrowser();
    try {
      const { page, problems, messages } = await openPage(browser, daemon.url, { ignoreHTTPSErrors: true });
      const sockets: string[] = [];
      page.on('websocket', (socket) => void sockets.push(new URL(socket.url()).protocol));
      await logIn(page, 'admin', ADMIN_PASSWORD);
      await eventually(() => messages.length).toBeGreaterThan(0);
      expect(new Set(sockets)).toEqual(new Set(['wss:']));
      expect(problems).toEqual([]);
    } finally {
      await browser.close();
      expect(await daemon.stop()).toBe(0);
    }
  });
});
