import { Value } from 'typebox/value';
import type { Kind } from './kinds.ts';
import {
  type Environment,
  flagOf,
  SETTING_NAMES,
  SETTINGS,
  type SettingName,
  type Settings,
  variableOf,
} from './schema.ts';

/** A setting holds what it must not; the message is one line that names the setting, where it came from, and what is expected. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly code = 'TACHO_BAD_SETTING';
  readonly setting: SettingName;

  constructor(setting: SettingName, message: string) {
    super(message);
    this.setting = setting;
  }
}

export interface SettingSources {
  /** By setting name, as text from the command line. */
  flags?: Readonly<Partial<Record<SettingName, string>>>;
  environment: Environment;
}

/**
 * The settings in force: a flag wins over a variable, a variable over the default. An empty variable counts as not set.
 * Throws a SettingsError for the first bad value.
 */
export function loadSettings({ flags = {}, environment }: SettingSources): Settings {
  const values = SETTING_NAMES.map((name) => [name, settingValue(name, flags, environment)]);
  // Each value was checked against the type that Settings derives from.
  return Object.fromEntries(values) as Settings;
}

function settingValue(name: SettingName, flags: SettingSources['flags'], environment: Environment): unknown {
  const flag = flags?.[name];
  if (flag !== undefined) return checked(name, flag, flagOf(name));
  const variable = environment[variableOf(name)];
  if (variable) return checked(name, variable, variableOf(name));
  const fallback = SETTINGS[name].default;
  if (fallback === null) return null;
  return checked(name, typeof fallback === 'string' ? fallback : fallback(environment), 'default');
}

function checked(name: SettingName, text: string, source: string): unknown {
  const { kind, secret }: { kind: Kind; secret?: true } = SETTINGS[name];
  if (name === 'store' && text.startsWith('questdb://')) {
    throw new SettingsError(name, `store (from ${source}): questdb:// is not supported by this version, use duckdb`);
  }
  const value = kind.fromText(text);
  if (Value.Check(kind.type, value)) return value;
  const given = secret ? '' : `, not ${JSON.stringify(shortened(text))}`;
  throw new SettingsError(name, `${name} (from ${source}) must be ${kind.expected}${given}`);
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** `TACHO_…` variables that no setting is named by: most likely misspelt, so worth a warning. */
export function unknownVariables(environment: Environment): string[] {
  const known = new Set(SETTING_NAMES.map(variableOf));
  return Object.keys(environment).filter((variable) => variable.startsWith('TACHO_') && !known.has(variable));
}
