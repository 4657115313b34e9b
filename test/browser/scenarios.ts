import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import { percent } from '../../src/web/lib/format.ts';
import { openPage } from './harness.ts';

/** What a person does and sees, written so that it runs against the mock server and against a real daemon alike. */

interface Message {
  data: {
    cpu: { usage_percent: number | null; per_core: unknown[] };
    network: { interfaces: object };
    disk: { partitions: object };
  };
}

/** `expect.poll` with the patience that a busy machine needs. */
export function eventually<T>(read: () => T) {
  return expect.poll(read, { timeout: 20_000 });
}

export async function logIn(page: Page, username: string, password: string): Promise<void> {
  await page.goto('/');
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { name: 'Live' }).waitFor();
}

export function figure(page: Page, testId: string) {
  return page.getByTestId(testId);
}

/** Whether any series is drawn in a part of a chart's plotting area, from 0 (its left edge) to 1. */
export async function drawnBetween(page: Page, panel: string, from: number, to: number): Promise<boolean> {
  return page.locator(`.panel-${panel} canvas`).evaluate(
    (canvas, part) => {
      const context = canvas.getContext('2d');
      const over = canvas.parentElement.querySelector('.u-over');
      const ratio = canvas.width / canvas.clientWidth;
      const scaled = (length: number) => Math.round(length * ratio);
      const left = scaled(over.offsetLeft + over.clientWidth * part.from);
      const width = Math.max(1, scaled(over.clientWidth * (part.to - part.from)));
      const pixels = context.getImageData(left, scaled(over.offsetTop), width, scaled(over.clientHeight)).data;
      // Series have colour; grid lines are grey or nearly so.
      for (let i = 0; i < pixels.length; i += 4) {
        const rgb = [pixels[i], pixels[i + 1], pixels[i + 2]];
        if (pixels[i + 3] > 64 && Math.max(...rgb) - Math.min(...rgb) > 48) return true;
      }
      return false;
    },
    { from, to },
  );
}

/** Whether anything is drawn in the first and in the last tenth of a chart's plotting area. */
export async function drawnEdges(page: Page, panel: string): Promise<{ left: boolean; right: boolean }> {
  return { left: await drawnBetween(page, panel, 0, 0.1), right: await drawnBetween(page, panel, 0.9, 1) };
}

/** Logs in, watches figures come in, finds them on the page, reloads, logs out. The daemon should sample at least once a second. */
export async function livePage(browser: Browser, baseUrl: string, username: string, password: string): Promise<void> {
  const { page, problems, messages } = await openPage(browser, baseUrl);
  const latest = () => JSON.parse(messages.at(-1) ?? 'null') as Message;
  try {
    await logIn(page, username, password);
    await eventually(() => messages.length).toBeGreaterThan(3);
    await eventually(() => page.getByTestId('status-state').textContent()).toBe('Live');
    expect(await page.getByTestId('username').textContent()).toContain(username);

    await expect
      .poll(async () => (await figure(page, 'cpu-usage').textContent())?.replace(/\s/g, ''))
      .toBe(percent(latest().data.cpu.usage_percent));
    const { cpu, network, disk } = latest().data;
    expect(await page.getByTestId('cores').locator('.core').count()).toBe(cpu.per_core.length);
    expect(await page.getByTestId('interfaces').locator('tbody tr').count()).toBe(
      Math.min(6, Object.keys(network.interfaces).length),
    );
    expect(await page.getByTestId('filesystems').locator('li').count()).toBe(
      Math.min(6, Object.keys(disk.partitions).length),
    );
    for (const testId of ['memory-usage', 'memory-used', 'load-1', 'network-received', 'disk-written', 'established'])
      expect(await figure(page, testId).textContent(), testId).toMatch(/\d/);
    await eventually(async () => (await drawnEdges(page, 'memory')).right).toBe(true);

    await page.reload();
    const beforeReload = messages.length;
    await eventually(() => messages.length).toBeGreaterThan(beforeReload);
    await eventually(() => figure(page, 'cpu-usage').textContent()).toMatch(/\d/);

    await page.getByTestId('logout').click();
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/login');
    await page.goto('/');
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
    expect(problems).toEqual([]);
  } finally {
    await page.context().close();
  }
}

/** A wrong password is answered with the daemon's own words, and the page stays where it is. */
export async function wrongPassword(browser: Browser, baseUrl: string, username: string): Promise<void> {
  const { page, problems } = await openPage(browser, baseUrl);
  try {
    await page.goto('/');
    await page.getByLabel('Username').fill(username);
    await page.getByLabel('Password').fill('not the password');
    await page.keyboard.press('Enter');
    await eventually(() => page.getByTestId('login-problem').textContent()).toBe('Invalid username or password');
    expect(new URL(page.url()).pathname).toBe('/login');
    expect(problems).toEqual([]);
  } finally {
    await page.context().close();
  }
}
