import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Daemon } from '../support/daemon.ts';
import { ADMIN_PASSWORD, logIn, startDaemon, temporaryFolder } from '../support/daemon.ts';
import { launchBrowser, openPage, skipWithoutChromium } from './harness.ts';
import { eventually, livePage, logIn as logInOn, wrongPassword } from './scenarios.ts';

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

  test('shows what is counted on this host, and why the rest is not', async () => {
    const { page, problems, messages } = await openPage(browser, daemon.url);
    try {
      await logInOn(page, 'admin', ADMIN_PASSWORD);
      await eventually(() => page.getByTestId('memory-usage').textContent()).toMatch(/\d/);
      await eventually(() => messages.length).toBeGreaterThan(2);
      const { perf, perf_events, memory_bandwidth } = JSON.parse(messages.at(-1) ?? '').data;
      const shown = async (testId: string) => (await page.getByTestId(testId).allTextContents()).join();
      if (perf_events.available) expect(await shown('perf-switches')).toMatch(/\d/);
      const missing = perf_events.available ? perf : perf_events;
      if (!missing.available) expect(await shown('perf-unavailable')).toContain(missing.reason);
      if (memory_bandwidth.source) expect(await shown('bandwidth-source')).toContain(memory_bandwidth.source);
      else expect(await shown('bandwidth-unavailable')).toContain(memory_bandwidth.reason);
      expect(problems).toEqual([]);
    } finally {
      await page.context().close();
    }
  });

  test('refuses a wrong password', () => wrongPassword(browser, daemon.url, 'admin'));
});
