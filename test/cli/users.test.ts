import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { controlRoutes } from '../../src/api/control/routes.ts';
import { addon } from '../../src/collect/addon.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { statePaths } from '../../src/state/data-dir.ts';
import { lockDataDir } from '../../src/state/lock.ts';
import { startAuth } from '../auth/fixture.ts';
import { temporaryFolder } from '../state/temporary.ts';
import { type Outcome, runTacho } from './run-tacho.ts';

const SILENT = { error() {}, warn() {}, info() {} };

function tachoIn(dataDir: string, environment: Record<string, string> = {}) {
  return (args: string[], stdin = ''): Promise<Outcome> =>
    runTacho(args, { stdin, environment: { TACHO_DATA_DIR: dataDir, ...environment } });
}

/** A daemon's part in this: the lock, the state, and the control socket. */
async function startDaemon() {
  const dataDir = temporaryFolder();
  const { lock: lockPath, controlSocket } = statePaths(dataDir);
  const lock = lockDataDir(dataDir, lockPath, addon);
  const fixture = await startAuth(dataDir);
  const routes = controlRoutes({ users: fixture.users });
  const authenticate = () => null;
  const server = createHttpServer({ routes, sockets: [], staticRoot: null, authenticate, log: SILENT });
  await server.listenUnix(controlSocket);
  onTestFinished(async () => {
    await server.close();
    lock.release();
  });
  return { ...fixture, dataDir };
}

describe('without a daemon', () => {
  test('the first command sets the folder up, and says the password it made for admin', async () => {
    const dataDir = join(temporaryFolder(), 'data');
    const tacho = tachoIn(dataDir);
    const first = await tacho(['user', 'add', 'ada', '--email', 'ada@example.org', '--admin']);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^added user admin\npassword: \w{24}\nadded user ada\npassword: \w{24}\n$/);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    const second = await tacho(['user', 'list']);
    expect(second.stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['USERNAME', 'ADMIN', 'E-MAIL', 'ORGANISATIONS', 'CREATED', 'LAST LOGIN'],
      ['ada', 'yes', 'ada@example.org', 'default (admin)', expect.stringMatching(/Z$/), 'never'],
      ['admin', 'yes', '-', 'default (admin)', expect.stringMatching(/Z$/), 'never'],
      [''],
    ]);
  });

  test('passwords: given, from standard input, and of the administrator by variable', async () => {
    const dataDir = temporaryFolder();
    const tacho = tachoIn(dataDir, { TACHO_ADMIN_PASSWORD: 'correct horse battery' });
    expect(await tacho(['user', 'add', 'ada', '--password', 'difference engine'])).toEqual({
      code: 0,
      stdout: 'added user ada\n',
      stderr: '',
    });
    expect((await tacho(['user', 'password', 'ada', '--password', '-'], 'analytical engine\nmore\n')).code).toBe(0);
    expect((await tacho(['user', 'password', 'admin'])).stdout).toMatch(/^changed .*\npassword: \w{24}\n$/);
    const { auth } = await startAuth(dataDir);
    expect(await auth.logIn('ada', 'analytical engine', '192.0.2.1', 'perfwatch')).not.toBeNull();
    expect(await auth.logIn('admin', 'correct horse battery', '192.0.2.1', 'perfwatch')).toBeNull();
  });

  test('a removed user is gone; the last administrator stays', async () => {
    const tacho = tachoIn(temporaryFolder());
    await tacho(['user', 'add', 'ada']);
    expect(await tacho(['user', 'remove', 'ada'])).toEqual({ code: 0, stdout: 'removed user ada\n', stderr: '' });
    expect(await tacho(['user', 'remove', 'ada'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'tacho: there is no user "ada"\n',
    });
    expect(await tacho(['user', 'remove', 'admin'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'tacho: admin is the last administrator and cannot be removed\n',
    });
  });

  test('a socket that a killed daemon left behind is no daemon', async () => {
    const dataDir = temporaryFolder();
    const { controlSocket } = statePaths(dataDir);
    const script = `require('node:net').createServer().listen(${JSON.stringify(controlSocket)}, () => console.log('up'))`;
    const child = spawn(process.execPath, ['-e', script]);
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(existsSync(controlSocket)).toBe(true);
    expect((await tachoIn(dataDir)(['user', 'list'])).code).toBe(0);
  });

  test('a folder that another process holds without answering is said to be in use', async () => {
    const dataDir = temporaryFolder();
    const lock = lockDataDir(dataDir, statePaths(dataDir).lock, addon);
    onTestFinished(() => lock.release());
    expect(() => lockDataDir(dataDir, statePaths(dataDir).lock, addon)).toThrow(/is in use by another tacho process/);
    expect(await tachoIn(dataDir)(['user', 'list'])).toEqual({
      code: 1,
      stdout: '',
      stderr: `tacho: data_dir ${dataDir} is in use by another tacho process\n`,
    });
  });

  test('a damaged state file is one clear line', async () => {
    const dataDir = temporaryFolder();
    writeFileSync(join(dataDir, 'state.db'), 'nonsense '.repeat(500));
    const { code, stdout, stderr } = await tachoIn(dataDir)(['user', 'list']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^tacho: .*state\.db is damaged .*\n$/);
  });

  test('a shared folder is refused', async () => {
    const dataDir = temporaryFolder();
    writeFileSync(join(dataDir, 'other'), '');
    chmodSync(dataDir, 0o755);
    expect(await tachoIn(dataDir)(['user', 'list'])).toMatchObject({ code: 1, stdout: '' });
    expect(statSync(dataDir).mode & 0o777).toBe(0o755);
  });
});

