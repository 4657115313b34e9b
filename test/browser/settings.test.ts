import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Daemon } from '../support/daemon.ts';
import { ADMIN_PASSWORD, getJson, startDaemon, temporaryFolder, logIn as tokenOf } from '../support/daemon.ts';
import type { WatchedPage } from './harness.ts';
import { launchBrowser, openPage, skipWithoutChromium } from './harness.ts';
import { MockServer } from './mock-server.ts';
import { eventually, logIn } from './scenarios.ts';

const save = (page: Page) => page.getByRole('button', { name: 'Save', exact: true }).first().click();
const noticeOf = (page: Page) => page.getByTestId('save-notice').textContent();

/** Everything that the console was told, but for answers that are no success: the browser itself reports those. */
function consoleErrors(page: Page): string[] {
  const errors: string[] = [];
  page.on('console', (line) => {
    if (line.type() === 'error' && !line.text().startsWith('Failed to load resource')) errors.push(line.text());
  });
  return errors;
}

async function openSettings(watched: WatchedPage, username: string, password: string): Promise<Page> {
  const { page } = watched;
  await logIn(page, username, password);
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByTestId('retention_days').waitFor();
  return page;
}

// Skipped only where there is no Chromium and nobody demanded one (CI does).
describe.skipIf(skipWithoutChromium)('the settings view', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  describe('before a mock daemon', () => {
    let server: MockServer;
    let baseUrl: string;
    let watched: WatchedPage;
    let errors: string[];
    beforeEach(async () => {
      server = new MockServer();
      baseUrl = await server.start();
    });
    afterEach(async () => {
      expect([watched.problems, errors]).toEqual([[], []]);
      await watched.page.context().close();
      await server.stop();
    });

    async function settings(options: BrowserContextOptions = {}): Promise<Page> {
      watched = await openPage(browser, baseUrl, { timezoneId: 'UTC', ...options });
      errors = consoleErrors(watched.page);
      return openSettings(watched, server.username, server.password);
    }

    test('says what shortening will do, asks again before it is saved, and Esc saves nothing', async () => {
      const page = await settings();
      await page.getByTestId('retention_days').fill('20');
      const sentence = /^The next clean-up will delete 98,760 rows from before \d+ \w+ 20\d\d \(they are written/;
      await eventually(() => page.getByTestId('consequences').locator('li').first().textContent()).toMatch(sentence);
      await save(page);
      const dialog = page.getByTestId('confirm-save');
      expect(await dialog.locator('li').first().textContent()).toMatch(sentence);
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Cancel');
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Save');
      expect(server.settings.changes).toEqual([]);

      await save(page);
      await dialog.getByRole('button', { name: 'Save' }).click();
      await eventually(() => noticeOf(page)).toBe('Saved. The settings are in force.');
      expect(server.settings.changes).toEqual([{ path: '/api/retention', body: { retention_days: 20 } }]);
      await page.getByTestId('save-bar').waitFor({ state: 'detached' });
    });

    test('asks once for what was typed, not for each key', async () => {
      const page = await settings();
      await page.getByTestId('retention_days').fill('');
      await page.getByTestId('retention_days').pressSequentially('12');
      await page.getByText('will delete').waitFor();
      expect(server.settings.previews.filter((query) => query.includes('retention_days=12&'))).toHaveLength(1);
      expect(server.settings.previews.length).toBeLessThanOrEqual(2);
    });

    test('without the archive it says "for good"; a longer time needs no question', async () => {
      const page = await settings();
      await page.getByTestId('archive_enabled').click();
      await page.getByTestId('retention_days').fill('20');
      await page.getByText('for good: the archive is off.').waitFor();
      await page.getByRole('button', { name: 'Discard' }).click();
      expect(await page.getByTestId('retention_days').inputValue()).toBe('30');
      await page.getByTestId('retention_days').fill('60');
      await page.getByText('What is gone stays gone').waitFor();
      await save(page);
      await eventually(() => noticeOf(page)).toContain('Saved.');
      expect(server.settings.values['retention_days']).toBe(60);
    });

    test('contradictions stand at their field before anything is sent, refusals after', async () => {
      const page = await settings();
      await page.getByTestId('retention_days').fill('5');
      expect(await page.getByTestId('downsample_after_days-note').textContent()).toContain('Must not be more than');
      // Forced, for it is marked as disabled.
      await page.getByRole('button', { name: 'Save', exact: true }).click({ force: true });
      expect(server.settings.changes).toEqual([]);
      await page.getByRole('button', { name: 'Discard' }).click();

      server.settings.refusal = 'perf_events_cpu_cores: this host has no CPU 99';
      await page.getByTestId('perf_events_cpu_cores').fill('99');
      await save(page);
      await eventually(() => page.getByTestId('perf_events_cpu_cores-note').textContent()).toBe(
        'This host has no CPU 99.',
      );
      expect(await page.getByTestId('perf_events_cpu_cores').getAttribute('aria-invalid')).toBe('true');
    });

    test('who may not change anything sees everything', async () => {
      server.settings.mayChange = false;
      const page = await settings();
      await page.getByText('Only an administrator').waitFor();
      expect(await page.getByTestId('retention_days').inputValue()).toBe('30');
      expect(await page.getByTestId('retention_days').isEditable()).toBe(false);
      expect(await page.getByTestId('archive_enabled').isDisabled()).toBe(true);
      expect(await page.getByTestId('clean-up').count()).toBe(0);
      await eventually(() => page.getByTestId('stored-size').textContent()).toBe('256 MiB');
    });

    test('leaving with something unsaved asks first, also by the back button', async () => {
      const page = await settings();
      await page.getByTestId('sampling_interval_seconds').fill('1');
      await page.getByRole('link', { name: 'Live' }).click();
      const dialog = page.getByTestId('confirm-leave');
      await dialog.getByRole('button', { name: 'Stay' }).click();
      expect(await page.getByTestId('sampling_interval_seconds').inputValue()).toBe('1');
      await page.evaluate('history.back()');
      await dialog.waitFor();
      expect(new URL(page.url()).pathname).toBe('/app/settings');
      await dialog.getByRole('button', { name: 'Leave' }).click();
      await page.getByRole('heading', { name: 'Live' }).waitFor();
      expect(server.settings.changes).toEqual([]);
    });

    test('a clean-up is confirmed, shows how far it is, and says what it did', async () => {
      const page = await settings();
      await page.getByTestId('clean-up').click();
      const plan = page.getByTestId('clean-up-plan');
      await eventually(() => plan.textContent()).toMatch(/259,245 rows from before .+ will be condensed/);
      await page.getByTestId('confirm-clean-up').getByRole('button', { name: 'Clean up' }).click();
      await eventually(() => page.getByTestId('clean-up-progress').textContent()).toContain('3 of 18 tables');
      expect(await page.getByTestId('clean-up').getAttribute('aria-disabled')).toBe('true');
      server.settings.finishCleanUp();
      await eventually(() => page.getByTestId('clean-up-outcome').textContent()).toBe(
        'Done in 3.2 s: 12,345 rows deleted, 24,690 rows condensed, 37,035 rows archived (4 archive files, 1.25 MiB).',
      );
      await eventually(() => page.getByTestId('stored-last-run').textContent()).toMatch(/^\d+ \w+ 20\d\d/);
    });

    test('the password is changed, and what is wrong stands at its entry', async () => {
      const page = await settings();
      const fill = async (current: string, next: string, repeat: string) => {
        await page.getByTestId('password-current').fill(current);
        await page.getByTestId('password-next').fill(next);
        await page.getByTestId('password-repeat').fill(repeat);
        await page.getByRole('button', { name: 'Change password' }).click();
      };
      await fill('secret', 'long enough', 'other');
      await eventually(() => page.getByTestId('password-repeat-note').textContent()).toBe('The two entries differ.');
      await fill('wrong', 'long enough', 'long enough');
      await eventually(() => page.getByTestId('password-current-note').textContent()).toContain('incorrect');
      await fill('secret', 'short', 'short');
      await eventually(() => page.getByTestId('password-next-note').textContent()).toContain('at least 8 characters');
      await fill('secret', 'long enough', 'long enough');
      await eventually(() => page.getByTestId('password-notice').textContent()).toContain('is changed');
      expect(await page.getByTestId('password-current').inputValue()).toBe('');
      expect(server.settings.password).toBe('long enough');
    });

    test('times follow the chosen zone', async () => {
      const page = await settings({ timezoneId: 'Asia/Tokyo' });
      await eventually(() => page.getByTestId('stored-next-run').textContent()).toMatch(/ 12:00$/);
      await page.getByTestId('clock').click();
      await eventually(() => page.getByTestId('stored-next-run').textContent()).toMatch(/ 03:00$/);
    });

    test('a phone shows it without scrolling sideways', async () => {
      const page = await settings({ viewport: { width: 390, height: 844 } });
      await page.getByTestId('retention_days').fill('20');
      await page.getByText('will delete').waitFor();
      const [content, screen] = await page.evaluate<[number, number]>(
        '[document.documentElement.scrollWidth, innerWidth]',
      );
      expect(content).toBeLessThanOrEqual(screen);
    });

    test('a daemon that cannot answer is named, and asked again on demand', async () => {
      const page = await settings();
      await page.getByRole('link', { name: 'Live' }).click();
      server.up = false;
      await page.getByRole('link', { name: 'Settings' }).click();
      await page.getByRole('alert').getByText('cannot be reached').waitFor();
      server.up = true;
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByTestId('retention_days').waitFor();
    });
  });

  describe('before a real daemon', () => {
    let daemon: Daemon;
    let folder: Awaited<ReturnType<typeof temporaryFolder>>;
    beforeAll(async () => {
      folder = await temporaryFolder();
      daemon = await startDaemon({ dataDir: folder.path });
    });
    afterAll(async () => {
      await daemon?.stop();
      await folder?.[Symbol.asyncDispose]();
    });

    test('changes what is in force, cleans up, and changes the password', async () => {
      const watched = await openPage(browser, daemon.url);
      const { page, problems } = watched;
      const errors = consoleErrors(page);
      await openSettings(watched, 'admin', ADMIN_PASSWORD);
      await page.getByTestId('sampling_interval_seconds').fill('0.5');
      await page.getByTestId('downsample_after_days').fill('3');
      await page.getByTestId('cleanup_interval_minutes').fill('720');
      await page.getByText('The next clean-up finds nothing yet').waitFor();
      await save(page);
      await page.getByTestId('confirm-save').getByRole('button', { name: 'Save' }).click();
      await eventually(() => noticeOf(page)).toBe('Saved. The settings are in force.');

      const token = await tokenOf(daemon.url);
      const { body: config } = await getJson(`${daemon.url}/api/config`, token);
      expect(config).toMatchObject({ sampling_interval_seconds: 0.5, downsample_after_days: 3 });
      const { body: retention } = await getJson(`${daemon.url}/api/retention`, token);
      expect(retention).toMatchObject({ downsample_after_days: 3, cleanup_interval_minutes: 720 });

      await page.getByTestId('clean-up').click();
      await page.getByText('There is nothing to delete').waitFor();
      await page.getByTestId('confirm-clean-up').getByRole('button', { name: 'Clean up' }).click();
      await eventually(() => page.getByTestId('clean-up-outcome').textContent()).toMatch(
        /^Done in .+: nothing was due\.$/,
      );
      expect(await page.getByTestId('stored-size').textContent()).toMatch(/iB$/);

      await page.getByTestId('password-current').fill(ADMIN_PASSWORD);
      await page.getByTestId('password-next').fill('another long password');
      await page.getByTestId('password-repeat').fill('another long password');
      await page.getByRole('button', { name: 'Change password' }).click();
      await eventually(() => page.getByTestId('password-notice').textContent()).toContain('is changed');
      expect(await tokenOf(daemon.url, 'admin', 'another long password')).toMatch(/./);
      expect([problems, errors]).toEqual([[], []]);
      await page.context().close();
    });
  });
});
