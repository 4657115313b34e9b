import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { SettingsFileError } from './errors.ts';
import { nearest } from './nearest.ts';
import { type Environment, SETTING_NAMES, SETTINGS, SETTINGS_FILE, type SettingName, xdgFolder } from './schema.ts';

export interface SettingsFile {
  path: string;
  /** What relative paths in it start from. */
  folder: string;
  /** As the file has them, still to be checked. `line` counts from 1. */
  values: ReadonlyMap<SettingName, { value: unknown; line: number }>;
  /** Keys that are no settings. */
  problems: readonly SettingsFileError[];
  warnings: readonly string[];
}

const SYSTEM_FILE = '/etc/tacho/tacho.toml';
/** Asks for no file at all. */
const NO_FILE = '/dev/null';
const OTHERS_MAY_READ = 0o004;

/**
 * The settings file that is asked for, else the first that there is: the host's, the user's, none (null).
 * @throws SettingsFileError when the file cannot be read or is no TOML
 */
export function findSettingsFile(flag: string | undefined, environment: Environment): SettingsFile | null {
  const asked = flag ?? environment[SETTINGS_FILE.variable];
  if (flag === '') throw new SettingsFileError(`${SETTINGS_FILE.flag} must be a file's path`);
  if (asked === NO_FILE) return null;
  if (asked) return readSettingsFile(resolve(asked));
  for (const path of [SYSTEM_FILE, join(xdgFolder(environment, 'XDG_CONFIG_HOME', '.config'), 'tacho/tacho.toml')]) {
    if (statSync(path, { throwIfNoEntry: false })) return readSettingsFile(path);
  }
  return null;
}

function readSettingsFile(path: string): SettingsFile {
  const { text, mode } = readText(path);
  const table = parseToml(path, text);
  const values = new Map<SettingName, { value: unknown; line: number }>();
  const problems: SettingsFileError[] = [];
  for (const [key, value] of Object.entries(table)) {
    const line = lineOf(text, key);
    if (isTable(value)) {
      problems.push(new SettingsFileError(`${path} line ${line}: ${key} is a table; settings stand outside of tables`));
    } else if (isSettingName(key)) {
      values.set(key, { value, line });
    } else {
      const similar = nearest(key.replaceAll('-', '_').toLowerCase(), SETTING_NAMES);
      const hint = similar === null ? '' : `; did you mean ${similar}?`;
      problems.push(new SettingsFileError(`${path} line ${line}: there is no setting ${JSON.stringify(key)}${hint}`));
    }
  }
  const told = [...values].find(([name, { value }]) => holdsSecret(name, value))?.[0];
  const exposed = told !== undefined && (mode & OTHERS_MAY_READ) !== 0;
  const warnings = exposed ? [`every user may read ${path}, which holds ${told}: run chmod 640 on it`] : [];
  return { path, folder: dirname(path), values, problems, warnings };
}

function readText(path: string): { text: string; mode: number } {
  try {
    const status = statSync(path);
    // A pipe or a device may never end.
    if (!status.isFile()) throw new Error('it is not a file');
    return { text: readFileSync(path, 'utf8'), mode: status.mode };
  } catch (error) {
    throw new SettingsFileError(`cannot read the settings file ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function parseToml(path: string, text: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The lines that follow in the message repeat the file's own, which may hold a password.
    const [what = ''] = error.message.replace(/^Invalid TOML document: /, '').split('\n', 1);
    throw new SettingsFileError(`${path} line ${error.line}: ${what} (strings stand in quotes)`);
  }
}

/** Where a key stands: the parser knows, and does not say. */
function lineOf(text: string, key: string): number {
  const escaped = key.replaceAll(/[^\w-]/g, '\\$&');
  const start = text.search(new RegExp(`^[ \\t]*(?:\\[+[ \\t]*)?["']?${escaped}["']?[ \\t]*[=.\\]]`, 'm'));
  return text.slice(0, Math.max(start, 0)).split('\n').length;
}

function isTable(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isTable);
  return typeof value === 'object' && value !== null && !(value instanceof Date);
}

function isSettingName(key: string): key is SettingName {
  return Object.hasOwn(SETTINGS, key);
}

function holdsSecret(name: SettingName, value: unknown): boolean {
  const { secret, default: fallback }: { secret?: true; default: unknown } = SETTINGS[name];
  return secret === true && value !== fallback && value !== '';
}
