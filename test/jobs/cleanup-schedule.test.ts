import { expect, onTestFinished, test } from 'vitest';
import { scheduleCleanup } from '../../src/jobs/cleanup-schedule.ts';
import { openCleanup } from './fixture.ts';

const NOW = '2026-02-10T10:30:00Z';

async function opened({ installed = '2026-01-01T00:00:00Z', lastRun = '', finished = true, enabled = true } = {}) {
  const parts = await openCleanup(NOW);
  const { state, config, clock, log, cleanupOf, load } = parts;
  if (lastRun !== '') {
    const id = state.retentionRuns.begin(lastRun);
    const nothing = { downsampledRows: 0, deletedRows: 0, archivedRows: 0, archivedFiles: 0, archivedBytes: 0 };
    if (finished) state.retentionRuns.end({ id, ...nothing, problem: null, finishedAt: lastRun });
  }
  if (!enabled) config.update({ cleanup_enabled: false });
  const cleanup = cleanupOf();
  const now = () => clock.nowMs;
  const schedule = scheduleCleanup({ cleanup, config, log, now, installedMs: Date.parse(installed) });
  onTestFinished(() => schedule.stop());
  const next = () => {
    const ms = schedule.nextMs();
    return ms === null ? null : new Date(ms).toISOString();
  };
  return { next, config, load };
}

const SOON = '2026-02-10T10:30:10.000Z';
const TOMORROW = '2026-02-11T03:00:00.000Z';

test.each([
  ['a new installation has missed nothing', { installed: '2026-02-10T04:00:00Z' }, TOMORROW],
  ['a run since the last time: nothing was missed', { lastRun: '2026-02-10T03:00:00Z' }, TOMORROW],
  ['down at 03:00', { lastRun: '2026-02-09T03:00:00Z' }, SOON],
  ['never ran, and should have', {}, SOON],
  ['cut short', { lastRun: '2026-02-10T03:00:00Z', finished: false }, SOON],
  ['switched off', { lastRun: '2026-02-09T03:00:00Z', enabled: false }, null],
])('%s', async (_what, past, expected) => {
  expect((await opened(past)).next()).toBe(expected);
});

test('follows the settings at once', async () => {
  const { next, config } = await opened({ lastRun: '2026-02-10T03:00:00Z' });
  config.update({ cleanup_interval_minutes: 60 });
  expect(next()).toBe('2026-02-10T11:00:00.000Z');
  config.update({ cleanup_enabled: false });
  expect(next()).toBeNull();
  config.update({ cleanup_enabled: true, cleanup_interval_minutes: 1440 });
  expect(next()).toBe(TOMORROW);
});

test('a changed policy is told to the store before the next row comes', async () => {
  const { config, load } = await opened({ lastRun: '2026-02-10T03:00:00Z' });
  config.update({ retention_days: 8 });
  expect((await load('2026-02-01T12:00:00Z', '2026-02-02T12:00:00Z')).refusedRows).toEqual({ load: 1 });
  config.update({ retention_days: 9 });
  expect((await load('2026-02-01T12:00:00Z')).refusedRows).toEqual({});
});
