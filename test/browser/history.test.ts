import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { skipWithoutChromium } from './harness.ts';
import { excessWidth, pagesBeforeMock, parametersOf, settled } from './history-page.ts';
import { drawnBetween, eventually } from './scenarios.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const TYPES = ['cpu', 'disk', 'memory', 'memory_bandwidth', 'network', 'perf_events'];

const types = (asked: URLSearchParams[]) => asked.map((query) => query.get('metric_type')).toSorted();
const lengthMs = (query: URLSearchParams | undefined) =>
  Date.parse(query?.get('end_time') ?? '') - Date.parse(query?.get('start_time') ?? '');

// Skipped only where there is no Chromium and nobody demanded one (CI does).
describe.skipIf(skipWithoutChromium)('the history view before a mock daemon', () => {
  const open = pagesBeforeMock();
  const at = async (...opening: Parameters<typeof open>) => {
    const opened = await open(...opening);
    await settled(opened.page);
    return opened;
  };

  test('is reached from the navigation and shows the last hour', async () => {
    const { page, asked, problems, errors } = await open('/');
    await page.getByRole('link', { name: 'History' }).click();
    await page.getByRole('heading', { name: 'History' }).waitFor();
    await settled(page);
    expect(types(asked)).toEqual(TYPES);
    expect(asked[0]?.get('interval')).toBe('1m');
    expect(await drawnBetween(page, 'cpu', 0.05, 0.95)).toBe(true);
    expect(await page.getByTestId('legend-cpu-user').textContent()).toMatch(/^\d+\.\d%$/);
    expect([...problems, ...errors]).toEqual([]);
  });

  test('a preset changes the address and what is asked for; the back button undoes it', async () => {
    const { page, asked } = await at('/app/history');
    asked.length = 0;
    await page.getByRole('button', { name: 'Last 7 days' }).click();
    await eventually(() => types(asked)).toEqual(TYPES);
    expect(parametersOf(page).get('range')).toBe('7d');
    expect(asked[0]?.get('interval')).toBe('1h');
    await page.goBack();
    await eventually(() =>
      page.getByRole('button', { name: 'Last hour', exact: true }).getAttribute('aria-pressed'),
    ).toBe('true');
    await eventually(() => asked.length).toBe(2 * TYPES.length);
    expect(lengthMs(asked.at(-1))).toBeLessThanOrEqual(HOUR_MS + MINUTE_MS);
  });

  test('all there is begins with the oldest record', async () => {
    const { page, asked } = await at('/app/history?range=all');
    const oldest = (await page.request
      .get('/api/config/retention', { headers: { authorization: `Bearer ${await tokenOf(page)}` } })
      .then((answer) => answer.json())) as { oldest_record: string };
    expect(asked.at(-1)?.get('start_time')?.slice(0, 13)).toBe(oldest.oldest_record.slice(0, 13));
    expect(asked.at(-1)?.get('interval')).toBe('1h');
  });

  test('a reload shows the same again', async () => {
    const address = '/app/history?from=2026-03-01T10:00:00Z&to=2026-03-01T11:00:00Z&interval=1m&device=sda';
    const { page, asked } = await at(address);
    const before = asked.map(String);
    asked.length = 0;
    await page.reload();
    await settled(page);
    expect(asked.map(String).toSorted()).toEqual(before.toSorted());
    expect(await page.getByTestId('range').textContent()).toContain('10:00 – 11:00');
    expect(await page.getByRole('combobox', { name: 'Device' }).inputValue()).toBe('sda');
    expect(page.url()).toContain(address);
  });

  test('who has to log in first comes back to the address', async () => {
    const { page, server } = await at('/app/history?range=6h');
    server.revokeTokens();
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByLabel('Username').fill(server.username);
    await page.getByLabel('Password').fill(server.password);
    await page.keyboard.press('Enter');
    await settled(page);
    expect(parametersOf(page).get('range')).toBe('6h');
  });

  test('a span of one’s own asks for nothing before it is complete, and says what is wrong with it', async () => {
    const { page, asked } = await at('/app/history');
    await page.getByTestId('range').click();
    asked.length = 0;
    await page.getByLabel('From').fill('2026-03-01T12:00:00');
    await page.getByLabel('To', { exact: true }).fill('2026-03-01T10:00:00');
    await page.keyboard.press('Enter');
    expect(await page.getByRole('dialog').getByRole('alert').textContent()).toBe(
      'The end must be later than the start.',
    );
    expect(asked).toEqual([]);
    await page.getByLabel('To', { exact: true }).fill('2026-03-01T18:00:00');
    await page.keyboard.press('Enter');
    await eventually(() => types(asked)).toEqual(TYPES);
    expect(asked[0]?.get('start_time')).toBe('2026-03-01T12:00:00.000Z');
    expect(asked[0]?.get('end_time')).toBe('2026-03-01T18:00:00.000Z');
    expect(page.url()).toContain('from=2026-03-01T12:00:00Z&to=2026-03-01T18:00:00Z');
  });

  test('the fields are in the zone that is chosen', async () => {
    const { page } = await at('/app/history?from=2026-03-01T10:00:00Z&to=2026-03-01T11:00:00Z', {
      options: { timezoneId: 'Asia/Tokyo' },
    });
    await page.getByTestId('range').click();
    expect(await page.getByLabel('From').inputValue()).toBe('2026-03-01T19:00');
    await page.keyboard.press('Escape');
    await page.getByTestId('zone').click();
    await page.getByTestId('range').click();
    expect(await page.getByLabel('From').inputValue()).toBe('2026-03-01T10:00');
  });

  test('steps go by one span, and zooming out doubles it', async () => {
    const { page } = await at('/app/history?from=2026-03-01T10:00:00Z&to=2026-03-01T12:00:00Z');
    await page.getByRole('button', { name: 'One span earlier' }).click();
    await eventually(() => parametersOf(page).get('from')).toBe('2026-03-01T08:00:00Z');
    await page.getByRole('button', { name: 'One span later' }).click();
    await eventually(() => parametersOf(page).get('from')).toBe('2026-03-01T10:00:00Z');
    await page.getByRole('button', { name: 'Twice the span' }).click();
    await eventually(() => [parametersOf(page).get('from'), parametersOf(page).get('to')]).toEqual([
      '2026-03-01T09:00:00Z',
      '2026-03-01T13:00:00Z',
    ]);
  });

  test('the interval can be chosen where its points fit', async () => {
    const { page, asked } = await at('/app/history?range=24h');
    const interval = page.getByTestId('interval');
    expect(await interval.locator('option:disabled').allTextContents()).toEqual(['5 s']);
    await interval.selectOption('1m');
    await eventually(() => asked.at(-1)?.get('interval')).toBe('1m');
    expect(parametersOf(page).get('interval')).toBe('1m');
    await eventually(() => page.getByTestId('history-status').textContent()).toContain('1 min per point');
  });

  test('what is no longer wanted is cancelled', async () => {
    const { page } = await at('/app/history');
    const cancelled: string[] = [];
    page.on('requestfailed', (request) => cancelled.push(new URL(request.url()).searchParams.get('interval') ?? ''));
    const held = Promise.withResolvers<void>();
    await page.route(/interval=5m/, async (route) => {
      await held.promise;
      await route.continue().catch(() => undefined);
    });
    await page.getByRole('button', { name: 'Last 24 hours' }).click();
    await page.getByRole('button', { name: 'Last 7 days' }).click();
    await eventually(() => cancelled).toEqual(TYPES.map(() => '5m'));
    held.resolve();
    await settled(page);
    expect(await page.getByTestId('history-status').textContent()).toContain('1 h per point');
    await page.unrouteAll({ behavior: 'wait' });
  });

  test.each([360, 390, 820])('fits on %d pixels, with all views in the navigation', async (width) => {
    const { page } = await at('/app/history', {
      options: { viewport: { width, height: 800 }, isMobile: width < 500 },
    });
    expect(await excessWidth(page)).toBeLessThanOrEqual(0);
    for (const name of ['Live', 'History', 'Compare', 'Settings']) {
      const box = await page.getByRole('navigation').getByRole('link', { name }).boundingBox();
      expect(box && box.x >= 0 && box.x + box.width <= width && box.y + box.height <= 800, name).toBe(true);
    }
    await page.getByTestId('range').click();
    const box = await page.getByRole('dialog').boundingBox();
    expect(box && box.x >= 0 && box.x + box.width <= width).toBe(true);
  });

  test('can be used by keyboard and by ear', async () => {
    const { page } = await at('/app/history');
    await page.getByRole('button', { name: 'Last 6 hours', exact: true }).focus();
    await page.keyboard.press('Enter');
    await eventually(() => parametersOf(page).get('range')).toBe('6h');
    const opener = page.getByRole('button', { name: 'Choose a time span: Last 6 hours' });
    await opener.focus();
    await page.keyboard.press('Enter');
    expect(await page.getByLabel('From').evaluate((input) => input === input.ownerDocument.activeElement)).toBe(true);
    await page.keyboard.press('Escape');
    await eventually(() => opener.evaluate((button) => button === button.ownerDocument.activeElement)).toBe(true);
    const outline = await page.locator('body').ariaSnapshot();
    for (const landmark of ['group "Time span"', 'region "Processor"', 'region "Network"', 'status', 'heading "CPU"'])
      expect(outline).toContain(landmark);
    expect(outline).not.toMatch(/- (button|link|combobox)$/m);
  });
});

/** The token of the page's session. */
async function tokenOf(page: Page): Promise<string> {
  const stored = await page.evaluate<string>("sessionStorage.getItem('tacho.session')");
  return JSON.parse(stored).token;
}
