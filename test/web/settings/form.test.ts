import { beforeEach, expect, test } from 'vitest';
import { ApiError } from '../../../src/web/lib/api.ts';
import { outlookOf, SettingsForm } from '../../../src/web/settings/form.ts';
import type { Settings } from '../../../src/web/settings/settings.ts';
import type { SettingsApi } from '../../../src/web/settings/settings-api.ts';
import { SETTINGS } from './fixture.ts';

let inForce: Settings;
let sent: [route: string, changes: Partial<Settings>][];
let refusals: ApiError[];
let isAdmin: boolean;
let form: SettingsForm;

beforeEach(async () => {
  [inForce, sent, refusals, isAdmin] = [SETTINGS, [], [], true];
  const change = (route: string) => async (changes: Partial<Settings>) => {
    sent.push([route, changes]);
    const refusal = refusals.shift();
    if (refusal) throw refusal;
    inForce = { ...inForce, ...changes };
  };
  const api = {
    me: async () => ({ id: 1, username: 'ada', is_admin: isAdmin }),
    settings: async () => ({ settings: inForce, version: '1.2.3' }),
    updateConfig: change('config'),
    updateRetention: change('retention'),
  };
  form = new SettingsForm(api as unknown as SettingsApi);
  await form.load();
});

const loaded = () => {
  const state = form.state.value;
  if (state.name !== 'loaded') throw new Error(`the form is ${state.name}`);
  return state;
};

test('only what was changed is sent, each part to its own route, and what is in force is shown after', async () => {
  form.type('retention_days', '20');
  form.type('sampling_interval_seconds', '0.5');
  expect(outlookOf(loaded()).changed).toEqual(['sampling_interval_seconds', 'retention_days']);
  await form.save();
  expect(sent).toEqual([
    ['retention', { retention_days: 20 }],
    ['config', { sampling_interval_seconds: 0.5 }],
  ]);
  expect(loaded().saved).toMatchObject({ retention_days: 20, sampling_interval_seconds: 0.5 });
  expect(form.notice.value).toEqual({ kind: 'done', text: 'Saved. The settings are in force.' });
});

test('nothing is sent while a field stands for nothing', async () => {
  form.type('retention_days', 'soon');
  await form.save();
  expect(sent).toEqual([]);
});

test('what was changed by somebody else meanwhile is shown and named', async () => {
  inForce = { ...inForce, perf_events_interval_ms: 500 };
  form.type('retention_days', '20');
  await form.save();
  expect(loaded().draft).toMatchObject({ retention_days: '20', perf_events_interval_ms: '500' });
  expect(form.notice.value?.text).toContain('Somebody else has changed meanwhile: Reading interval.');
});

test('a refusal stands at its field until that is typed into, and nothing typed is lost', async () => {
  refusals = [new ApiError(400, 'downsample_after_days: must not exceed retention_days')];
  form.type('retention_days', '20');
  await form.save();
  expect(outlookOf(loaded()).problems).toEqual({ downsample_after_days: 'Must not exceed retention_days.' });
  expect(loaded().draft.retention_days).toBe('20');
  form.type('downsample_after_days', '6');
  expect(outlookOf(loaded()).problems).toEqual({});
});

test('when the second route refuses, what the first has saved no longer counts as a change', async () => {
  form.type('retention_days', '20');
  form.type('perf_events_cpu_cores', '99');
  refusals = [];
  const failing = form.save();
  refusals.push(new ApiError(503, 'The disk is full'));
  await failing;
  expect(sent.map(([route]) => route)).toEqual(['retention', 'config']);
  expect(form.notice.value).toEqual({ kind: 'problem', text: 'The disk is full' });
  expect(outlookOf(loaded()).changed).toEqual(['perf_events_cpu_cores']);
});

test('who is no administrator any more can only look, and is told so', async () => {
  refusals = [new ApiError(403, 'Not authorized to perform this action')];
  form.type('retention_days', '20');
  await form.save();
  expect(loaded()).toMatchObject({ mayChange: false, draft: { retention_days: '30' } });
  expect(form.notice.value?.kind).toBe('problem');
  isAdmin = false;
  await form.load();
  expect(loaded().mayChange).toBe(false);
});

test('discarding goes back to what is saved', () => {
  form.type('archive_enabled', false);
  form.discard();
  expect(outlookOf(loaded()).changed).toEqual([]);
});
