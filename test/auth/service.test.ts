import { expect, test, vi } from 'vitest';
import { ADMIN_PASSWORD, HERE, startAuth } from './fixture.ts';

test('whoever logs in is known by the token, also after a restart', async () => {
  const first = await startAuth();
  const token = await first.tokenOf();
  const expected = {
    userId: 1,
    username: 'admin',
    isAdmin: true,
    sessionId: expect.any(String),
    organisations: [{ id: 1, name: 'default', role: 'admin' }],
  };
  expect(await first.auth.authenticate(token)).toEqual(expected);
  const second = await first.restart();
  expect(await second.auth.authenticate(token)).toEqual(expected);
});

test('a request reads nothing from the state file', async () => {
  const { auth, state, tokenOf } = await startAuth();
  const token = await tokenOf();
  await auth.authenticate(token);
  state.close();
  expect(await auth.authenticate(token)).toMatchObject({ username: 'admin' });
});

test('a username in any case, or an e-mail address, logs in', async () => {
  const { auth, users, tokenOf } = await startAuth();
  await users.add({ username: 'Ada', password: 'difference engine', email: 'ada@example.org', is_admin: false });
  for (const login of ['Ada', 'ADA', 'ada@example.org', 'Ada@Example.org']) {
    expect(await auth.authenticate(await tokenOf(login, 'difference engine'))).toMatchObject({
      username: 'Ada',
      isAdmin: false,
      organisations: [{ name: 'default', role: 'member' }],
    });
  }
});

test.each([
  ['admin', 'wrong password'],
  ['admin', ''],
  ['admin', ADMIN_PASSWORD.toUpperCase()],
  ['admin', `${ADMIN_PASSWORD}${'x'.repeat(2000)}`],
  ['nobody', ADMIN_PASSWORD],
  ['', ADMIN_PASSWORD],
  ["' OR 1=1 --", ADMIN_PASSWORD],
  ['admin\0', ADMIN_PASSWORD],
  ['%', ADMIN_PASSWORD],
])('%j with %j is not let in', async (login, password) => {
  const { auth } = await startAuth();
  expect(await auth.logIn(login, password, HERE, 'perfwatch')).toBeNull();
});

