import { expect, test } from 'vitest';
import { keywordsOf } from '../../../src/http/expectation.ts';
import { RuntimeConfigSchema } from '../../../src/state/runtime-config.ts';
import type { Draft } from '../../../src/web/settings/fields.ts';
import { changedNames, draftOf, FIELDS, parseDraft, SETTING_NAMES } from '../../../src/web/settings/fields.ts';
import { rateOf, scheduleOf } from '../../../src/web/settings/hints.ts';
import { SETTINGS } from './fixture.ts';

const problemOf = (change: Partial<Draft>) => parseDraft({ ...draftOf(SETTINGS), ...change }).problems;

test('the page and the daemon have the same settings and limits', () => {
  expect([...SETTING_NAMES].sort()).toEqual(Object.keys(RuntimeConfigSchema.properties).sort());
  for (const name of SETTING_NAMES) {
    const { minimum, maximum, enum: choices } = keywordsOf(RuntimeConfigSchema.properties[name]);
    const field = FIELDS[name];
    if (field.kind === 'number') expect([name, field.minimum, field.maximum]).toEqual([name, minimum, maximum]);
    if (field.kind === 'choice') expect(field.choices).toEqual(choices);
  }
});

test('what inputs show stands for what is saved', () => {
  expect(parseDraft(draftOf(SETTINGS))).toEqual({ settings: SETTINGS, problems: {} });
  expect(changedNames(SETTINGS, draftOf(SETTINGS))).toEqual([]);
  expect(changedNames(SETTINGS, { ...draftOf(SETTINGS), retention_days: ' 030 ' })).toEqual([]);
  expect(changedNames(SETTINGS, { ...draftOf(SETTINGS), retention_days: '', archive_enabled: false })).toEqual([
    'retention_days',
    'archive_enabled',
  ]);
});

test.each(['', '0', '3651', '1.5', '-1', '1e2', 'ten', '٣'])('%j days are refused at the field', (text) => {
  expect(problemOf({ retention_days: text }).retention_days).toBe('Must be a whole number from 1 to 3,650.');
});

test.each([
  ['0.001', true],
  ['.5', true],
  ['3600', true],
  ['0.0001', false],
  ['0.0005', false],
  ['5.', false],
  ['1,5', false],
])('a sampling interval of %j: %s', (text, accepted) => {
  expect(problemOf({ sampling_interval_seconds: text }).sampling_interval_seconds === undefined).toBe(accepted);
});

test.each([
  ['all', true],
  ['0-3,5', true],
  ['3-0', false],
  ['', false],
  ['0,', false],
])('CPUs %j: %s', (text, accepted) => {
  expect(problemOf({ perf_events_cpu_cores: text }).perf_events_cpu_cores === undefined).toBe(accepted);
});

test('condensing later than deleting is a contradiction', () => {
  expect(problemOf({ retention_days: '5' })).toEqual({
    downsample_after_days: 'Must not be more than the 5 days that data is kept.',
  });
});

test('hints say how often', () => {
  expect([0.005, 1, 5, 60, 90, undefined].map(rateOf)).toEqual([
    '200 readings a second',
    '1 reading a second',
    '12 readings a minute',
    '1 reading a minute',
    '40 readings an hour',
    '',
  ]);
  expect([1_440, 2_880, 360, 90].map(scheduleOf)).toEqual([
    'Once a day, counted from 03:00 UTC',
    'Every 2 days, counted from 03:00 UTC',
    'Every 6 hours, counted from 03:00 UTC',
    'Every 90 minutes, counted from 03:00 UTC',
  ]);
});
