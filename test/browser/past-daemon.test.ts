import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Daemon } from '../support/daemon.ts';
import { ADMIN_PASSWORD, startDaemon, temporaryFolder } from '../support/daemon.ts';
import { launchBrowser, openPage, skipWithoutChromium } from './harness.ts';
import { drag, parametersOf, settled, watchErrors } from './history-page.ts';
import { recordPast } from './recorded-host.ts';
import { drawnBetween, eventually, logIn } from './scenarios.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

// Skipped only where there is no Chromium and nobody demanded one (CI does).
describe.skipIf(skipWithoutChromium)('the past of a real daemon in the page', () => {
  const nowMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  let browser: Browser;
  let daemon: Daemon;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeAll(async () => {
    browser = await launchBrowser();
    folder = await temporaryFolder();
    await recordPast(folder.path, {
      fromMs: nowMs - 26 * HOUR_MS,
      toMs: nowMs,
      everyMs: MINUTE_MS,
      gap: { fromMs: nowMs - 4 * HOUR_MS, toMs: nowMs - 2 * HOUR_MS },
    });
    daemon = await startDaemon({ dataDir: folder.path });
  });
  afterAll(async () => {
    await browser?.close();
    await daemon?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  /** Opens an address as the administrator; whatever goes wrong on the page fails the test. */
  async function at(address: string, look: (page: Page) => Promise<void>): Promise<void> {
    const { page, problems } = await openPage(browser, daemon.url, { timezoneId: 'UTC' });
    try {
      const errors = watchErrors(page);
      await logIn(page, 'admin', ADMIN_PASSWORD);
      await page.goto(address);
      await look(page);
      expect([...problems, ...errors]).toEqual([]);
    } finally {
      await page.context().close();
    }
  }

  test('a preset shows what was recorded, and the gap in it', () =>
    at('/app/history?range=6h', async (page) => {
      await settled(page);
      for (const panel of ['cpu', 'load', 'memory', 'network', 'disk', 'latency', 'filesystems', 'paging']) {
        expect(await drawnBetween(page, panel, 0.05, 0.3), panel).toBe(true);
        expect(await drawnBetween(page, panel, 0.36, 0.64), panel).toBe(false);
        expect(await drawnBetween(page, panel, 0.7, 0.95), panel).toBe(true);
      }
      expect(await page.getByTestId('legend-memory-used').textContent()).toMatch(/^[56]\.\d+ GiB$/);
      expect(await page.getByTestId('notices').textContent()).toBe('');
    }));

  test('zooming into it and back changes what is shown', () =>
    at('/app/history?range=6h', async (page) => {
      await settled(page);
      await drag(page, 'cpu', 0.36, 0.64);
      await eventually(() => page.locator('.panel-cpu').textContent()).toContain('No data in this span');
      await page.locator('.panel-cpu .u-over').dblclick();
      await eventually(() => parametersOf(page).get('range')).toBe('6h');
      await eventually(() => drawnBetween(page, 'cpu', 0.05, 0.3)).toBe(true);
    }));

  test('all there is begins with the first record', () =>
    at('/app/history?range=all', async (page) => {
      await settled(page);
      expect(await drawnBetween(page, 'cpu', 0, 0.05)).toBe(true);
      expect(await page.getByTestId('history-status').textContent()).toContain('5 min per point');
    }));

  test('a span of one’s own shows what was recorded then', () =>
    at('/app/history', async (page) => {
      await settled(page);
      const text = (timeMs: number) => new Date(timeMs).toISOString().slice(0, 19);
      await page.getByTestId('range').click();
      await page.getByLabel('From').fill(text(nowMs - 20 * HOUR_MS));
      await page.getByLabel('To', { exact: true }).fill(text(nowMs - 19 * HOUR_MS));
      await page.keyboard.press('Enter');
      await eventually(() => parametersOf(page).has('from')).toBe(true);
      await settled(page);
      expect(await drawnBetween(page, 'network', 0, 0.1)).toBe(true);
      expect(await drawnBetween(page, 'network', 0.9, 1)).toBe(true);
    }));

  test('one device and one interface can be looked at alone', () =>
    at('/app/history?range=24h&device=nvme0n1&interface=eth0', async (page) => {
      await settled(page);
      expect(await page.getByTestId('legend-latency-read').textContent()).toMatch(/ms$/);
      expect(await page.getByTestId('legend-packets-sent').textContent()).toMatch(/\d.*\/s$/);
    }));

  test('the last hour is compared with that of yesterday', () =>
    at('/app/compare', async (page) => {
      await eventually(() => page.getByTestId('change').textContent()).toMatch(/^[+−]?\d+\.\d %$/);
      expect(await page.getByTestId('comparison-average').textContent()).toMatch(/^\d+\.\d %$/);
      await eventually(() => drawnBetween(page, 'compare-usage', 0.1, 0.9)).toBe(true);
      expect(await page.getByTestId('legend-load-comparison').textContent()).toMatch(/^\d\.\d\d$/);
    }));

  test('two spans of one’s own are compared', () => {
    const hoursAgoText = (hoursAgo: number) => `${new Date(nowMs - hoursAgo * HOUR_MS).toISOString().slice(0, 19)}Z`;
    return at(
      `/app/compare?type=disk&from=${hoursAgoText(10)}&to=${hoursAgoText(8)}&before=${hoursAgoText(20)}`,
      async (page) => {
        await eventually(() => page.getByTestId('change').textContent()).toMatch(/^[+−]?\d+\.\d %$/);
        expect(await page.getByTestId('legend-busiest-comparison').textContent()).toMatch(/^\d+\.\d%$/);
        await eventually(() => drawnBetween(page, 'compare-throughput', 0, 0.1)).toBe(true);
      },
    );
  });
});
