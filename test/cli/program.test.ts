import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { flagOf, SETTING_NAMES, variableOf } from '../../src/config/schema.ts';
import { runTacho } from './run-tacho.ts';

test('the version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(await runTacho(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test('serve explains every setting, its variable too', async () => {
  const { code, stdout } = await runTacho(['serve', '--help']);
  expect(code).toBe(0);
  for (const name of SETTING_NAMES) {
    expect(stdout).toContain(`${flagOf(name)} <`);
    expect(stdout.replaceAll(/\s+/g, '')).toContain(`(${variableOf(name)})`);
  }
});

test.each([
  [['bogus'], "tacho: unknown command 'bogus'\n"],
  [['user', 'lst'], "tacho: unknown command 'lst' (Did you mean list?)\n"],
  [['user', 'add'], "tacho: missing required argument 'name'\n"],
  [['user', 'add', 'a', 'b'], "tacho: too many arguments for 'add'. Expected 1 argument but got 2.\n"],
  [['serve', '--lisen', 'x'], "tacho: unknown option '--lisen' (Did you mean --listen?)\n"],
  [['user', 'list', '--data-dir'], "tacho: option '--data-dir <folder>' argument missing\n"],
])('%j is misused: one line and exit code 2', async (args, stderr) => {
  expect(await runTacho(args)).toEqual({ code: 2, stdout: '', stderr });
});

test('a bad setting is one line that says where it came from, and exit code 1', async () => {
  const { code, stdout, stderr } = await runTacho(['serve'], { environment: { TACHO_LISTEN: 'nowhere' } });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^tacho: listen \(from TACHO_LISTEN\) must be host:port, .*\n$/);
});

test('a variable that no setting has is warned of', async () => {
  const environment = { TACHO_DATADIR: '/tmp', TACHO_DATA_DIR: '/proc/tacho' };
  const { code, stderr } = await runTacho(['user', 'list'], { environment });
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^tacho: warning: no setting is named TACHO_DATADIR\ntacho: data_dir \/proc\/tacho cannot be used: .*\n$/,
  );
});
