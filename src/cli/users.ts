import { setTimeout as delay } from 'node:timers/promises';
import { bootstrapState } from '../auth/bootstrap.ts';
import { generatePassword } from '../auth/passwords.ts';
import { Sessions } from '../auth/sessions.ts';
import { LocalUserAdmin, type UserAdmin, type UserSummary } from '../auth/user-admin.ts';
import type { Settings } from '../config/schema.ts';
import { prepareDataDir, statePaths } from '../state/data-dir.ts';
import { StateError } from '../state/errors.ts';
import { lockDataDir } from '../state/lock.ts';
import { openState } from '../state/state.ts';
import { isDaemonListening, RemoteUserAdmin } from './control-client.ts';
import { chosenPassword } from './password-option.ts';
import { table } from './table.ts';

export interface AddOptions {
  password?: string;
  email?: string;
  admin?: boolean;
}

export async function addUser(settings: Settings, username: string, options: AddOptions): Promise<void> {
  const given = await chosenPassword(options.password);
  const password = given ?? generatePassword();
  const user = { username, password, email: options.email ?? null, is_admin: options.admin ?? false };
  const added = await withUsers(settings, (users) => users.add(user));
  console.log(`added user ${added.username}`);
  if (given === null) console.log(`password: ${password}`);
}

export async function listUsers(settings: Settings): Promise<void> {
  const users = await withUsers(settings, (admin) => admin.list());
  console.log(table(['USERNAME', 'ADMIN', 'E-MAIL', 'ORGANISATIONS', 'CREATED', 'LAST LOGIN'], users.map(rowOf)));
}

export async function setUserPassword(
  settings: Settings,
  username: string,
  options: { password?: string },
): Promise<void> {
  const given = await chosenPassword(options.password);
  const password = given ?? generatePassword();
  await withUsers(settings, (users) => users.setPassword(username, password));
  console.log(`changed the password of ${username} and ended all their sessions`);
  if (given === null) console.log(`password: ${password}`);
}

export async function removeUser(settings: Settings, username: string): Promise<void> {
  await withUsers(settings, (users) => users.remove(username));
  console.log(`removed user ${username}`);
}

function rowOf(user: UserSummary): string[] {
  const organisations = user.organisations.map(({ name, role }) => `${name} (${role})`).join(', ');
  const admin = user.is_admin ? 'yes' : 'no';
  return [user.username, admin, user.email ?? '-', organisations || '-', user.created_at, user.last_login ?? 'never'];
}

/** How long a daemon may hold the folder without listening: while it starts or stops. */
const PATIENCE_MS = 5000;
const RETRY_MS = 50;

/** Through the daemon when one runs on the data folder, else on the state file itself, under the folder's lock. */
async function withUsers<Result>(settings: Settings, work: (users: UserAdmin) => Promise<Result>): Promise<Result> {
  const { controlSocket } = statePaths(settings.data_dir);
  prepareDataDir(settings.data_dir);
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    if (await isDaemonListening(controlSocket)) return work(new RemoteUserAdmin(controlSocket));
    try {
      return await withLocalUsers(settings, work);
    } catch (error) {
      const held = error instanceof StateError && error.code === 'TACHO_LOCKED';
      if (!held || performance.now() > deadline) throw error;
    }
    await delay(RETRY_MS);
  }
}

async function withLocalUsers<Result>(
  { data_dir, admin_password }: Settings,
  work: (users: UserAdmin) => Promise<Result>,
): Promise<Result> {
  const { addon } = await import('../collect/addon.ts');
  const lock = lockDataDir(data_dir, statePaths(data_dir).lock, addon);
  try {
    const state = openState(data_dir);
    try {
      const generated = await bootstrapState(state, admin_password);
      if (generated !== null) console.log(`added user admin\npassword: ${generated}`);
      return await work(new LocalUserAdmin(state, new Sessions(state)));
    } finally {
      state.close();
    }
  } finally {
    lock.release();
  }
}
