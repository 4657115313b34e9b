import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Daemon } from '../support/daemon.ts';
import { ADMIN_PASSWORD, logIn, startDaemon, temporaryFolder } from '../support/daemon.ts';
import { launchBrowser, skipWithoutChromium } from './harness.ts';
import { livePage, wrongPassword } from './scenarios.ts';

// Skipped only where there is no Chromium and nobody demanded one (CI does).
describe.skipIf(skipWithoutChromium)('the page before a real daemon', () => {
  let browser: Browser;
  let daemon: Daemon;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeAll(async () => {
    browser = await launchBrowser();
    folder = await temporaryFolder();
    daemon = await startDaemon({ dataDir: folder.path });
    const response = await fetch(`${daemon.url}/api/config`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${await logIn(daemon.url)}`, 'content-type': 'application/json' },
      body: JSON.stringify({ sampling_interval_seconds: 0.5 }),
    });
    expect(response.status).toBe(200);
  });
  afterAll(async () => {
    await browser?.close();
    await daemon?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  test('shows this host to a person who logs in', () => livePage(browser, daemon.url, 'admin', ADMIN_PASSWORD));

  test('refuses a wrong password', () => wrongPassword(browser, daemon.url, 'admin'));
});
