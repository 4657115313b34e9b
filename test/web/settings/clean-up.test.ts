import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ApiError } from '../../../src/web/lib/api.ts';
import { CleanUp } from '../../../src/web/settings/clean-up.ts';
import type { CleanUpResult, SettingsApi } from '../../../src/web/settings/settings-api.ts';

const RESULT = { deleted_count: 3 } as CleanUpResult;

let asked: string[];
let running: boolean;
let end: PromiseWithResolvers<CleanUpResult>;
let cleanUp: CleanUp;

beforeEach(() => {
  vi.useFakeTimers();
  [asked, running, end] = [[], false, Promise.withResolvers()];
  const api = {
    status: async () => {
      asked.push('status');
      return { running, progress: null, last_run: null, next_run: null };
    },
    stored: async () => {
      asked.push('stored');
      return { current_data_size_mb: 1, oldest_record: null, newest_record: null };
    },
    cleanUp: () => {
      running = true;
      return end.promise.finally(() => {
        running = false;
      });
    },
  };
  cleanUp = new CleanUp(api as unknown as SettingsApi);
});
afterEach(() => {
  cleanUp.stop();
  vi.useRealTimers();
});

test('progress is asked for every second while one runs, and what is stored again when it has ended', async () => {
  cleanUp.watch();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toEqual(['status', 'stored']);
  const started = cleanUp.start();
  await vi.advanceTimersByTimeAsync(2_500);
  expect(asked.slice(2)).toEqual(['status', 'status', 'status']);
  expect(cleanUp.status.value.value?.running).toBe(true);
  end.resolve(RESULT);
  await started;
  expect(cleanUp.outcome.value).toEqual({ result: RESULT });
  expect(asked.slice(5)).toEqual(['status', 'stored']);
  expect(cleanUp.started.value).toBe(false);
});

test('a second start joins the first', async () => {
  void cleanUp.start();
  await cleanUp.start();
  expect(cleanUp.started.value).toBe(true);
});

test('a clean-up that fails says why', async () => {
  const started = cleanUp.start();
  end.reject(new ApiError(503, 'the archive cannot be written'));
  await started;
  expect(cleanUp.outcome.value).toEqual({ problem: 'the archive cannot be written' });
});

test('after stop nothing is asked any more', async () => {
  cleanUp.watch();
  await vi.advanceTimersByTimeAsync(0);
  cleanUp.stop();
  const before = asked.length;
  await vi.advanceTimersByTimeAsync(100_000);
  expect(asked).toHaveLength(before);
});
