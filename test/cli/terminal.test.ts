/** What differs on a terminal, which `script` (util-linux) provides. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../state/temporary.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** `tacho ARGS` on a terminal of its own; the first line of its output is its process id. */
function onTerminal(args: string, dataDir: string) {
  const command = `echo "$$"; exec "${process.execPath}" --disable-warning=ExperimentalWarning "${MAIN}" ${args}`;
  const env = { PATH: process.env['PATH'], SHELL: '/bin/sh', TACHO_CONFIG: '/dev/null', TACHO_DATA_DIR: dataDir };
  const child: ChildProcess = spawn('script', ['-qec', command, '/dev/null'], { env });
  let output = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  const until = (pattern: RegExp) => expect.poll(() => output, { timeout: 20_000 }).toMatch(pattern);
  return { child, until, output: () => output };
}

/** A process that nobody has waited for yet has ended all the same: it has no command line any more. */
function isRunning(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`).byteLength > 0;
  } catch {
    return false;
  }
}

test('a password that is typed is not shown', async () => {
  const { child, until, output } = onTerminal('user add ada --password -', temporaryFolder());
  const closed = once(child, 'close');
  await until(/password: $/);
  child.stdin?.write('difference engine\r');
  expect(await closed).toEqual([0, null]);
  expect(output()).toContain('added user ada');
  expect(output()).not.toContain('difference');
});

test('Ctrl-C instead of a password changes nothing', async () => {
  const { child, until, output } = onTerminal('user add ada --password -', temporaryFolder());
  const closed = once(child, 'close');
  await until(/password: $/);
  child.stdin?.write('\x03');
  expect(await closed).toEqual([1, null]);
  expect(output()).toContain('tacho: no password was given');
  expect(output()).not.toContain('added');
});

test('SIGHUP reloads a daemon on a terminal, and ends it once the terminal is closed', async () => {
  const { child, until, output } = onTerminal('serve --listen 127.0.0.1:0', temporaryFolder());
  await until(/listening on http/);
  const pid = Number(/^\d+/.exec(output())?.[0]);
  onTestFinished(() => {
    if (isRunning(pid)) process.kill(pid, 'SIGKILL');
  });
  process.kill(pid, 'SIGHUP');
  await until(/settings read again/);
  child.kill('SIGKILL');
  await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
});
