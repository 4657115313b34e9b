import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SettingsFileError } from '../../src/config/errors.ts';
import { exampleFile } from '../../src/config/example.ts';
import { type Configuration, readConfiguration, settingsOf } from '../../src/config/load.ts';
import { SETTING_NAMES } from '../../src/config/schema.ts';
import { temporaryFolder } from '../state/temporary.ts';

function fileWith(text: string, mode = 0o600): string {
  const path = join(temporaryFolder(), 'tacho.toml');
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
  return path;
}

function read(text: string, environment: Record<string, string> = {}): Configuration & { path: string } {
  const path = fileWith(text);
  return { path, ...readConfiguration({ configFile: path, environment: { HOME: '/nonexistent', ...environment } }) };
}

function problemsOf(text: string): string[] {
  const { path, problems } = read(text);
  for (const { message } of problems) expect(message).not.toContain('\n');
  return problems.map(({ message }) => message.replace(path, 'FILE'));
}

describe('values', () => {
  test('each setting in the type that TOML has for it', () => {
    const configuration = read(`
listen = "[::1]:9100"
data_dir = "/var/lib/tacho"
log_level = "warn"
trusted_proxies = ["127.0.0.1", "10.0.0.0/8"]
cors_origins = []
record_also = ["process@10"]
max_stream_hz = 50
outbox_max_bytes = "64MiB"
flush_interval_seconds = 0.5
metrics_auth = false
`);
    expect(settingsOf(configuration)).toMatchObject({
      listen: { host: '::1', port: 9100 },
      data_dir: '/var/lib/tacho',
      log_level: 'warn',
      trusted_proxies: ['127.0.0.1', '10.0.0.0/8'],
      cors_origins: [],
      record_also: ['process@10'],
      max_stream_hz: 50,
      outbox_max_bytes: 64 * 2 ** 20,
      flush_interval_seconds: 0.5,
      metrics_auth: false,
    });
    expect(configuration.given.get('log_level')?.source).toBe(`${configuration.path} line 4`);
  });

  test('bytes may be a number; a relative path starts from the folder of the file; an empty string is no password', () => {
    const { path, settings } = read(
      'outbox_max_bytes = 2_097_152\ntls_cert = "tls/a.crt"\ntls_key = "../a.key"\nadmin_password = ""',
    );
    expect(settings).toMatchObject({
      outbox_max_bytes: 2_097_152,
      tls_cert: join(dirname(path), 'tls/a.crt'),
      tls_key: join(dirname(path), '../a.key'),
      admin_password: null,
    });
  });

  test('a flag wins over a variable, a variable over the file', () => {
    const configFile = fileWith('max_stream_hz = 1\nlog_level = "warn"\nmetrics_auth = false');
    const environment = { TACHO_MAX_STREAM_HZ: '2', TACHO_LOG_LEVEL: 'error' };
    const { settings, given } = readConfiguration({ flags: { max_stream_hz: '3' }, configFile, environment });
    expect(settings).toMatchObject({ max_stream_hz: 3, log_level: 'error', metrics_auth: false });
    expect([given.get('max_stream_hz')?.source, given.get('log_level')?.source]).toEqual([
      '--max-stream-hz',
      'TACHO_LOG_LEVEL',
    ]);
  });
});

describe('where the file is', () => {
  test('--config wins over TACHO_CONFIG, that over the user’s own', () => {
    const home = temporaryFolder();
    mkdirSync(join(home, '.config/tacho'), { recursive: true });
    writeFileSync(join(home, '.config/tacho/tacho.toml'), 'max_stream_hz = 1');
    const second = fileWith('max_stream_hz = 2');
    const third = fileWith('max_stream_hz = 3');
    const hz = (configFile: string | undefined, environment: Record<string, string>) =>
      readConfiguration({ configFile, environment }).settings?.max_stream_hz;
    expect(hz(undefined, { HOME: home })).toBe(1);
    expect(hz(undefined, { HOME: '/nonexistent', XDG_CONFIG_HOME: join(home, '.config') })).toBe(1);
    expect(hz(undefined, { HOME: home, TACHO_CONFIG: second })).toBe(2);
    expect(hz(third, { HOME: home, TACHO_CONFIG: second })).toBe(3);
    expect(hz('/dev/null', { HOME: home, TACHO_CONFIG: second })).toBe(1000);
  });

  test('one that is asked for must be there, and be a file', () => {
    const folder = temporaryFolder();
    const reading = (configFile: string) => () => readConfiguration({ configFile, environment: {} });
    expect(reading(join(folder, 'none.toml'))).toThrow(SettingsFileError);
    expect(reading(join(folder, 'none.toml'))).toThrow(/^cannot read the settings file .*none\.toml: ENOENT/);
    expect(reading(folder)).toThrow(`cannot read the settings file ${folder}: it is not a file`);
    expect(reading('')).toThrow(/--config must be/);
  });
});

