import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { WatchedPage } from './harness.ts';
import { launchBrowser, openPage, skipWithoutChromium } from './harness.ts';
import { NO_CONTROLLERS, NO_PMU } from './mock-metrics.ts';
import type { MockOptions } from './mock-server.ts';
import { MockServer } from './mock-server.ts';
import { drawnEdges, eventually, figure, livePage, logIn, wrongPassword } from './scenarios.ts';

/** The red part of the page's background, 0 to 255. */
async function backgroundRed(page: Page): Promise<number> {
  const background = await page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor');
  return Number(/\d+/.exec(background)?.[0]);
}

// Skipped only where there is no Chromium and nobody demanded one (CI does).
describe.skipIf(skipWithoutChromium)('the page before a mock daemon', () => {
  let browser: Browser;
  let server: MockServer;
  let baseUrl: string;
  const opened: WatchedPage[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    for (const { page } of opened.splice(0)) await page.context().close();
    await server.stop();
  });

  async function serve(options: MockOptions = {}): Promise<void> {
    server = new MockServer({ intervalMs: 250, ...options });
    baseUrl = await server.start();
  }

  async function open(options: BrowserContextOptions = {}): Promise<WatchedPage> {
    const watched = await openPage(browser, baseUrl, options);
    opened.push(watched);
    return watched;
  }

  /** Logged in, with figures shown. */
  async function live(options: BrowserContextOptions = {}): Promise<WatchedPage> {
    const watched = await open(options);
    await logIn(watched.page, server.username, server.password);
    await eventually(() => figure(watched.page, 'memory-usage').textContent()).toMatch(/\d/);
    return watched;
  }

  test('shows a host to a person who logs in', async () => {
    await serve();
    await livePage(browser, baseUrl, server.username, server.password);
  });

  test('refuses a wrong password', async () => {
    await serve();
    await wrongPassword(browser, baseUrl, server.username);
  });

  test('a throttled login says how long to wait, and sends nothing meanwhile', async () => {
    await serve();
    server.throttleSeconds = 30;
    const { page } = await open();
    await page.goto('/login');
    await page.getByLabel('Username').fill(server.username);
    await page.getByLabel('Password').fill(server.password);
    await page.keyboard.press('Enter');
    await expect
      .poll(() => page.getByTestId('login-problem').textContent())
      .toMatch(/^Too many attempts. Try again in \d+ s/);
    let sent = 0;
    page.on('request', () => sent++);
    await page.keyboard.press('Enter');
    // Forced, for it is marked as disabled.
    await page.getByRole('button', { name: 'Log in' }).click({ force: true });
    expect(sent).toBe(0);
  });

  test('a daemon that is gone is named at the login', async () => {
    await serve();
    const { page } = await open();
    await page.goto('/login');
    server.up = false;
    await page.getByLabel('Username').fill(server.username);
    await page.getByLabel('Password').fill(server.password);
    await page.keyboard.press('Enter');
    await eventually(() => page.getByTestId('login-problem').textContent()).toContain('cannot be reached');
  });

  test('what has no value is a dash, never a 0', async () => {
    await serve();
    server.change = (metrics) => ({
      ...metrics,
      cpu: { ...metrics.cpu, usage_percent: null, per_core: [null, 12.5], load_avg: null },
      memory: { ...metrics.memory, usage_percent: null, cached_bytes: null },
      disk: { devices: {}, partitions: {} },
    });
    const { page } = await open();
    await logIn(page, server.username, server.password);
    await eventually(() => page.getByTestId('cores').locator('.core').allTextContents()).toEqual(['0–', '113%']);
    for (const testId of ['cpu-usage', 'load-1', 'load-15', 'memory-usage', 'memory-cached', 'disk-read'])
      expect((await figure(page, testId).textContent())?.trim(), testId).toBe('–');
    expect(await page.getByTestId('legend-cpu-other').textContent()).toBe('–');
    expect(await page.getByTestId('legend-cpu-user').textContent()).toMatch(/\d/);
    await page.getByText('No filesystems are reported.').waitFor();
  });

  test('a message without any block leaves dashes and breaks nothing', async () => {
    await serve();
    const { page, problems } = await live();
    server.change = () => ({});
    await eventually(async () => (await figure(page, 'cpu-usage').textContent())?.trim()).toBe('–');
    server.change = (metrics) => metrics;
    await eventually(() => figure(page, 'cpu-usage').textContent()).toMatch(/\d/);
    expect(problems).toEqual([]);
  });

  test('comes back by itself after the daemon was away', async () => {
    await serve();
    const { page, problems } = await live();
    server.up = false;
    server.cutSockets();
    await eventually(() => page.getByTestId('status-state').textContent()).toBe('Reconnecting');
    expect(await page.getByTestId('status-detail').textContent()).toMatch(/^in \d+ s · updated .+/);
    server.up = true;
    await eventually(() => page.getByTestId('status-state').textContent()).toBe('Live');
    await eventually(() => server.connections).toBe(1);
    expect(problems).toEqual([]);
  });

  test('goes offline and online with the browser', async () => {
    await serve();
    const { page } = await live();
    await page.context().setOffline(true);
    await eventually(() => page.getByTestId('status-state').textContent()).toBe('Offline');
    await page.context().setOffline(false);
    await eventually(() => page.getByTestId('status-state').textContent()).toBe('Live');
  });

  test('a connection that has gone quiet is called so', async () => {
    await serve();
    const { page } = await live();
    server.talking = false;
    await eventually(() => page.getByTestId('status-state').textContent()).toBe('No data');
  });

  test('a session that the daemon has ended leads to the login, which says so', async () => {
    await serve();
    const { page } = await live();
    server.revokeTokens();
    server.cutSockets();
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
    expect(await page.getByTestId('login-problem').textContent()).toContain('session has ended');
    await logIn(page, server.username, server.password);
    await eventually(() => figure(page, 'cpu-usage').textContent()).toMatch(/\d/);
  });

  test('fills its charts from the history, further back for a longer span', async () => {
    await serve();
    const asked: URLSearchParams[] = [];
    const { page } = await open();
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.pathname === '/api/history/metrics') asked.push(url.searchParams);
    });
    await logIn(page, server.username, server.password);
    await eventually(() => drawnEdges(page, 'cpu')).toEqual({ left: true, right: true });
    expect(asked.map((query) => query.get('metric_type')).toSorted()).toEqual(['cpu', 'disk', 'memory', 'network']);
    await page.getByTestId('window-30').click();
    await eventually(() => asked.length).toBe(8);
    const spanMs = Date.parse(asked[4]?.get('end_time') ?? '') - Date.parse(asked[4]?.get('start_time') ?? '');
    expect(spanMs / 60_000).toBeCloseTo(20, 0);
    await eventually(() => drawnEdges(page, 'network')).toEqual({ left: true, right: true });
  });

  test('charts without a history start empty and fill up', async () => {
    await serve({ history: false });
    const { page, problems } = await live();
    await page.getByTestId('window-2').click();
    await eventually(() => drawnEdges(page, 'cpu')).toEqual({ left: false, right: true });
    expect(problems).toEqual([]);
  });

  test('charts stand still under the pointer and show the values there', async () => {
    await serve();
    const { page } = await live();
    await eventually(async () => (await drawnEdges(page, 'cpu')).left).toBe(true);
    await page.locator('.panel-cpu .u-over').hover({ position: { x: 60, y: 60 } });
    await eventually(() => page.getByTestId('pause').getAttribute('data-held')).toBe('true');
    const moments = page.locator('[data-moment]');
    await eventually(async () => new Set(await moments.allTextContents()).size).toBe(1);
    expect(await moments.first().textContent()).toMatch(/^\d\d:\d\d:\d\d$/);
    await page.getByRole('heading', { name: 'Live' }).hover();
    await eventually(() => page.getByTestId('pause').getAttribute('data-held')).toBe('false');
  });

  test('says why there are no hardware counters, and shows what is counted all the same', async () => {
    await serve();
    const { page } = await live();
    expect(await page.getByTestId('perf-unavailable').textContent()).toBe(
      `The events of the CPUs are not counted${NO_PMU}`,
    );
    expect(await page.getByTestId('perf-switches').textContent()).toMatch(/k\/s$/);
    expect(await page.getByTestId('event-msr/tsc/').textContent()).toBe('4.20 G/s');
    expect(await page.getByTestId('ipc').count()).toBe(0);
    // What was said above is not said again.
    const rest = page.getByTestId('not-counted');
    await rest.getByText('One event is not counted').click();
    expect(await rest.locator('dl').innerText()).toBe('r13c\nthe PMU does not count this');
    expect(await page.getByTestId('bandwidth-unavailable').textContent()).toBe(`Not counted${NO_CONTROLLERS}`);
  });

  test('shows hardware counters and memory bandwidth where they are counted, and by what', async () => {
    await serve({ perfAvailable: true });
    const { page } = await live();
    server.change = (metrics) => ({ ...metrics, perf: { ...metrics.perf, ipc: 1.85 } });
    await eventually(() => page.getByTestId('ipc').textContent()).toBe('1.85');
    expect(await page.getByTestId('branch-misses').textContent()).toBe('1.3%');
    expect(await page.getByTestId('misses-llc').textContent()).toBe('0.50');
    expect(await page.getByTestId('misses-dtlb').textContent()).toBe('1.00');
    expect(await page.getByTestId('misses-l2').textContent()).toBe('–');
    expect(await page.getByTestId('perf-unavailable').count()).toBe(0);
    expect(await page.getByTestId('bandwidth-source').textContent()).toBe('counted by uncore_imc');
    expect(await page.getByTestId('bandwidth-total').textContent()).toMatch(/GiB\/s$/);
  });

  test('when nothing is counted, one reason is given', async () => {
    await serve();
    const reason = 'EACCES: perf_event_paranoid=4';
    const off = { available: false, reason };
    server.change = (metrics) => ({
      ...metrics,
      perf: off,
      perf_events: { ...off, events: {}, unsupported_reasons: { 'cpu-clock': reason, cycles: reason } },
    });
    const { page } = await live();
    expect(await page.getByTestId('perf-unavailable').textContent()).toBe(`Nothing is counted${reason}`);
    expect(await page.getByTestId('not-counted').count()).toBe(0);
    expect(await page.getByTestId('perf-switches').count()).toBe(0);
  });

  test('remembers the theme and the time zone', async () => {
    await serve();
    const { page } = await live({ colorScheme: 'light', timezoneId: 'Asia/Tokyo' });
    expect(await backgroundRed(page)).toBeGreaterThan(200);
    await page.getByRole('button', { name: 'Theme: system' }).click();
    await page.getByRole('button', { name: 'Theme: light' }).click();
    await page.getByTestId('clock').click();
    await page.reload();
    await page.getByRole('button', { name: 'Theme: dark' }).waitFor();
    expect(await page.locator('html').evaluate((html) => html.dataset.theme)).toBe('dark');
    expect(await backgroundRed(page)).toBeLessThan(40);
    await eventually(() => page.getByTestId('clock').textContent()).toContain('UTC');
    const utcHour = new Date().toISOString().slice(11, 13);
    expect(await page.getByTestId('clock').textContent()).toContain(`${utcHour}:`);
  });

  test.each([
    { cores: 2, width: 1440 },
    { cores: 256, width: 1440 },
    { cores: 64, width: 820 },
    { cores: 256, width: 360 },
  ])('fits $cores cores on $width pixels', async ({ cores, width }) => {
    await serve({ cores, perfAvailable: true });
    const { page } = await live({ viewport: { width, height: 800 }, isMobile: width < 500 });
    expect(await page.locator('.core').count()).toBe(cores);
    const excess = await page.locator('html').evaluate((html) => html.scrollWidth - html.clientWidth);
    expect(excess).toBeLessThanOrEqual(0);
    const box = await page.getByTestId('cores').boundingBox();
    expect(box?.height).toBeLessThan(420);
  });

  test('nothing jumps while the page fills', async () => {
    await serve();
    const { page } = await open();
    await page.addInitScript(`
      window.layoutShift = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.layoutShift += entry.value;
      }).observe({ type: 'layout-shift', buffered: true });
    `);
    await logIn(page, server.username, server.password);
    await page.reload();
    await eventually(() => drawnEdges(page, 'cpu')).toEqual({ left: true, right: true });
    expect(await page.evaluate('window.layoutShift')).toBeLessThan(0.01);
  });

  test('can be used by keyboard and by ear', async () => {
    await serve();
    const { page } = await live();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.locator(':focus').getAttribute('id')).toBe('content');
    const outline = await page.locator('body').ariaSnapshot();
    for (const landmark of ['banner', 'navigation "Main"', 'main', 'region "CPU"', 'region "Memory"', 'status'])
      expect(outline).toContain(landmark);
    expect(outline).toMatch(/img "4 cores; the busiest is core \d at [\d.]+%"/);
    expect(outline).not.toMatch(/- (button|link)$/m);
  });

  test('an unknown address says so and leads back', async () => {
    await serve();
    const { page } = await live();
    await page.goto('/app/nowhere');
    await page.getByRole('heading', { name: 'Nothing here' }).waitFor();
    await page.getByRole('link', { name: 'Go to the live view' }).click();
    await page.getByRole('heading', { name: 'Live' }).waitFor();
  });
});
