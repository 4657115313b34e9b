import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Daemon } from '../support/daemon.ts';
import { ADMIN_PASSWORD, startDaemon, temporaryFolder } from '../support/daemon.ts';
import type { WatchedPage } from './harness.ts';
import { launchBrowser, openPage, skipWithoutChromium } from './harness.ts';
import { eventually } from './scenarios.ts';

interface Description {
  paths: Record<string, Record<string, object>>;
}

// Skipped only where there is no Chromium and nobody demanded one (CI does).
describe.skipIf(skipWithoutChromium)('the documentation of the API, before a real daemon', () => {
  let browser: Browser;
  let daemon: Daemon;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let watched: WatchedPage;
  let page: Page;
  let errors: string[];

  beforeAll(async () => {
    browser = await launchBrowser();
    folder = await temporaryFolder();
    daemon = await startDaemon({ dataDir: folder.path });
  });
  afterAll(async () => {
    await browser?.close();
    await daemon?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  beforeEach(() => open());
  afterEach(async () => {
    expect([watched.problems, errors]).toEqual([[], []]);
    await page.context().close();
  });

  async function open(address = '/api/docs', options = {}): Promise<void> {
    await watched?.page.context().close();
    watched = await openPage(browser, daemon.url, options);
    ({ page } = watched);
    errors = [];
    page.on('console', (line) => {
      if (line.type() === 'error' && !line.text().startsWith('Failed to load resource')) errors.push(line.text());
    });
    await page.goto(address);
    await page.getByTestId('filter').waitFor();
  }

  async function logIn(): Promise<void> {
    await page.getByTestId('token').locator('summary').click();
    await page.getByLabel('Username').fill('admin');
    await page.getByLabel('Password').fill(ADMIN_PASSWORD);
    await page.getByRole('button', { name: 'Log in' }).click();
    await eventually(() => page.getByTestId('token-state').textContent()).toBe('A token is set.');
  }

  const statusIn = (id: string) => page.getByTestId(id).getByTestId('answer').locator('.status-badge').textContent();
  const bodyIn = (id: string) => page.getByTestId(id).getByTestId('answer-body').textContent();

  test('lists everything that the description has, to anybody', async () => {
    const { paths } = (await (await fetch(`${daemon.url}/api/openapi.json`)).json()) as Description;
    const described = Object.entries(paths).flatMap(([path, operations]) => Object.keys(operations).map(() => path));
    const shown = await page.locator('.operation .path').allTextContents();
    expect(shown.toSorted()).toEqual(described.toSorted());
    expect(new Set(await page.locator('.operation').evaluateAll((all) => all.map(({ id }) => id)))).toHaveLength(
      described.length,
    );
  });

  test('the filter leaves what fits, and says how many', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('password');
    await eventually(() => page.locator('.operation').count()).toBe(1);
    expect(await page.getByTestId('filter-count').textContent()).toMatch(/^1 of \d+ operations$/);
    await page.getByTestId('filter').fill('nothing like that');
    await page.getByRole('button', { name: 'Show all' }).click();
    await eventually(() => page.locator('.operation').count()).toBeGreaterThan(5);
  });

  test('an address leads to its operation, which opens by mouse and keyboard alike', async () => {
    await open('/api/docs#put-api-config');
    const operation = page.getByTestId('put-api-config');
    await operation.getByText('Time between stored samples').first().waitFor();
    expect(await page.evaluate('document.activeElement.parentElement.id')).toBe('put-api-config');
    await page.keyboard.press('Enter');
    await eventually(() => operation.getAttribute('open')).toBeNull();
    await page.getByTestId('get-api-config').locator('summary').first().click();
    await page.getByTestId('get-api-config').getByTestId('command').waitFor();
    expect(new URL(page.url()).hash).toBe('#get-api-config');
  });

  test('a request is refused without a token and answered with one, which no command shows', async () => {
    await open('/api/docs#get-api-config');
    const operation = page.getByTestId('get-api-config');
    await operation.getByRole('button', { name: 'Send GET' }).click();
    await eventually(() => statusIn('get-api-config')).toBe('401');
    await logIn();
    await operation.getByRole('button', { name: 'Send GET' }).click();
    await eventually(() => statusIn('get-api-config')).toBe('200');
    expect(JSON.parse((await bodyIn('get-api-config')) ?? '')).toMatchObject({ sampling_interval_seconds: 5 });
    expect(await operation.getByTestId('answer-time').textContent()).toMatch(/^\d+ ms$/);
    await operation.locator('.answer-headers > summary').click();
    expect(await operation.locator('.answer-headers dt').allTextContents()).toContain('content-type');
    expect(await operation.getByTestId('command').textContent()).toBe(
      `curl -H "Authorization: Bearer $TOKEN" '${daemon.url}/api/config'`,
    );
    await page.reload();
    await eventually(() => page.getByTestId('token-state').textContent()).toBe('No token is set.');
  });

  test('parameters and bodies are filled in, sent, and part of the command', async () => {
    await open('/api/docs#get-api-history-metrics');
    await logIn();
    const history = page.getByTestId('get-api-history-metrics');
    await history.getByLabel('metric_type').selectOption('memory');
    await history.getByLabel('limit').fill('3');
    expect(await history.getByTestId('command').textContent()).toMatch(/metric_type=memory&.*limit=3'$/);
    await history.getByRole('button', { name: 'Send GET' }).click();
    await eventually(() => statusIn('get-api-history-metrics')).toBe('200');
    expect(JSON.parse((await bodyIn('get-api-history-metrics')) ?? '')).toMatchObject({ metric_type: 'memory' });

    await page.getByTestId('put-api-config').locator('summary').first().click();
    const change = page.getByTestId('put-api-config');
    await change.getByText('This is not a read').waitFor();
    expect(await change.getByLabel('Body (JSON)').inputValue()).toBe('{}');
    await change.getByLabel('Body (JSON)').fill('{ "perf_events_interval_ms": 2000 }');
    expect(await change.getByTestId('command').textContent()).toContain(`-d '{"perf_events_interval_ms":2000}'`);
    await change.getByRole('button', { name: 'Send PUT' }).click();
    await eventually(() => statusIn('put-api-config')).toBe('200');
    expect(await bodyIn('put-api-config')).toContain('"perf_events_interval_ms": 2000');
  });

  test('a wrong password is told at the login', async () => {
    await page.getByTestId('token').locator('summary').click();
    await page.getByLabel('Username').fill('admin');
    await page.getByLabel('Password').fill('wrong');
    await page.keyboard.press('Enter');
    await eventually(() => page.getByTestId('token-password-note').textContent()).toBe('Invalid username or password');
  });

  test('what is not JSON is shown as it is, and a WebSocket is called one', async () => {
    await open('/api/docs#get-metrics');
    await logIn();
    await page.getByTestId('get-metrics').getByRole('button', { name: 'Send GET' }).click();
    await eventually(() => bodyIn('get-metrics')).toContain('# EOF');
    const socket = page.getByTestId('get-api-ws-metrics');
    await socket.locator('summary').first().click();
    expect(await socket.locator('.method').first().textContent()).toBe('WS');
    expect(await socket.getByTestId('command').textContent()).toMatch(/^ws:\/\/.+\/api\/ws\/metrics\?token=\$TOKEN$/);
  });

  test('a phone shows it without scrolling sideways', async () => {
    await open('/api/docs#put-api-config', { viewport: { width: 390, height: 844 } });
    await page.getByTestId('put-api-config').getByRole('button', { name: 'Send PUT' }).waitFor();
    const [content, screen] = await page.evaluate<[number, number]>(
      '[document.documentElement.scrollWidth, innerWidth]',
    );
    expect(content).toBeLessThanOrEqual(screen);
  });
});
