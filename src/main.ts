#!/usr/bin/env node
import { addCommand, createProgram, run } from './cli/program.ts';
import { addUser, listUsers, removeUser, setUserPassword } from './cli/users.ts';
import { SETTING_NAMES, type SettingName } from './config/schema.ts';

// Everything this process makes is for its own user: the data folder holds keys, password hashes and a socket without a password.
process.umask(0o077);

const STATE: readonly SettingName[] = ['data_dir', 'admin_password'];
const PASSWORD = ['--password <password>', 'generated and printed if absent; - reads standard input'] as const;
const EMAIL = ['--email <address>', 'e-mail address, which may be used to log in'] as const;
const ADMIN = ['--admin', 'may see and change everything'] as const;

// The daemon is loaded when it is asked for: the other commands answer without its database and its server.
const serve = async () => (await import('./cli/serve.ts')).serve;

const program = createProgram();
addCommand(program, 'serve', 'Run the daemon.', SETTING_NAMES, async (settings) => (await serve())(settings));
const user = program.command('user').description('Manage the users.');
addCommand(user, 'add <name>', 'Add a user.', STATE, addUser)
  .option(...PASSWORD)
  .option(...EMAIL)
  .option(...ADMIN);
addCommand(user, 'list', 'List the users.', STATE, listUsers);
addCommand(user, 'password <name>', 'Set a password, ending all sessions.', STATE, setUserPassword).option(...PASSWORD);
addCommand(user, 'remove <name>', 'Remove a user.', STATE, removeUser);

await run(program, process.argv);
