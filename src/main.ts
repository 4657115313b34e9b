#!/usr/bin/env node
import { DEFAULT_KEEP_DAYS, listArchive, restoreArchive } from './cli/archive.ts';
import { checkConfig, printExample } from './cli/config.ts';
import type { DoctorOptions } from './cli/doctor/doctor.ts';
import { addCommand, addConfiguredCommand, createProgram, run } from './cli/program.ts';
import { addUser, listUsers, removeUser, setUserPassword } from './cli/users.ts';
import { SETTING_NAMES, type SettingName } from './config/schema.ts';

// Everything this process makes is for its own user: the data folder holds keys, password hashes and a socket without a password.
process.umask(0o077);

const STATE: readonly SettingName[] = ['data_dir', 'admin_password'];
const KERNEL: readonly SettingName[] = ['procfs', 'sysfs', 'cgroupfs', 'perf_events'];
const PASSWORD = ['--password <password>', 'generated and printed if absent; - reads standard input'] as const;
const EMAIL = ['--email <address>', 'e-mail address, which may be used to log in'] as const;
const TABLE = ['--table <table>', 'only this family or event table'] as const;
const KEEP_DAYS = [
  '--keep-days <days>',
  'days for which clean-ups leave alone what came back',
  DEFAULT_KEEP_DAYS,
] as const;
const ADMIN = ['--admin', 'may see and change everything'] as const;

// The daemon is loaded when it is asked for: the other commands answer without its database and its server.
const serve = async () => (await import('./cli/serve.ts')).serve;
const examineHost = async () => (await import('./cli/doctor/doctor.ts')).examineHost;

const program = createProgram();
addConfiguredCommand(program, 'serve', 'Run the daemon.', SETTING_NAMES, async (sources) => (await serve())(sources));
addCommand(
  program,
  'doctor',
  'Say what can be measured on this host, at which cost, and what would change the rest.',
  KERNEL,
  async (settings, options: DoctorOptions) => (await examineHost())(settings, options),
).option('--json', 'for programs');
const config = program.command('config').description('Look at the settings.');
addConfiguredCommand(config, 'check [file]', 'Say what is in force, and what is wrong.', SETTING_NAMES, checkConfig);
config.command('example').description('Print a settings file to start from.').action(printExample);
const user = program.command('user').description('Manage the users.');
addCommand(user, 'add <name>', 'Add a user.', STATE, addUser)
  .option(...PASSWORD)
  .option(...EMAIL)
  .option(...ADMIN);
addCommand(user, 'list', 'List the users.', STATE, listUsers);
addCommand(user, 'password <name>', 'Set a password, ending all sessions.', STATE, setUserPassword).option(...PASSWORD);
addCommand(user, 'remove <name>', 'Remove a user.', STATE, removeUser);
const archive = program.command('archive').description('Manage what was archived.');
addCommand(archive, 'list', 'List the archived days.', ['data_dir'], listArchive).option(...TABLE);
addCommand(
  archive,
  'restore <from> <to>',
  'Bring UTC days (2026-01-05) back, both included.',
  ['data_dir'],
  restoreArchive,
)
  .option(...TABLE)
  .option(...KEEP_DAYS);

await run(program, process.argv);
