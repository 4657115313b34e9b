import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LoginThrottle, networkOf, ThrottledError } from '../../src/auth/throttle.ts';

const WRONG = async (): Promise<null> => null;
const RIGHT = async (): Promise<string> => 'in';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function fail(throttle: LoginThrottle, times: number, account = 'ada', address = '10.0.0.1'): Promise<void> {
  for (let n = 0; n < times; n++) expect(await throttle.attempt(account, address, WRONG)).toBeNull();
}

async function delayOf(throttle: LoginThrottle, account = 'ada', address = '10.0.0.1'): Promise<number> {
  const refusal = await throttle.attempt(account, address, () => expect.unreachable()).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(ThrottledError);
  return refusal instanceof ThrottledError ? refusal.retryAfterSeconds : Number.NaN;
}

describe('an account from one address', () => {
  test('is closed after 5 failures, for longer each time, up to 15 minutes', async () => {
    const throttle = new LoginThrottle();
    await fail(throttle, 4);
    const delays: number[] = [];
    for (let n = 0; n < 9; n++) {
      await fail(throttle, 1);
      const delay = await delayOf(throttle);
      delays.push(delay);
      vi.advanceTimersByTime(delay * 1000);
    }
    expect(delays).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900]);
  });

  test('stays open from elsewhere, and other accounts stay open', async () => {
    const throttle = new LoginThrottle();
    await fail(throttle, 5);
    expect(await throttle.attempt('ada', '10.0.0.2', RIGHT)).toBe('in');
    expect(await throttle.attempt('bob', '10.0.0.1', RIGHT)).toBe('in');
    expect(await delayOf(throttle)).toBe(5);
  });

  test('starts anew after a success', async () => {
    const throttle = new LoginThrottle();
    await fail(throttle, 4);
    expect(await throttle.attempt('ada', '10.0.0.1', RIGHT)).toBe('in');
    await fail(throttle, 4);
    expect(await throttle.attempt('ada', '10.0.0.1', RIGHT)).toBe('in');
  });

  test('starts anew an hour after the first failure', async () => {
    const throttle = new LoginThrottle();
    await fail(throttle, 4);
    vi.advanceTimersByTime(3_600_001);
    await fail(throttle, 4);
    expect(await throttle.attempt('ada', '10.0.0.1', RIGHT)).toBe('in');
  });
});

test('an address is closed after 30 failures, whatever the accounts, and a success does not clear them', async () => {
  const throttle = new LoginThrottle();
  for (let n = 0; n < 29; n++) await fail(throttle, 1, `user ${n}`);
  expect(await throttle.attempt('mallory', '10.0.0.1', RIGHT)).toBe('in');
  await fail(throttle, 1, 'user 29');
  expect(await delayOf(throttle, 'mallory')).toBe(5);
  expect(await throttle.attempt('mallory', '10.0.0.2', RIGHT)).toBe('in');
});

test('a parallel burst gets no more tries than a sequence', async () => {
  const throttle = new LoginThrottle();
  let verified = 0;
  const burst = Array.from({ length: 100 }, () =>
    throttle.attempt('ada', '10.0.0.1', async () => {
      verified += 1;
      return null;
    }),
  );
  const outcomes = await Promise.allSettled(burst);
  expect(verified).toBe(5);
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(95);
});

test('a parallel burst of correct logins is let in, as far as the queue goes', async () => {
  const throttle = new LoginThrottle();
  const burst = Array.from({ length: 300 }, () => throttle.attempt('ada', '10.0.0.1', RIGHT));
  const outcomes = await Promise.allSettled(burst);
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(256);
  expect(await throttle.attempt('ada', '10.0.0.1', RIGHT)).toBe('in');
});

test('an attempt that breaks is passed on, not counted, and does not stop the queue', async () => {
  const throttle = new LoginThrottle();
  const broken = Array.from({ length: 10 }, () =>
    throttle.attempt('ada', '10.0.0.1', () => Promise.reject(new Error('disk'))),
  );
  for (const { status } of await Promise.allSettled(broken)) expect(status).toBe('rejected');
  expect(await throttle.attempt('ada', '10.0.0.1', RIGHT)).toBe('in');
});

test.each([
  ['10.0.0.1', '10.0.0.1'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:DB8:1:2::6', '2001:db8:1:2'],
  ['2001:0db8:0001::6', '2001:db8:1:0'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['2001:db8::', '2001:db8:0:0'],
])('%s belongs to %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
