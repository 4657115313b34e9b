import { describe, expect, test } from 'vitest';
import { skipWithoutChromium } from './harness.ts';
import { drag, pagesBeforeMock, parametersOf, settled } from './history-page.ts';
import { NO_CONTROLLERS, NO_PMU } from './mock-metrics.ts';
import { drawnBetween, eventually } from './scenarios.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const TYPES = ['cpu', 'disk', 'memory', 'memory_bandwidth', 'network', 'perf_events'];

const types = (asked: URLSearchParams[]) => asked.map((query) => query.get('metric_type')).toSorted();

// Skipped only where there is no Chromium and nobody demanded one (CI does).
describe.skipIf(skipWithoutChromium)('the charts of the history before a mock daemon', () => {
  const open = pagesBeforeMock();
  const at = async (...opening: Parameters<typeof open>) => {
    const opened = await open(...opening);
    await settled(opened.page);
    return opened;
  };

  test('dragging on a chart zooms all of them; a double click, the button and the back button undo it', async () => {
    const { page, asked, problems } = await at('/app/history?from=2026-03-01T10:00:00Z&to=2026-03-01T14:00:00Z');
    asked.length = 0;
    await drag(page, 'cpu', 0.25, 0.75);
    await eventually(() => types(asked)).toEqual(TYPES);
    const minutesOff = (name: string, expected: string) =>
      Math.abs(Date.parse(parametersOf(page).get(name) ?? '') - Date.parse(expected)) / MINUTE_MS;
    expect(minutesOff('from', '2026-03-01T11:00:00Z')).toBeLessThan(2);
    expect(minutesOff('to', '2026-03-01T13:00:00Z')).toBeLessThan(2);
    await drag(page, 'memory', 0.2, 0.6);
    await eventually(() => asked.length).toBe(2 * TYPES.length);
    await page.locator('.panel-memory .u-over').dblclick();
    await eventually(() => minutesOff('from', '2026-03-01T11:00:00Z')).toBeLessThan(2);
    await page.getByRole('button', { name: 'Undo zoom' }).click();
    await eventually(() => parametersOf(page).get('from')).toBe('2026-03-01T10:00:00Z');
    expect(await page.getByRole('button', { name: 'Undo zoom' }).isDisabled()).toBe(true);
    await page.goBack();
    await eventually(() => minutesOff('from', '2026-03-01T11:00:00Z')).toBeLessThan(2);
    expect(problems).toEqual([]);
  });

  test('a finger that moves sideways zooms, one that scrolls does not', async () => {
    const { page } = await at('/app/history?from=2026-03-01T10:00:00Z&to=2026-03-01T14:00:00Z', {
      options: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
    });
    const swipe = (end: 'pointerup' | 'pointercancel') =>
      page.locator('.panel-cpu .u-over').evaluate((over, last) => {
        const { left, top, width } = over.getBoundingClientRect();
        const touch = (type: string, part: number) =>
          over.dispatchEvent(
            new over.ownerDocument.defaultView.PointerEvent(type, {
              bubbles: true,
              pointerType: 'touch',
              clientX: left + width * part,
              clientY: top + 40,
            }),
          );
        touch('pointerdown', 0.25);
        for (const part of [0.4, 0.6, 0.75]) touch('pointermove', part);
        touch(last, 0.75);
      }, end);
    await swipe('pointercancel');
    await swipe('pointerup');
    await eventually(() => parametersOf(page).get('from')).toMatch(/^2026-03-01T1[01]:/);
    // One entry: what was cancelled has left none.
    await page.goBack();
    await eventually(() => parametersOf(page).get('from')).toBe('2026-03-01T10:00:00Z');
  });

  test('a gap is a gap, for the eye and under the crosshair, which all charts share', async () => {
    const from = Date.UTC(2026, 2, 1, 10);
    const { page } = await at('/app/history?from=2026-03-01T10:00:00Z&to=2026-03-01T14:00:00Z', {
      prepare: (server) => {
        server.history.gaps = [{ fromMs: from + 1.5 * HOUR_MS, toMs: from + 2.5 * HOUR_MS }];
      },
    });
    for (const panel of ['cpu', 'memory', 'network', 'disk', 'filesystems']) {
      expect(await drawnBetween(page, panel, 0.2, 0.36), panel).toBe(true);
      expect(await drawnBetween(page, panel, 0.4, 0.6), panel).toBe(false);
      expect(await drawnBetween(page, panel, 0.65, 0.9), panel).toBe(true);
    }
    const over = page.locator('.panel-cpu .u-over');
    const { width } = (await over.boundingBox()) ?? { width: 0 };
    await over.hover({ position: { x: width * 0.5, y: 40 } });
    await eventually(() => page.getByTestId('legend-cpu-user').textContent()).toBe('–');
    await over.hover({ position: { x: width * 0.25, y: 40 } });
    await eventually(() => page.getByTestId('legend-cpu-user').textContent()).toMatch(/\d%$/);
    const moments = page.locator('[data-moment]');
    await eventually(async () => new Set(await moments.allTextContents()).size).toBe(1);
    expect(await moments.first().textContent()).toBe('Sun 1 Mar 11:00');
  });

  test('a single missing point breaks the line', async () => {
    const missing = Date.UTC(2026, 2, 1, 10, 10);
    const { page } = await at('/app/history?from=2026-03-01T10:00:00Z&to=2026-03-01T10:20:00Z&interval=1m', {
      prepare: (server) => {
        server.history.gaps = [{ fromMs: missing, toMs: missing + MINUTE_MS }];
      },
    });
    expect(await drawnBetween(page, 'cpu', 9.2 / 20, 10.8 / 20)).toBe(false);
    expect(await drawnBetween(page, 'cpu', 8 / 20, 9 / 20)).toBe(true);
  });

  test('a part that cannot be read says so in its place, and comes with another try', async () => {
    const { page, problems, server } = await at('/app/history', {
      prepare: (server) => server.history.failing.add('memory'),
    });
    const panel = page.locator('.panel-memory');
    expect(await panel.getByRole('alert').textContent()).toContain('The store is not available');
    expect(await drawnBetween(page, 'cpu', 0.1, 0.9)).toBe(true);
    server.history.failing.clear();
    await panel.getByRole('button', { name: 'Try again' }).click();
    await eventually(() => drawnBetween(page, 'memory', 0.1, 0.9)).toBe(true);
    expect(await panel.getByRole('alert').count()).toBe(0);
    expect(problems).toEqual([]);
  });

  test('answers that are cut off or not up to date are said to be', async () => {
    const { page } = await at('/app/history?from=2026-03-01T10:00:00Z&to=2026-03-01T11:00:00Z&interval=1m', {
      prepare: (server) => {
        server.history.change = (body) => ({ ...body, truncated: true, stale: true });
      },
    });
    const notices = await page.getByTestId('notices').textContent();
    expect(notices).toContain('what comes after 1 Mar 2026 10:59 is missing');
    expect(notices).toContain('The store has not taken in the newest samples yet');
  });

  test('a span without records says so and leads to those there are', async () => {
    const { page } = await at('/app/history?from=2020-03-01T10:00:00Z&to=2020-03-01T11:00:00Z', {
      prepare: (server) => {
        server.history.gaps = [{ fromMs: 0, toMs: Date.UTC(2021, 0) }];
      },
    });
    await eventually(() => page.getByTestId('notices').textContent()).toContain('Records begin on');
    expect(await page.locator('.panel-cpu').textContent()).toContain('No data in this span');
    await page.getByRole('button', { name: 'Show all there is' }).click();
    await eventually(() => parametersOf(page).get('range')).toBe('all');
  });

  test('of one interface or device, that is what is drawn, without asking again', async () => {
    const { page, asked } = await at('/app/history');
    asked.length = 0;
    await page.getByRole('combobox', { name: 'Interface' }).selectOption('eth0');
    await page.getByRole('combobox', { name: 'Device' }).selectOption('nvme0n1');
    await eventually(() => page.getByTestId('legend-latency-written').textContent()).toBe('1.24 ms');
    expect(await page.getByTestId('legend-packets-received').textContent()).toMatch(/\d/);
    expect(parametersOf(page).get('interface')).toBe('eth0');
    expect(parametersOf(page).get('device')).toBe('nvme0n1');
    expect(asked).toEqual([]);
  });

  test('counters show where there are any, else a line says why not', async () => {
    const { page, server } = await at('/app/history');
    await eventually(() => page.getByTestId('no-hardware').textContent()).toBe(
      `The CPUs’ own events were not counted in this span. Nor are they now: ${NO_PMU}.`,
    );
    expect(await page.getByTestId('no-bandwidth').textContent()).toContain(NO_CONTROLLERS);
    expect(await page.locator('.panel-ipc').count()).toBe(0);
    expect(await page.getByTestId('legend-event-context-switches').textContent()).toMatch(/\d/);
    await page.context().close();
    await server.stop();
    const counting = await at('/app/history', { mock: { perfAvailable: true } });
    expect(await counting.page.getByTestId('legend-ipc-ipc').textContent()).toMatch(/^[12]\.\d\d$/);
    expect(await counting.page.getByTestId('legend-misses-llc').textContent()).toBe('0.50');
    expect(await counting.page.getByTestId('legend-misses-l2').count()).toBe(0);
    expect(await counting.page.getByTestId('legend-bandwidth-read').textContent()).toMatch(/GiB\/s$/);
    expect(await counting.page.getByTestId('no-hardware').count()).toBe(0);
    await counting.page.getByRole('combobox', { name: 'Event' }).selectOption('branch-misses');
    await eventually(() => counting.page.getByTestId('legend-event-branch-misses').textContent()).toBe('12.5 M');
  });

  test('a span in which nothing was counted says so, and whether that is so now', async () => {
    const { page } = await at('/app/history', {
      prepare: (server) => {
        server.history.change = (body) => ({ ...body, data_points: [] });
      },
    });
    await eventually(() => page.getByTestId('no-perf').textContent()).toBe('Nothing was counted in this span.');
  });

  test('many thousand points are drawn at once', async () => {
    const { page, problems } = await at('/app/history?from=2026-03-01T00:00:00Z&to=2026-03-01T13:00:00Z&interval=5s');
    expect(await drawnBetween(page, 'cpu', 0.9, 1)).toBe(true);
    await drag(page, 'cpu', 0.4, 0.5);
    await settled(page);
    expect(problems).toEqual([]);
  });
});