test('an unknown user costs a hash too', async () => {
  const { auth } = await startAuth();
  const cpu = async (login: string): Promise<number> => {
    const before = process.cpuUsage();
    await auth.logIn(login, 'wrong password', HERE, 'perfwatch');
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  const known = await cpu('admin');
  // A lookup alone takes about a hundredth of what the hash does.
  expect(await cpu('nobody')).toBeGreaterThan(known / 5);
});

test('a login is recorded', async () => {
  const { state, clock, tokenOf } = await startAuth();
  clock.nowMs = Date.UTC(2026, 0, 18, 14, 30, 0, 999);
  await tokenOf();
  expect(state.users.byUsername('admin')?.lastLogin).toBe('2026-01-18T14:30:00Z');
});

test('a session ends after 24 hours, and its streams within the next check', async () => {
  const { auth, clock, tokenOf } = await startAuth();
  const token = await tokenOf();
  const ended: string[] = [];
  auth.sessions.onEnd((id) => ended.push(id));
  clock.nowMs += 86_398_000;
  const principal = await auth.authenticate(token);
  expect(principal).not.toBeNull();
  auth.sessions.endExpired();
  expect(ended).toEqual([]);
  clock.nowMs += 2000;
  expect(await auth.authenticate(token)).toBeNull();
  auth.sessions.endExpired();
  expect(ended).toEqual([principal?.sessionId]);
});

test('logging out ends that session alone, at once and for good', async () => {
  const first = await startAuth();
  const [token, other] = [await first.tokenOf(), await first.tokenOf()];
  const sessionId = (await first.auth.authenticate(token))?.sessionId ?? '';
  const ended = vi.fn();
  const stop = first.auth.sessions.onEnd(ended);
  first.auth.logOut(sessionId);
  first.auth.logOut(sessionId);
  expect(ended.mock.calls).toEqual([[sessionId]]);
  stop();
  expect(await first.auth.authenticate(token)).toBeNull();
  const second = await first.restart();
  expect(await second.auth.authenticate(token)).toBeNull();
  expect(await second.auth.authenticate(other)).not.toBeNull();
});

test('a log-out that the disk refuses is reported, and holds all the same', async () => {
  const { auth, state, tokenOf } = await startAuth();
  const token = await tokenOf();
  const sessionId = (await auth.authenticate(token))?.sessionId ?? '';
  state.database.all('PRAGMA query_only = ON');
  expect(() => auth.logOut(sessionId)).toThrow(expect.objectContaining({ code: 'TACHO_STATE_UNAVAILABLE' }));
  expect(await auth.authenticate(token)).toBeNull();
});

test('a changed password ends the other sessions of the user, at once and for good', async () => {
  const first = await startAuth();
  await first.users.add({ username: 'bob', password: 'bob has one too', email: null, is_admin: false });
  const [mine, other, bobs] = [
    await first.tokenOf(),
    await first.tokenOf(),
    await first.tokenOf('bob', 'bob has one too'),
  ];
  const principal = (await first.auth.authenticate(mine))!;
  expect(await first.auth.changePassword(principal, ADMIN_PASSWORD, 'an entirely new one', HERE)).toBe(true);
  const check = async (auth: typeof first.auth): Promise<boolean[]> => {
    const principals = await Promise.all([mine, other, bobs].map((token) => auth.authenticate(token)));
    return principals.map((known) => known !== null);
  };
  expect(await check(first.auth)).toEqual([true, false, true]);
  expect(await first.auth.logIn('admin', ADMIN_PASSWORD, HERE, 'perfwatch')).toBeNull();
  await first.tokenOf('admin', 'an entirely new one');
  const second = await first.restart();
  expect(await check(second.auth)).toEqual([true, false, true]);
});

test('a wrong current password changes nothing, and guessing it is throttled', async () => {
  const { auth, tokenOf } = await startAuth();
  const principal = (await auth.authenticate(await tokenOf()))!;
  for (let n = 0; n < 5; n++) {
    expect(await auth.changePassword(principal, `guess number ${n}`, 'an entirely new one', HERE)).toBe(false);
  }
  await expect(auth.changePassword(principal, ADMIN_PASSWORD, 'an entirely new one', HERE)).rejects.toThrow(
    expect.objectContaining({ code: 'TACHO_THROTTLED' }),
  );
  expect(await auth.logIn('admin', ADMIN_PASSWORD, '192.0.2.2', 'perfwatch')).not.toBeNull();
});

test('of two changes at the same time one wins, and the other one fails', async () => {
  const { auth, tokenOf } = await startAuth();
  const principal = (await auth.authenticate(await tokenOf()))!;
  const outcomes = await Promise.all([
    auth.changePassword(principal, ADMIN_PASSWORD, 'the first new one', HERE),
    auth.changePassword(principal, ADMIN_PASSWORD, 'the second new one', '192.0.2.2'),
  ]);
  expect(outcomes.toSorted()).toEqual([false, true]);
});

test('a login that a change of password overtakes is not let in', async () => {
  const { auth, users } = await startAuth();
  const login = auth.logIn('admin', ADMIN_PASSWORD, HERE, 'perfwatch');
  const state = await Promise.all([login, users.setPassword('admin', 'an entirely new one')]);
  const token = state[0]?.token;
  // Whichever hash was ready first: no session of the old password is left.
  expect(token === undefined ? null : await auth.authenticate(token)).toBeNull();
});

test('a burst of guesses sent in parallel is throttled like a sequence, for unknown users too', async () => {
  const { auth } = await startAuth();
  for (const login of ['admin', 'nobody']) {
    const burst = Array.from({ length: 20 }, (_, n) => auth.logIn(login, `guess number ${n}`, HERE, 'perfwatch'));
    const outcomes = await Promise.allSettled(burst);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
  }
  expect(await auth.logIn('admin', ADMIN_PASSWORD, '192.0.2.2', 'perfwatch')).not.toBeNull();
});

test('a username and an e-mail address of one user are one account to the throttle', async () => {
  const { auth, users } = await startAuth();
  await users.add({ username: 'ada', password: 'difference engine', email: 'ada@example.org', is_admin: false });
  for (const login of ['ada', 'ADA', 'ada@example.org', 'ada', 'ADA@example.org']) {
    expect(await auth.logIn(login, 'wrong password', HERE, 'perfwatch')).toBeNull();
  }
  await expect(auth.logIn('ada', 'difference engine', HERE, 'perfwatch')).rejects.toThrow(/try again in 5 s/);
});
