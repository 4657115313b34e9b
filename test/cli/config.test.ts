import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { flagOf, SETTING_NAMES } from '../../src/config/schema.ts';
import { temporaryFolder } from '../state/temporary.ts';
import { makeCertificate } from '../support/certificates.ts';
import { runTacho } from './run-tacho.ts';

function settingsFile(text: string): string {
  const path = join(temporaryFolder(), 'tacho.toml');
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

describe('tacho config check', () => {
  test('says ok, then each setting with its value and where it came from; secrets are hidden', async () => {
    const file = settingsFile('listen = "[::1]:9100"\nadmin_password = "hunter2hunter2"\ntrusted_proxies = ["::1"]\n');
    const environment = { TACHO_LOG_LEVEL: 'warn', TACHO_DATA_DIR: temporaryFolder() };
    const { code, stdout, stderr } = await runTacho(['config', 'check', file, '--metrics-auth', 'false'], {
      environment,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [verdict, titles, ...rows] = stdout.trimEnd().split('\n');
    expect([verdict, titles?.split(/ {2,}/)]).toEqual(['ok', ['SETTING', 'VALUE', 'FROM']]);
    const shown = rows.map((row) => row.split(/ {2,}/));
    expect(shown.map(([name]) => name)).toEqual(SETTING_NAMES);
    expect(shown).toEqual(
      expect.arrayContaining([
        ['listen', '[::1]:9100', `${file} line 1`],
        ['admin_password', '(set)', `${file} line 2`],
        ['trusted_proxies', '::1', `${file} line 3`],
        ['log_level', 'warn', 'TACHO_LOG_LEVEL'],
        ['metrics_auth', 'false', '--metrics-auth'],
        ['store', 'duckdb', 'default'],
        ['tls_cert', '-', 'default'],
      ]),
    );
    expect(stdout).not.toContain('hunter2');
  });

  test('tells every problem in a line of its own, and makes nothing', async () => {
    const folder = temporaryFolder();
    const file = settingsFile('lisen = "x"\nlog_level = "loud"\nmax_stream_hz = 0\n');
    expect(await runTacho(['config', 'check', '--config', file])).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^tacho: .* did you mean listen\?\ntacho: log_level .*\ntacho: max_stream_hz .*\n$/,
      ),
    });
    await runTacho(['config', 'check', '--data-dir', join(folder, 'data')]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('looks at the certificate and at the data folder', async () => {
    const folder = temporaryFolder();
    const first = makeCertificate(folder, { name: 'first' });
    const second = makeCertificate(folder, { name: 'second', days: 1 });
    const check = (certPath: string, keyPath: string, dataDir: string) =>
      runTacho(['config', 'check', '--tls-cert', certPath, '--tls-key', keyPath, '--data-dir', dataDir]);
    const bad = await check(first.certPath, second.keyPath, `${first.certPath}/data`);
    expect({ code: bad.code, stdout: bad.stdout }).toEqual({ code: 1, stdout: '' });
    expect(bad.stderr).toMatch(
      /^tacho: data_dir \S+ cannot be used: \S+ is not a folder\ntacho: tls_key .* is not the key .*\n$/,
    );
    const soon = await check(second.certPath, second.keyPath, join(folder, 'data'));
    expect(soon.code).toBe(0);
    expect(soon.stderr).toMatch(/^tacho: warning: the certificate in tls_cert \S+ expires at \S+\n$/);
  });

  test('names the families that may be recorded beside the others, when another is asked for', async () => {
    const check = (families: string) =>
      runTacho(['config', 'check', '--data-dir', temporaryFolder(), '--record-also', families]);
    expect(await check('proces@10')).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^tacho: record_also names proces@10, which there is not; it may name (\w+, )*process\b.*\n$/,
      ),
    });
    expect((await check('process@10,cpu')).stderr).toMatch(/^tacho: record_also names cpu, which is always recorded; /);
    const good = await check('process@10');
    expect(good.stdout).toMatch(/^record_also +process@10 +--record-also$/m);
    const { code, stderr } = await runTacho(['serve', '--data-dir', temporaryFolder(), '--record-also', 'proces']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^tacho: record_also names proces, .*\n$/),
    });
  });

  test('a file that is not there is one line', async () => {
    expect(await runTacho(['config', 'check', '/nonexistent.toml'])).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^tacho: cannot read the settings file \/nonexistent\.toml: ENOENT.*\n$/),
    });
  });
});

test('tacho config example prints a file that tacho config check is content with', async () => {
  const { code, stdout } = await runTacho(['config', 'example']);
  expect(code).toBe(0);
  expect((await runTacho(['config', 'check', settingsFile(stdout), '--data-dir', temporaryFolder()])).code).toBe(0);
});

test('every command that takes settings honours the file', async () => {
  const dataDir = temporaryFolder();
  const file = settingsFile(`data_dir = ${JSON.stringify(dataDir)}\n`);
  expect((await runTacho(['user', 'list', '--config', file])).code).toBe(0);
  expect(readdirSync(dataDir)).toContain('state.db');
  const bad = settingsFile('data_dir = 1\n');
  const { code, stderr } = await runTacho(['user', 'list'], { environment: { TACHO_CONFIG: bad } });
  expect(code).toBe(1);
  expect(stderr).toMatch(new RegExp(`^tacho: data_dir \\(from ${bad} line 1\\) must be .*\\n$`));
  const { stderr: serving } = await runTacho(['serve', '--config', bad, flagOf('data_dir'), dataDir, '--listen', 'x']);
  expect(serving).toMatch(/^tacho: listen \(from --listen\) must be .*\n$/);
});
