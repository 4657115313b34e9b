import { expect, test } from 'vitest';
import { ApiError } from '../../../src/web/lib/api.ts';
import { LatestRequest } from '../../../src/web/lib/request.ts';

test('a new request cancels the one before, whose answer is not taken any more', async () => {
  const request = new LatestRequest<string>();
  const first = Promise.withResolvers<string>();
  const signals: AbortSignal[] = [];
  const running = request.run((signal) => {
    signals.push(signal);
    return first.promise;
  });
  await request.run(async () => 'second');
  expect(signals[0]?.aborted).toBe(true);
  first.resolve('first');
  await running;
  expect(request.value).toEqual({ value: 'second', loading: false, problem: null });
});

test('a failure says why and leaves the last answer; the next answer takes the problem away', async () => {
  const request = new LatestRequest<number>();
  await request.run(async () => 1);
  await request.run(() => Promise.reject(new ApiError(503, 'The store is not available')));
  expect(request.value).toEqual({ value: 1, loading: false, problem: 'The store is not available' });
  await request.run(async () => 2);
  expect(request.value).toEqual({ value: 2, loading: false, problem: null });
});

test('a cancelled request is no failure', async () => {
  const request = new LatestRequest<number>();
  const answer = Promise.withResolvers<number>();
  const running = request.run(() => answer.promise);
  expect(request.value.loading).toBe(true);
  request.cancel();
  answer.reject(new DOMException('aborted', 'AbortError'));
  await running;
  expect(request.value).toEqual({ value: null, loading: false, problem: null });
});