describe('refusals are one line that names file, line, setting and what is expected', () => {
  test.each([
    ['max_stream_hz = 5000', 'max_stream_hz (from FILE line 1) must be a whole number from 1 to 1000, not 5000'],
    ['\n\nmax_stream_hz = "50"', 'max_stream_hz (from FILE line 3) must be a whole number from 1 to 1000, not "50"'],
    ['max_stream_hz = 1.5', 'max_stream_hz (from FILE line 1) must be a whole number from 1 to 1000, not 1.5'],
    ['metrics_auth = "false"', 'metrics_auth (from FILE line 1) must be true or false, not "false"'],
    [
      'flush_interval_seconds = nan',
      'flush_interval_seconds (from FILE line 1) must be a number from 0.1 to 3600, not NaN',
    ],
    [
      'flush_interval_seconds = inf',
      'flush_interval_seconds (from FILE line 1) must be a number from 0.1 to 3600, not Infinity',
    ],
    [
      'trusted_proxies = "127.0.0.1"',
      'trusted_proxies (from FILE line 1) must be a list of addresses or networks, for example ["127.0.0.1", "10.0.0.0/8"], not "127.0.0.1"',
    ],
    [
      'outbox_max_bytes = "1GB"',
      'outbox_max_bytes (from FILE line 1) must be a number of bytes of at least 1048576, for example 1073741824 or "1GiB", not "1GB"',
    ],
    ['log_level = 2025-01-01', /^log_level \(from FILE line 1\) must be one of trace, /],
    ['admin_password = "hunter2"', /^admin_password \(from FILE line 1\) must be a password of [^"]*bytes$/],
    ['data-dir = "/x"', 'FILE line 1: there is no setting "data-dir"; did you mean data_dir?'],
    ['# listen = 1\nlisen = ""', 'FILE line 2: there is no setting "lisen"; did you mean listen?'],
    ['colour = "red"', 'FILE line 1: there is no setting "colour"'],
    ['__proto__ = 1', 'FILE line 1: there is no setting "__proto__"'],
    ['config = "/x"', 'FILE line 1: there is no setting "config"'],
    ['\n[listen]\nport = 1', 'FILE line 2: listen is a table; settings stand outside of tables'],
    ['server.port = 1', 'FILE line 1: server is a table; settings stand outside of tables'],
    ['[[proxies]]\na = 1', 'FILE line 1: proxies is a table; settings stand outside of tables'],
    ['tls_cert = "a"', 'tls_key is missing: tls_cert (from FILE line 1) needs it'],
  ])('%j', (text, message) => {
    const [problem, ...more] = problemsOf(text);
    expect(problem).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
    expect(more).toEqual([]);
  });

  test('all that is wrong is told', () => {
    expect(problemsOf('a = 1\nlisten = "x"\nmetrics_auth = 1')).toHaveLength(3);
  });

  test.each([
    ['admin_password = hunter2hunter2', 1],
    ['listen = "a"\nlisten = "b"', 2],
    ['outbox_max_bytes = 1GiB', 1],
    ['\n\nlisten', 3],
    ['\0', 1],
  ])('%j is no TOML, and what it says is not repeated', (text, line) => {
    expect(() => read(text)).toThrow(new RegExp(`^\\S+ line ${line}: [^\\n]*$`));
    expect(() => read(text)).not.toThrow(/hunter2/);
  });
});

describe('a file with a password that every user may read', () => {
  const warningsOf = (text: string, mode: number) =>
    readConfiguration({ configFile: fileWith(text, mode), environment: {} }).warnings;

  test('is warned of', () => {
    expect(warningsOf('admin_password = "correct horse"', 0o644)).toEqual([
      expect.stringMatching(/^every user may read \S+, which holds admin_password: run chmod 640 on it$/),
    ]);
  });

  test.each([
    ['admin_password = "correct horse"', 0o640],
    ['admin_password = ""\nstore = "duckdb"\nlisten = "127.0.0.1:1"', 0o644],
  ])('%j with mode %i is not', (text, mode) => {
    expect(warningsOf(text, mode)).toEqual([]);
  });
});

test('the example says the defaults, once its settings are uncommented', () => {
  const environment = { HOME: '/home/someone' };
  const example = exampleFile(environment);
  const configFile = fileWith(example.replaceAll(/^#(?=\w+ = )/gm, ''));
  const { settings, given } = readConfiguration({ configFile, environment });
  expect(settings).toEqual(settingsOf(readConfiguration({ configFile: '/dev/null', environment })));
  const fromFile = SETTING_NAMES.filter((name) => given.get(name)?.source.startsWith(configFile));
  expect(SETTING_NAMES.filter((name) => !fromFile.includes(name))).toEqual(['tls_cert', 'tls_key', 'admin_password']);
  for (const name of SETTING_NAMES) expect(example).toMatch(new RegExp(`^# \\S.*\\n#${name} = .+$`, 'm'));
  // As it is, it changes nothing.
  expect(readConfiguration({ configFile: fileWith(example), environment }).settings).toEqual(settings);
});
