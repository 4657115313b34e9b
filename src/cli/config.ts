import { exampleFile } from '../config/example.ts';
import { type Configuration, readConfiguration, type SettingSources } from '../config/load.ts';
import { SETTING_NAMES, SETTINGS, type SettingName, type Settings } from '../config/schema.ts';
import { readTlsPair } from '../http/tls-pair.ts';
import { checkDataDir } from '../state/data-dir.ts';
import { inOneLine } from './program.ts';
import { recordingsOf } from './recordings.ts';
import { table } from './table.ts';

/** `tacho config check [file]`: `ok` and the settings in force, or one line for each problem and exit code 1. Starts and makes nothing. */
export async function checkConfig(sources: SettingSources, file: string | undefined): Promise<void> {
  const configuration = readConfiguration(file === undefined ? sources : { ...sources, configFile: file });
  const warnings = [...configuration.warnings];
  const problems = configuration.problems.map(({ message }) => message);
  if (configuration.settings) problems.push(...(await surroundings(configuration.settings, warnings)));
  for (const warning of warnings) console.error(`tacho: warning: ${inOneLine(warning)}`);
  for (const problem of problems) console.error(`tacho: ${inOneLine(problem)}`);
  if (problems.length > 0) {
    process.exitCode = 1;
    return;
  }
  console.log(
    `ok\n${table(
      ['SETTING', 'VALUE', 'FROM'],
      SETTING_NAMES.map((name) => rowOf(name, configuration)),
    )}`,
  );
}

/** `tacho config example` */
export function printExample(): void {
  process.stdout.write(exampleFile(process.env));
}

/** What can be said of the settings' files and folders without starting. */
async function surroundings(settings: Settings, warnings: string[]): Promise<string[]> {
  const { data_dir, tls_cert, tls_key, record_also } = settings;
  const checks = [
    () => checkDataDir(data_dir),
    () => {
      if (tls_cert !== null && tls_key !== null) warnings.push(...readTlsPair(tls_cert, tls_key).warnings);
    },
    async () => {
      if (record_also.length === 0) return;
      // Only the sampler knows its families, and no other command needs it.
      const { loadCatalogue } = await import('../collect/frame-source.ts');
      recordingsOf(loadCatalogue(), record_also);
    },
  ];
  const problems: string[] = [];
  for (const check of checks) {
    try {
      await check();
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  return problems;
}

function rowOf(name: SettingName, { given }: Configuration): string[] {
  const { secret, default: fallback }: { secret?: true; default: unknown } = SETTINGS[name];
  const { value, source } = given.get(name) ?? { value: null, source: '' };
  return [name, secret && value !== fallback ? '(set)' : shown(value), source];
}

function shown(value: unknown): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return '-';
  if (Array.isArray(value)) return value.join(',');
  if (typeof value !== 'object') return String(value);
  const { host, port } = value as Settings['listen'];
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
