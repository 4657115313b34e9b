import { describe, expect, expectTypeOf, test } from 'vitest';
import { SettingsError } from '../../src/config/errors.ts';
import { readConfiguration, type SettingSources, settingsOf, unknownVariables } from '../../src/config/load.ts';
import type { SettingName, Settings } from '../../src/config/schema.ts';

const HOME = { HOME: '/home/someone' };

const loadSettings = (sources: SettingSources): Settings =>
  settingsOf(readConfiguration({ configFile: '/dev/null', ...sources }));

function refusal(
  flags: Partial<Record<SettingName, string>>,
  environment: Record<string, string> = HOME,
): SettingsError {
  try {
    loadSettings({ flags, environment });
  } catch (error) {
    if (error instanceof SettingsError) return error;
    throw error;
  }
  throw new Error('the settings were accepted');
}

describe('values', () => {
  test('defaults', () => {
    expect(loadSettings({ environment: HOME })).toEqual({
      listen: { host: '127.0.0.1', port: 8000 },
      tls_cert: null,
      tls_key: null,
      data_dir: '/home/someone/.local/state/tacho',
      store: 'duckdb',
      admin_password: null,
      log_level: 'info',
      procfs: '/proc',
      sysfs: '/sys',
      cgroupfs: '/sys/fs/cgroup',
      perf_events: [],
      record_also: [],
      trusted_proxies: [],
      cors_origins: [],
      max_stream_hz: 1000,
      outbox_max_bytes: 2 ** 30,
      flush_interval_seconds: 30,
      metrics_auth: true,
    });
  });

  test('each setting has its own type', () => {
    expectTypeOf<Settings['data_dir']>().toEqualTypeOf<string>();
    expectTypeOf<Settings['admin_password']>().toEqualTypeOf<string | null>();
    expectTypeOf<Settings['listen']>().toEqualTypeOf<{ host: string; port: number }>();
    expectTypeOf<Settings['metrics_auth']>().toEqualTypeOf<boolean>();
    expectTypeOf<Settings['trusted_proxies']>().toEqualTypeOf<string[]>();
    expectTypeOf<Settings['store']>().toEqualTypeOf<'duckdb'>();
  });

  test('a flag wins over a variable, a variable over the default, and an empty variable is none', () => {
    const environment = { ...HOME, TACHO_LISTEN: '10.0.0.1:1', TACHO_MAX_STREAM_HZ: '5', TACHO_LOG_LEVEL: '' };
    const settings = loadSettings({ flags: { listen: '[::1]:9100' }, environment });
    expect(settings.listen).toEqual({ host: '::1', port: 9100 });
    expect(settings.max_stream_hz).toBe(5);
    expect(settings.log_level).toBe('info');
  });

  test.each([
    [{ STATE_DIRECTORY: '/var/lib/tacho:/var/lib/other', XDG_STATE_HOME: '/x', ...HOME }, '/var/lib/tacho'],
    [{ XDG_STATE_HOME: '/x/state', ...HOME }, '/x/state/tacho'],
    [{ XDG_STATE_HOME: 'relative', ...HOME }, '/home/someone/.local/state/tacho'],
  ])('data_dir by default with %o', (environment, expected) => {
    expect(loadSettings({ environment }).data_dir).toBe(expected);
  });

  test.each<[SettingName, string, unknown]>([
    ['listen', 'localhost:0', { host: 'localhost', port: 0 }],
    ['listen', '0.0.0.0:65535', { host: '0.0.0.0', port: 65_535 }],
    ['data_dir', 'relative/folder', `${process.cwd()}/relative/folder`],
    ['outbox_max_bytes', '64MiB', 64 * 2 ** 20],
    ['outbox_max_bytes', '1048576', 1_048_576],
    ['flush_interval_seconds', '0.5', 0.5],
    ['metrics_auth', 'off', false],
    ['metrics_auth', 'TRUE', true],
    ['trusted_proxies', '127.0.0.1, 10.0.0.0/8,::1,fd00::/8', ['127.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8']],
    ['perf_events', 'msr/tsc/, cpu/event=0x3c,umask=0x1/,r13c,', ['msr/tsc/', 'cpu/event=0x3c,umask=0x1/', 'r13c']],
    ['record_also', 'process@10, interrupts', ['process@10', 'interrupts']],
    ['record_also', 'process@0.001,other@3600', ['process@0.001', 'other@3600']],
    ['cors_origins', 'https://a.example,http://localhost:3000', ['https://a.example', 'http://localhost:3000']],
    ['admin_password', 'correct horse', 'correct horse'],
  ])('%s accepts %s', (name, text, expected) => {
    expect(loadSettings({ flags: { [name]: text }, environment: HOME })[name]).toEqual(expected);
  });
});

