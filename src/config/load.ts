import { Value } from 'typebox/value';
import { SettingsError, type SettingsFileError } from './errors.ts';
import { findSettingsFile, type SettingsFile } from './file.ts';
import type { Kind } from './kinds.ts';
import {
  type Environment,
  flagOf,
  SETTING_NAMES,
  SETTINGS,
  SETTINGS_FILE,
  type SettingName,
  type Settings,
  variableOf,
} from './schema.ts';

export interface SettingSources {
  /** By setting name, as text from the command line. */
  flags?: Readonly<Partial<Record<SettingName, string>>>;
  /** What `--config` says; when left out, the variable or the usual places tell. */
  configFile?: string | undefined;
  environment: Environment;
}

interface Given {
  value: unknown;
  /** `--listen`, `TACHO_LISTEN`, `/etc/tacho/tacho.toml line 3` or `default`. */
  source: string;
}

/** What the sources come to, good or bad. */
export interface Configuration {
  /** Null when there are problems. */
  settings: Settings | null;
  given: ReadonlyMap<SettingName, Given>;
  /** The settings file that was read, if any. */
  file: string | null;
  problems: readonly (SettingsError | SettingsFileError)[];
  /** One line each. */
  warnings: readonly string[];
}

/**
 * The settings in force: a flag wins over a variable, a variable over the file, the file over the default. An empty variable counts as not
 * set, and so does an empty string in the file where a setting may be absent.
 * @throws SettingsFileError when the file cannot be read or is no TOML; what else is wrong is among the problems
 */
export function readConfiguration(sources: SettingSources): Configuration {
  const { environment } = sources;
  const file = findSettingsFile(sources.configFile, environment);
  const problems: (SettingsError | SettingsFileError)[] = [...(file?.problems ?? [])];
  const given = new Map<SettingName, Given>();
  for (const name of SETTING_NAMES) {
    try {
      given.set(name, settle(name, sources, file));
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      problems.push(error);
    }
  }
  problems.push(...halfPairs(given));
  const values = [...given].map(([name, { value }]) => [name, value]);
  const unknown = unknownVariables(environment).map((variable) => `no setting is named ${variable}`);
  return {
    // Each value was checked against the type that Settings derives from.
    settings: problems.length === 0 ? (Object.fromEntries(values) as Settings) : null,
    given,
    file: file?.path ?? null,
    problems,
    warnings: [...unknown, ...(file?.warnings ?? [])],
  };
}

/** The settings of a configuration. @throws SettingsError or SettingsFileError for the first problem */
export function settingsOf({ settings, problems }: Configuration): Settings {
  if (settings === null) throw problems[0];
  return settings;
}

function settle(name: SettingName, { flags, environment }: SettingSources, file: SettingsFile | null): Given {
  const flag = flags?.[name];
  if (flag !== undefined) return fromText(name, flag, flagOf(name));
  const variable = environment[variableOf(name)];
  if (variable) return fromText(name, variable, variableOf(name));
  const fallback = SETTINGS[name].default;
  const stated = file?.values.get(name);
  if (file && stated && !(fallback === null && stated.value === '')) {
    const { kind }: { kind: Kind } = SETTINGS[name];
    const source = `${file.path} line ${stated.line}`;
    return checked(name, kind.file.read(stated.value, file.folder), stated.value, source, kind.file.expected);
  }
  if (fallback === null) return { value: null, source: 'default' };
  return fromText(name, typeof fallback === 'string' ? fallback : fallback(environment), 'default');
}

function fromText(name: SettingName, text: string, source: string): Given {
  const { kind }: { kind: Kind } = SETTINGS[name];
  return checked(name, kind.fromText(text), text, source);
}

function checked(name: SettingName, value: unknown, said: unknown, source: string, expected?: string): Given {
  const { kind, secret }: { kind: Kind; secret?: true } = SETTINGS[name];
  if (name === 'store' && typeof said === 'string' && said.startsWith('questdb://')) {
    throw new SettingsError(name, `store (from ${source}): questdb:// is not supported by this version, use duckdb`);
  }
  if (Value.Check(kind.type, value)) return { value, source };
  const given = secret ? '' : `, not ${shown(said)}`;
  throw new SettingsError(name, `${name} (from ${source}) must be ${expected ?? kind.expected}${given}`);
}

function shown(said: unknown): string {
  // JSON has no word for the numbers of TOML that are none.
  const text = typeof said === 'number' ? String(said) : JSON.stringify(said);
  return text.length > 82 ? `${text.slice(0, 81)}…` : text;
}

const PAIR = ['tls_cert', 'tls_key'] as const;

/** A certificate is of no use without its key, nor a key without its certificate. */
function halfPairs(given: ReadonlyMap<SettingName, Given>): SettingsError[] {
  const [present, absent] = given.get('tls_cert')?.value ? PAIR : [PAIR[1], PAIR[0]];
  const there = given.get(present);
  if (!there?.value || given.get(absent)?.value !== null) return [];
  return [new SettingsError(absent, `${absent} is missing: ${present} (from ${there.source}) needs it`)];
}

/** `TACHO_…` variables that no setting is named by: most likely misspelt, so worth a warning. */
export function unknownVariables(environment: Environment): string[] {
  const known = new Set<string>([...SETTING_NAMES.map(variableOf), SETTINGS_FILE.variable]);
  return Object.keys(environment).filter((variable) => variable.startsWith('TACHO_') && !known.has(variable));
}
