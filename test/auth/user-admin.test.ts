import { expect, test } from 'vitest';
import { bootstrapState } from '../../src/auth/bootstrap.ts';
import { temporaryState } from '../state/temporary.ts';
import { ADMIN_PASSWORD, HERE, startAuth } from './fixture.ts';

const ADA = { username: 'ada', password: 'difference engine', email: 'ada@example.org', is_admin: false };

test('the first start makes an organisation, a collector and an administrator, the second one nothing', async () => {
  const state = temporaryState();
  const password = await bootstrapState(state, null);
  expect(password).toMatch(/^\w{24}$/);
  expect(state.collectors.byId(1)).toMatchObject({ organisation: 1, inventory: {} });
  expect(state.users.list()).toMatchObject([{ id: 1, username: 'admin', isAdmin: true, lastLogin: null }]);
  expect(state.users.list()[0]?.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  expect(await bootstrapState(state, 'another password')).toBeNull();
  expect(state.users.list()).toHaveLength(1);
});

test('users are added and listed', async () => {
  const { users } = await startAuth();
  const added = await users.add(ADA);
  expect(added).toEqual({
    id: 2,
    username: 'ada',
    email: 'ada@example.org',
    is_admin: false,
    created_at: expect.any(String),
    last_login: null,
    organisations: [{ name: 'default', role: 'member' }],
  });
  expect((await users.list()).map(({ username }) => username)).toEqual(['ada', 'admin']);
});

test.each([
  [{ username: 'ADA' }, 'TACHO_USER_EXISTS'],
  [{ username: 'other', email: 'ADA@example.org' }, 'TACHO_USER_EXISTS'],
  [{ username: '' }, 'TACHO_BAD_USERNAME'],
  [{ username: '-x' }, 'TACHO_BAD_USERNAME'],
  [{ username: 'a@b' }, 'TACHO_BAD_USERNAME'],
  [{ username: 'a b' }, 'TACHO_BAD_USERNAME'],
  [{ username: 'x'.repeat(65) }, 'TACHO_BAD_USERNAME'],
  [{ username: 'other', email: 'nonsense' }, 'TACHO_BAD_EMAIL'],
  [{ username: 'other', email: `${'x'.repeat(65)}@a` }, 'TACHO_BAD_EMAIL'],
  [{ username: 'other', email: null, password: 'short' }, 'TACHO_BAD_PASSWORD'],
])('adding %o is refused', async (change, code) => {
  const { users } = await startAuth();
  await users.add(ADA);
  await expect(users.add({ ...ADA, ...change })).rejects.toThrow(expect.objectContaining({ code }));
  expect(await users.list()).toHaveLength(2);
});

test('of two equal users added at the same time one is refused', async () => {
  const { users } = await startAuth();
  const outcomes = await Promise.allSettled([users.add(ADA), users.add(ADA)]);
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
});

test('a removed user is out at once, and the name may be used again by somebody else', async () => {
  const { auth, users, tokenOf } = await startAuth();
  await users.add(ADA);
  const token = await tokenOf('ada', ADA.password);
  await users.remove('Ada');
  expect(await auth.authenticate(token)).toBeNull();
  expect(await auth.logIn('ada', ADA.password, HERE, 'perfwatch')).toBeNull();
  expect((await users.add(ADA)).id).toBe(3);
  expect(await auth.authenticate(token)).toBeNull();
});

test('the last administrator stays', async () => {
  const { users } = await startAuth();
  await users.add(ADA);
  await expect(users.remove('admin')).rejects.toThrow(expect.objectContaining({ code: 'TACHO_LAST_ADMIN' }));
  await users.add({ username: 'root', password: 'another password', email: null, is_admin: true });
  await users.remove('admin');
  expect((await users.list()).map(({ username }) => username)).toEqual(['ada', 'root']);
});

test('a password set by an administrator ends all sessions of the user', async () => {
  const { auth, users, tokenOf } = await startAuth();
  const token = await tokenOf();
  await users.setPassword('admin', 'an entirely new one');
  expect(await auth.authenticate(token)).toBeNull();
  expect(await auth.logIn('admin', ADMIN_PASSWORD, HERE, 'perfwatch')).toBeNull();
  expect(await auth.authenticate(await tokenOf('admin', 'an entirely new one'))).not.toBeNull();
});

test('unknown users are named', async () => {
  const { users } = await startAuth();
  await expect(users.remove('nobody')).rejects.toThrow('there is no user "nobody"');
  await expect(users.setPassword('nobody', 'long enough')).rejects.toThrow('there is no user "nobody"');
});
