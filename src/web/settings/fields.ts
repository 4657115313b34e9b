import { settingsMessages } from './messages.ts';
import type { Interval, SettingName, Settings } from './settings.ts';

const { problems } = settingsMessages;

/** What stands in the inputs: numbers as they were typed. */
export type Draft = { [Name in SettingName]: Settings[Name] extends number ? string : Settings[Name] };

interface NumberField {
  kind: 'number';
  minimum: number;
  maximum: number;
  /** How many digits may follow the point. */
  decimals: number;
}

type Field = NumberField | { kind: 'switch' } | { kind: 'choice'; choices: readonly Interval[] } | { kind: 'cpus' };

const number = (minimum: number, maximum: number, decimals = 0): NumberField => ({
  kind: 'number',
  minimum,
  maximum,
  decimals,
});

/** The daemon's own limits; a test compares them. */
export const FIELDS = {
  sampling_interval_seconds: number(0.001, 3600, 3),
  perf_events_enabled: { kind: 'switch' },
  perf_events_cpu_cores: { kind: 'cpus' },
  perf_events_interval_ms: number(1, 3_600_000),
  retention_days: number(1, 3650),
  archive_enabled: { kind: 'switch' },
  downsample_after_days: number(1, 3650),
  downsample_interval: { kind: 'choice', choices: ['5s', '1m', '5m', '1h'] },
  cleanup_enabled: { kind: 'switch' },
  cleanup_interval_minutes: number(1, 525_600),
} as const satisfies Record<SettingName, Field>;

export const SETTING_NAMES = Object.keys(FIELDS) as SettingName[];

/** Which route changes what; `/api/config` knows nothing of the clean-up, and both must agree on the rest. */
export const RETENTION_NAMES: ReadonlySet<SettingName> = new Set<SettingName>([
  'retention_days',
  'archive_enabled',
  'downsample_after_days',
  'downsample_interval',
  'cleanup_enabled',
  'cleanup_interval_minutes',
]);

/** The settings as inputs show them. */
export function draftOf(settings: Settings): Draft {
  const entries = SETTING_NAMES.map((name) => [
    name,
    FIELDS[name].kind === 'number' ? String(settings[name]) : settings[name],
  ]);
  return Object.fromEntries(entries) as Draft;
}

export type Problems = Partial<Record<SettingName, string>>;

/** The settings that the inputs stand for; a field that stands for none is left out and has a problem instead. */
export function parseDraft(draft: Draft): { settings: Partial<Settings>; problems: Problems } {
  const settings: Record<string, unknown> = {};
  const found: Problems = {};
  for (const name of SETTING_NAMES) {
    const parsed = parseField(FIELDS[name], draft[name]);
    if ('problem' in parsed) found[name] = parsed.problem;
    else settings[name] = parsed.value;
  }
  const { retention_days: keptDays, downsample_after_days: condensedAfterDays } = settings as Partial<Settings>;
  if (keptDays !== undefined && condensedAfterDays !== undefined && condensedAfterDays > keptDays)
    found.downsample_after_days = problems.condensedAfterDeletion(keptDays);
  return { settings, problems: found };
}

function parseField(field: Field, typed: string | boolean): { value: unknown } | { problem: string } {
  if (typeof typed === 'boolean' || field.kind === 'choice' || field.kind === 'switch') return { value: typed };
  const text = typed.trim();
  if (field.kind === 'cpus') return isCpuList(text) ? { value: text } : { problem: problems.cpus };
  const { minimum, maximum, decimals } = field;
  const value = Number(text);
  const written = decimals === 0 ? /^\d+$/ : /^\d*\.?\d+$/;
  const fits = written.test(text) && value >= minimum && value <= maximum;
  if (!fits) return { problem: problems.number(minimum, maximum, decimals) };
  if ((text.split('.')[1]?.length ?? 0) > decimals) return { problem: problems.number(minimum, maximum, decimals) };
  return { value };
}

/** `all`, or CPU numbers and ranges as the kernel writes them: `0-3,5`. */
function isCpuList(text: string): boolean {
  if (text === 'all') return true;
  if (text.length > 1024 || !/^\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*$/.test(text)) return false;
  return text.split(',').every((range) => {
    const [first = '', last = first] = range.split('-');
    return Number(first) <= Number(last);
  });
}

/** The names whose inputs no longer say what is saved; a field that stands for nothing counts. */
export function changedNames(saved: Settings, draft: Draft): SettingName[] {
  const { settings } = parseDraft(draft);
  return SETTING_NAMES.filter((name) => settings[name] !== saved[name]);
}
