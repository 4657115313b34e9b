import { describe, expect, test } from 'vitest';
import { skipWithoutChromium } from './harness.ts';
import { excessWidth, pagesBeforeMock, parametersOf } from './history-page.ts';
import { drawnBetween, eventually } from './scenarios.ts';

// Skipped only where there is no Chromium and nobody demanded one (CI does).
describe.skipIf(skipWithoutChromium)('the compare view before a mock daemon', () => {
  const open = pagesBeforeMock();
  const at = async (...opening: Parameters<typeof open>) => {
    const opened = await open(...opening);
    await eventually(() => opened.page.locator('.compare').getAttribute('aria-busy')).toBe('false');
    return opened;
  };

  test('shows the last hour over that of yesterday, with what changed on average', async () => {
    const { page, asked, problems, errors } = await at('/app/compare');
    expect(Object.fromEntries(asked[0] ?? [])).toEqual({
      metric_type: 'cpu',
      period: 'hour',
      compare_to: 'yesterday',
      limit: '10000',
    });
    await eventually(() => page.getByTestId('change').textContent()).toBe('+14.3 %');
    expect(await page.getByTestId('current-average').textContent()).toBe('38.4 %');
    expect(await page.getByTestId('comparison-average').textContent()).toBe('33.6 %');
    expect(await page.locator('.compare-summary').textContent()).toContain('+4.8 percentage points');
    expect(await drawnBetween(page, 'compare-usage', 0.1, 0.9)).toBe(true);
    expect([...problems, ...errors]).toEqual([]);
  });

  test('the legend shows both values, and when each of them was', async () => {
    const { page } = await at(
      '/app/compare?from=2026-03-02T10:00:00Z&to=2026-03-02T12:00:00Z&before=2026-03-01T06:00:00Z',
    );
    const over = page.locator('.panel-compare-usage .u-over');
    const { width } = (await over.boundingBox()) ?? { width: 0 };
    await over.hover({ position: { x: width / 2, y: 40 } });
    const panel = page.locator('.panel-compare-usage');
    await eventually(() => panel.locator('[data-moment]').textContent()).toBe('2 Mar 11:00 · 1 Mar 07:00');
    expect(await panel.getByTestId('legend-usage-current').textContent()).toMatch(/^\d+\.\d%$/);
    expect(await panel.getByTestId('legend-usage-comparison').textContent()).toMatch(/^\d+\.\d%$/);
  });

  test('a gap in one period is a gap in its line, and none in the other', async () => {
    const { page } = await at(
      '/app/compare?from=2026-03-02T10:00:00Z&to=2026-03-02T12:00:00Z&before=2026-03-01T10:00:00Z',
      {
        prepare: (server) => {
          server.history.gaps = [{ fromMs: Date.UTC(2026, 2, 2, 10, 40), toMs: Date.UTC(2026, 2, 2, 11, 20) }];
        },
      },
    );
    await eventually(() => drawnBetween(page, 'compare-usage', 0.1, 0.3)).toBe(true);
    // The dashes of the other line are grey: what has a colour is the current period's.
    expect(await drawnBetween(page, 'compare-usage', 0.36, 0.64)).toBe(false);
    expect(await page.getByTestId('legend-usage-comparison').textContent()).toMatch(/^\d+\.\d%$/);
  });

  test('what is compared, the period and what with are chosen, and stand in the address', async () => {
    const { page, asked } = await at('/app/compare');
    await page.getByRole('button', { name: 'Network' }).click();
    await page.getByRole('button', { name: 'The last week' }).click();
    await page.getByRole('button', { name: 'A week earlier' }).click();
    await eventually(() => Object.fromEntries(asked.at(-1) ?? [])).toEqual({
      metric_type: 'network',
      period: 'week',
      compare_to: 'last_week',
      limit: '10000',
    });
    await page.locator('.panel-compare-traffic').waitFor();
    expect(Object.fromEntries(parametersOf(page))).toEqual({ type: 'network', period: 'week', against: 'last_week' });
    await page.goBack();
    await eventually(() => asked.at(-1)?.get('compare_to')).toBe('yesterday');
  });

  test('of two spans of one’s own the second ends by itself', async () => {
    const { page, asked } = await at('/app/compare?type=disk');
    await page.getByRole('button', { name: 'Custom' }).click();
    await page.getByLabel('Current from').fill('2026-03-02T10:00:00');
    await page.getByLabel('to', { exact: true }).fill('2026-03-02T12:30:00');
    await page.getByLabel('Compared with from').fill('2026-03-01T22:00:00');
    expect(await page.getByTestId('second-end').textContent()).toBe('2 Mar 2026 00:30');
    const before = asked.length;
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    await eventually(() => asked.length).toBe(before + 1);
    expect(Object.fromEntries(asked.at(-1) ?? [])).toEqual({
      metric_type: 'disk',
      start_time_1: '2026-03-02T10:00:00Z',
      end_time_1: '2026-03-02T12:30:00Z',
      start_time_2: '2026-03-01T22:00:00Z',
      end_time_2: '2026-03-02T00:30:00Z',
      limit: '10000',
    });
    await eventually(() => page.locator('.compare-when').last().textContent()).toContain('1 Mar 22:00 – 2 Mar 00:30');
  });

  test('spans that end before they begin are refused before they are sent', async () => {
    const { page, asked } = await at('/app/compare');
    const before = asked.length;
    await page.getByRole('button', { name: 'Custom' }).click();
    await page.getByLabel('to', { exact: true }).fill('2020-03-02T12:30:00');
    expect(await page.getByTestId('second-end').textContent()).toBe('–');
    await page.keyboard.press('Enter');
    expect(await page.getByRole('dialog').getByRole('alert').textContent()).toBe(
      'The end must be later than the start.',
    );
    expect(asked).toHaveLength(before);
  });

  test('what has no value is a dash, and a period without records leaves the other one', async () => {
    const { page } = await at('/app/compare', {
      prepare: (server) => {
        server.history.change = (body) => ({
          ...body,
          summary: { current_avg: 38.4, comparison_avg: null, change_percent: null },
        });
        server.history.gaps = [{ fromMs: 0, toMs: Date.now() - 2 * 3_600_000 }];
      },
    });
    await eventually(async () => (await page.getByTestId('change').textContent())?.trim()).toBe('–');
    expect((await page.getByTestId('comparison-average').textContent())?.trim()).toBe('–');
    expect(await page.getByTestId('legend-usage-comparison').textContent()).toBe('–');
    expect(await drawnBetween(page, 'compare-usage', 0.1, 0.9)).toBe(true);
  });

  test('figures that neither period has are left out, and nothing at all is said', async () => {
    const { page, server } = await at('/app/compare?type=memory_bandwidth');
    await page.locator('.panel-compare-faults').waitFor();
    expect(await page.locator('.panel-compare-bandwidth').count()).toBe(0);
    await page.getByRole('button', { name: 'Perf' }).click();
    await page.locator('.panel-compare-switches').waitFor();
    expect(await page.locator('.panel-compare-ipc').count()).toBe(0);
    server.history.gaps = [{ fromMs: 0, toMs: Date.now() }];
    await page.getByRole('button', { name: 'CPU' }).click();
    await page.getByText('No data in either period').waitFor();
  });

  test('a failure is told and can be tried again', async () => {
    const { page, server } = await at('/app/compare', { prepare: (server) => server.history.failing.add('cpu') });
    await eventually(() => page.getByTestId('notices').textContent()).toContain('The store is not available');
    server.history.failing.clear();
    await page.getByRole('button', { name: 'Try again' }).click();
    await eventually(() => page.getByTestId('change').textContent()).toBe('+14.3 %');
  });

  test.each([360, 390, 820])('fits on %d pixels', async (width) => {
    const { page } = await at('/app/compare', {
      options: { viewport: { width, height: 800 }, isMobile: width < 500 },
    });
    expect(await excessWidth(page)).toBeLessThanOrEqual(0);
    for (const name of ['CPU', 'Paging', 'Perf', 'The last week', 'A week earlier']) {
      const clipped = await page
        .getByRole('button', { name })
        .evaluate((button) => button.scrollWidth > button.clientWidth);
      expect(clipped, name).toBe(false);
    }
  });
});
