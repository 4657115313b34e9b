import { bootstrapState } from '../auth/bootstrap.ts';
import { generatePassword } from '../auth/passwords.ts';
import { Sessions } from '../auth/sessions.ts';
import { LocalUserAdmin, type UserAdmin, type UserSummary } from '../auth/user-admin.ts';
import type { Settings } from '../config/schema.ts';
import { RemoteUserAdmin } from './control-client.ts';
import { withDataFolder } from './data-folder.ts';
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

function withUsers<Result>(settings: Settings, work: (users: UserAdmin) => Promise<Result>): Promise<Result> {
  return withDataFolder(settings.data_dir, {
    throughDaemon: (client) => work(new RemoteUserAdmin(client)),
    async locally(state) {
      const generated = await bootstrapState(state, settings.admin_password);
      if (generated !== null) console.log(`added user admin\npassword: ${generated}`);
      return work(new LocalUserAdmin(state, new Sessions(state)));
    },
  });
}
