import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { WatchedPage } from './harness.ts';
import { launchBrowser, openPage } from './harness.ts';
import type { MockOptions } from './mock-server.ts';
import { MockServer } from './mock-server.ts';
import { eventually, logIn } from './scenarios.ts';

/** What the tests of the history and compare views do with a page. */

/** The parameters of the requests of the history and compare views, as they are sent; the live charts ask without a limit. */
function watchHistory(page: Page): URLSearchParams[] {
  const asked: URLSearchParams[] = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.pathname.startsWith('/api/history/') && url.searchParams.has('limit')) asked.push(url.searchParams);
  });
  return asked;
}

/** Errors on the console of a page, as they come. */
export function watchErrors(page: Page): string[] {
  const errors: string[] = [];
  page.on('console', (line) => {
    if (line.type() === 'error') errors.push(line.text());
  });
  return errors;
}

/** Waits until the history has loaded what it shows. */
export async function settled(page: Page): Promise<void> {
  await eventually(() => page.getByTestId('history-status').getAttribute('data-loading')).toBe('false');
}

/** Presses the mouse on a chart, moves it from one part of the plotting area (0 to 1) to another and lets go. */
export async function drag(page: Page, panel: string, from: number, to: number): Promise<void> {
  const over = page.locator(`.panel-${panel} .u-over`);
  await over.scrollIntoViewIfNeeded();
  const box = await over.boundingBox();
  if (!box) throw new Error(`${panel} is not shown`);
  const middle = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * from, middle);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * ((from + to) / 2), middle, { steps: 4 });
  await page.mouse.move(box.x + box.width * to, middle, { steps: 4 });
  await page.mouse.up();
}

export function parametersOf(page: Page): URLSearchParams {
  return new URL(page.url()).searchParams;
}

/** How much wider than the screen the page is. */
export function excessWidth(page: Page): Promise<number> {
  return page.locator('html').evaluate((html) => html.scrollWidth - html.clientWidth);
}

interface Opening {
  /** Sets the server up before the page asks it anything. */
  prepare?(server: MockServer): void;
  options?: BrowserContextOptions;
  mock?: MockOptions;
}

/** For a whole `describe`: one browser, and for each test a mock daemon with pages on which somebody has logged in. */
export function pagesBeforeMock() {
  let browser: Browser;
  let opened: { watched: WatchedPage; server: MockServer }[] = [];
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    for (const { watched, server } of opened) {
      await watched.page.context().close();
      await server.stop();
    }
    opened = [];
  });

  /** Opens an address; `asked` are the history requests, `errors` what the console says. */
  return async (address: string, { prepare, options, mock }: Opening = {}) => {
    const server = new MockServer(mock);
    const baseUrl = await server.start();
    prepare?.(server);
    const watched = await openPage(browser, baseUrl, { timezoneId: 'UTC', ...options });
    opened.push({ watched, server });
    const { page } = watched;
    const errors = watchErrors(page);
    await logIn(page, server.username, server.password);
    const asked = watchHistory(page);
    await page.goto(address);
    return { ...watched, server, errors, asked };
  };
}
