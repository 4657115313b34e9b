import { expect, test } from 'vitest';
import { RuntimeConfig, RuntimeConfigError, type RuntimeSettingsUpdate } from '../../src/state/runtime-config.ts';
import { openState } from '../../src/state/state.ts';
import { temporaryFolder, temporaryState } from './temporary.ts';

const DEFAULTS = {
  sampling_interval_seconds: 5,
  retention_days: 30,
  archive_enabled: true,
  downsample_after_days: 7,
  downsample_interval: '1h',
  perf_events_enabled: true,
  perf_events_cpu_cores: 'all',
  perf_events_interval_ms: 1000,
  cleanup_enabled: true,
  cleanup_interval_minutes: 1440,
};

test('defaults, until somebody sets another value; which is told, and is there after opening again', () => {
  const folder = temporaryFolder();
  const state = openState(folder);
  const config = new RuntimeConfig(state);
  expect(config.get()).toEqual(DEFAULTS);
  const heard: unknown[] = [];
  const stop = config.onChange((current, previous) => heard.push([previous.retention_days, current.retention_days]));
  expect(config.update({ retention_days: 60, sampling_interval_seconds: 0.003 })).toBe(config.get());
  stop();
  config.update({ downsample_interval: '5m' });
  state.close();
  expect(heard).toEqual([[30, 60]]);
  const again = openState(folder);
  const expected = { ...DEFAULTS, retention_days: 60, sampling_interval_seconds: 0.003, downsample_interval: '5m' };
  expect(new RuntimeConfig(again).get()).toEqual(expected);
  again.close();
});

test.each<[string, unknown]>([
  ['sampling_interval_seconds', 0],
  ['sampling_interval_seconds', 0.0005],
  ['sampling_interval_seconds', 0.0015],
  ['sampling_interval_seconds', 3601],
  ['sampling_interval_seconds', '5'],
  ['sampling_interval_seconds', Number.NaN],
  ['sampling_interval_seconds', null],
  ['retention_days', 0],
  ['retention_days', 1.5],
  ['retention_days', 3651],
  ['retention_days', true],
  ['archive_enabled', 'true'],
  ['downsample_after_days', 0],
  ['downsample_after_days', 31],
  ['downsample_interval', '2h'],
  ['downsample_interval', ['1h']],
  ['perf_events_cpu_cores', ''],
  ['perf_events_cpu_cores', '3-0'],
  ['perf_events_cpu_cores', '0,,1'],
  ['perf_events_cpu_cores', 'All'],
  ['perf_events_cpu_cores', `0${',1'.repeat(600)}`],
  ['perf_events_interval_ms', 0],
  ['perf_events_interval_ms', 3_600_001],
  ['cleanup_interval_minutes', 525_601],
  ['no_such_setting', 1],
])('%s refuses %j, and nothing changes', (field, value) => {
  const config = new RuntimeConfig(temporaryState());
  const changes: RuntimeSettingsUpdate = { archive_enabled: false, ...{ [field]: value } };
  expect(() => config.update(changes)).toThrow(RuntimeConfigError);
  expect(() => config.update(changes)).toThrow(expect.objectContaining({ field, code: 'TACHO_INVALID_CONFIG' }));
  expect(config.get()).toEqual(DEFAULTS);
});

test.each(['all', '0', '0-3,5', '1,2,3-3'])('perf_events_cpu_cores accepts %s', (perf_events_cpu_cores) => {
  const config = new RuntimeConfig(temporaryState());
  expect(config.update({ perf_events_cpu_cores }).perf_events_cpu_cores).toBe(perf_events_cpu_cores);
});

test('a contradiction is refused in whichever half it comes', () => {
  const config = new RuntimeConfig(temporaryState());
  expect(() => config.update({ retention_days: 6 })).toThrow('downsample_after_days: must not exceed retention_days');
  expect(config.update({ retention_days: 6, downsample_after_days: 6 }).retention_days).toBe(6);
});

test('a stored value that this version does not know gives way to the default', () => {
  const state = temporaryState();
  state.settings.put({ downsample_interval: '2h', retention_days: 9 }, '2026-01-01T00:00:00Z');
  expect(new RuntimeConfig(state).get()).toEqual({ ...DEFAULTS, retention_days: 9 });
});

test('when the disk refuses, nothing changes and nobody is told', () => {
  const state = temporaryState();
  const config = new RuntimeConfig(state);
  config.onChange(() => expect.unreachable());
  state.database.all('PRAGMA query_only = ON');
  expect(() => config.update({ retention_days: 60 })).toThrow(
    expect.objectContaining({ code: 'TACHO_STATE_UNAVAILABLE' }),
  );
  expect(config.get()).toEqual(DEFAULTS);
  expect(state.database.writeFailure()).toMatch(/cannot be used/);
});