describe('refusals', () => {
  test.each<[SettingName, string]>([
    ['listen', '8000'],
    ['listen', ''],
    ['listen', '127.0.0.1'],
    ['listen', '127.0.0.1:'],
    ['listen', '127.0.0.1:65536'],
    ['listen', '127.0.0.1:-1'],
    ['listen', '127.0.0.256:80'],
    ['listen', '::1:8000'],
    ['listen', '[fe80]:8000'],
    ['listen', 'http://localhost:8000'],
    ['listen', 'a b:80'],
    ['data_dir', ''],
    ['data_dir', `/${'x'.repeat(94)}`],
    ['data_dir', '/tmp/a\0b'],
    ['store', 'sqlite'],
    ['store', 'questdb://user:hunter2hunter2@host:9000'],
    ['admin_password', 'short'],
    ['admin_password', 'x'.repeat(1025)],
    ['log_level', 'loud'],
    ['log_level', 'INFO'],
    ['trusted_proxies', 'proxy.example'],
    ['trusted_proxies', '10.0.0.0/33'],
    ['trusted_proxies', '10.0.0.0/8/8'],
    ['trusted_proxies', '127.0.0.1,,::1'],
    ['record_also', 'process@'],
    ['record_also', 'process@0'],
    ['record_also', 'process@3601'],
    ['record_also', 'process@0.0001'],
    ['record_also', 'process@1e1'],
    ['record_also', 'process@10,process@20'],
    ['record_also', 'process,'],
    ['record_also', 'Process'],
    ['record_also', 'process 10'],
    ['cors_origins', '*'],
    ['cors_origins', 'https://a.example/'],
    ['cors_origins', 'a.example'],
    ['cors_origins', 'ftp://a.example'],
    ['max_stream_hz', '0'],
    ['max_stream_hz', '1001'],
    ['max_stream_hz', '1.5'],
    ['max_stream_hz', '1e2'],
    ['max_stream_hz', ' 5'],
    ['max_stream_hz', '0x10'],
    ['max_stream_hz', 'Infinity'],
    ['outbox_max_bytes', '1'],
    ['outbox_max_bytes', '1GB'],
    ['outbox_max_bytes', '9999999999999TiB'],
    ['flush_interval_seconds', '0'],
    ['flush_interval_seconds', 'NaN'],
    ['metrics_auth', 'maybe'],
    ['metrics_auth', 'constructor'],
  ])('%s refuses %j in one line that names it and its source', (name, text) => {
    const error = refusal({ [name]: text });
    expect(error.setting).toBe(name);
    expect(error.code).toBe('TACHO_BAD_SETTING');
    expect(error.message).toMatch(new RegExp(`^${name} \\(from --${name.replaceAll('_', '-')}\\)`));
    expect(error.message).not.toContain('\n');
    expect(error.message.length).toBeLessThan(300);
  });

  test.each([
    [{ tls_cert: '/a.pem' }, 'tls_key is missing: tls_cert (from --tls-cert) needs it'],
    [{ tls_key: '/a.pem' }, 'tls_cert is missing: tls_key (from --tls-key) needs it'],
  ])('%o alone is half a pair', (flags, message) => {
    expect(refusal(flags).message).toBe(message);
  });

  test('a bad variable is named as such', () => {
    expect(refusal({}, { ...HOME, TACHO_LISTEN: 'x' }).message).toBe(
      'listen (from TACHO_LISTEN) must be host:port, for example 127.0.0.1:8000 or [::1]:8000 (port 0 takes any free port), not "x"',
    );
  });

  test('secrets are not repeated', () => {
    expect(refusal({ admin_password: 'hunter2' }).message).not.toContain('hunter2');
    expect(refusal({ store: 'questdb://user:hunter2@host' }).message).not.toContain('hunter2');
  });
});

test('misspelt variables are found', () => {
  expect(unknownVariables({ TACHO_LISTEN: 'x', TACHO_DATADIR: '/x', PATH: '/bin' })).toEqual(['TACHO_DATADIR']);
});