describe('through the running daemon', () => {
  test('users are added, listed and removed, and are out at once', async () => {
    const { auth, tokenOf, dataDir } = await startDaemon();
    const tacho = tachoIn(dataDir);
    expect(await tacho(['user', 'add', 'ada', '--password', 'difference engine'])).toMatchObject({ code: 0 });
    const token = await tokenOf('ada', 'difference engine');
    expect((await tacho(['user', 'list'])).stdout).toMatch(/^ada +no .*Z\nadmin +yes .*never\n$/m);
    expect((await tacho(['user', 'remove', 'ada'])).stdout).toBe('removed user ada\n');
    expect(await auth.authenticate(token)).toBeNull();
  });

  test('a set password ends the sessions that are open', async () => {
    const { auth, tokenOf, dataDir } = await startDaemon();
    const token = await tokenOf();
    const { code, stdout } = await tachoIn(dataDir)(['user', 'password', 'admin']);
    const password = /^password: (\w{24})$/m.exec(stdout)?.[1] ?? '';
    expect(code).toBe(0);
    expect(await auth.authenticate(token)).toBeNull();
    expect(await auth.authenticate(await tokenOf('admin', password))).not.toBeNull();
  });

  test.each([
    [['add', 'admin'], 'there is a user admin already'],
    [['add', 'a/b?c'], 'a username has 1 to 64 letters, digits, "_", "." or "-", and starts with none of the last two'],
    [['add', 'bob', '--password', 'short'], 'a password must have at least 8 characters and at most 1024 bytes'],
    [['add', 'bob', '--email', 'x'], 'the e-mail address must look like name@example.org'],
    [['remove', 'a/b %2f?'], 'there is no user "a/b %2f?"'],
    [['remove', 'admin'], 'admin is the last administrator and cannot be removed'],
    [['password', 'nobody'], 'there is no user "nobody"'],
  ])('%j is refused in the same words as without one', async (args, message) => {
    const { dataDir } = await startDaemon();
    const through = await tachoIn(dataDir)(['user', ...args]);
    expect(through).toEqual({ code: 1, stdout: '', stderr: `tacho: ${message}\n` });
    const without = await tachoIn(temporaryFolder(), { TACHO_ADMIN_PASSWORD: 'correct horse' })(['user', ...args]);
    expect(without).toEqual(through);
  });
});
