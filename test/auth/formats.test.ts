/** The state file and the signing key of a released version, opened by this one. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { AuthService } from '../../src/auth/service.ts';
import { loadSigningKey } from '../../src/auth/signing-key.ts';
import { MIGRATIONS } from '../../src/state/migrations.ts';
import { RuntimeConfig } from '../../src/state/runtime-config.ts';
import { openState } from '../../src/state/state.ts';
import { temporaryFolder } from '../state/temporary.ts';
import { copyFormats, factsOf } from '../support/formats.ts';

const RELEASE = '0.1.0';

function openRelease() {
  const folder = temporaryFolder();
  copyFormats(RELEASE, ['state.db', 'signing.key'], folder);
  const state = openState(folder);
  onTestFinished(() => state.close());
  return { folder, state };
}

test('what was in the state file of 0.1.0 is there after the upgrade', () => {
  const { state } = openRelease();
  expect(state.database.first('PRAGMA user_version')).toEqual({ user_version: MIGRATIONS.length });
  expect(state.users.list().map(({ username, email, isAdmin }) => [username, email, isAdmin])).toEqual([
    ['ada', 'ada@example.org', false],
    ['admin', null, true],
  ]);
  expect(state.organisations.membershipsOf(2)).toEqual([{ id: 1, name: 'default', role: 'member' }]);
  expect(state.collectors.byId(1)).toMatchObject({ hostname: 'build-host', inventory: { cpu: 'an invented one' } });
  expect(new RuntimeConfig(state).get()).toMatchObject({ retention_days: 60, downsample_interval: '5m' });
  expect(state.retentionRuns.list()).toEqual([]);
  expect(state.archiveHolds.active('2000-01-01T00:00:00Z')).toEqual([]);
});

test('the upgrade leaves a backup that the old version can read', () => {
  const { folder } = openRelease();
  const path = join(folder, 'state.db.bak-v1');
  expect(existsSync(path)).toBe(true);
  const backup = new DatabaseSync(path, { readOnly: true });
  onTestFinished(() => backup.close());
  expect(backup.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1 });
  expect(backup.prepare('SELECT username FROM users ORDER BY id').all()).toEqual([
    { username: 'admin' },
    { username: 'ada' },
  ]);
});

test('passwords, sessions and tokens of 0.1.0 still work', async () => {
  const { folder, state } = openRelease();
  const { token, issuedMs } = factsOf(RELEASE);
  const key = await loadSigningKey(join(folder, 'signing.key'));
  const auth = await AuthService.create({ state, key, now: () => issuedMs + 60_000 });
  onTestFinished(() => auth.close());
  expect(await auth.authenticate(token)).toMatchObject({ username: 'ada', isAdmin: false });
  expect(await auth.logIn('ada', 'difference engine', '192.0.2.1', 'perfwatch')).not.toBeNull();
  expect(await auth.logIn('admin', 'correct horse battery', '192.0.2.1', 'perfwatch')).not.toBeNull();
  expect(await auth.logIn('ada', 'another engine', '192.0.2.1', 'perfwatch')).toBeNull();
});
