import { existsSync } from 'node:fs';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { chromium } from 'playwright-core';

const CANDIDATES = [
  process.env['TACHO_CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** Where this machine has a Chromium, if it has one. `TACHO_CHROMIUM` names another. */
const chromiumPath = CANDIDATES.find((path) => path !== undefined && existsSync(path));

/** A developer's machine may do without a browser; CI may not. */
export const skipWithoutChromium = chromiumPath === undefined && !process.env['CI'];

export async function launchBrowser(): Promise<Browser> {
  if (!chromiumPath) throw new Error('no Chromium: apt-get install chromium, or set TACHO_CHROMIUM');
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic'];
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];
  return chromium.launch({ executablePath: chromiumPath, args: [...args, ...quiet] });
}

/** A page of its own, and everything that went wrong on it. */
export interface WatchedPage {
  page: Page;
  /** Uncaught errors, refused by the content security policy, requests to anywhere else. */
  problems: string[];
  /** Texts of the metrics messages that came over WebSockets. */
  messages: string[];
}

export async function openPage(
  browser: Browser,
  baseUrl: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, baseURL: baseUrl, ...options });
  const page = await context.newPage();
  const problems: string[] = [];
  const messages: string[] = [];
  page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`));
  page.on('console', (line) => {
    if (/content security policy/i.test(line.text())) problems.push(line.text());
  });
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== 'data:' && origin !== new URL(baseUrl).origin) problems.push(`foreign request: ${request.url()}`);
  });
  page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => {
      if (String(payload).includes('"metrics"')) messages.push(String(payload));
    });
  });
  return { page, problems, messages };
}
