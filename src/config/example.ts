import type { Kind } from './kinds.ts';
import { type Environment, SETTING_NAMES, SETTINGS, SETTINGS_FILE, variableOf } from './schema.ts';

/** A settings file with every setting, its meaning and its default, commented out. */
export function exampleFile(environment: Environment): string {
  const sections = SETTING_NAMES.map((name) => {
    const { kind, doc, default: fallback }: { kind: Kind; doc: string; default: unknown } = SETTINGS[name];
    const text = typeof fallback === 'function' ? fallback(environment) : fallback;
    const value = text === null ? '""' : kind.file.write(text as string);
    return `# ${doc.replaceAll('`', '')}\n#${name} = ${value}\n`;
  });
  const head = [
    `# Settings of Tacho. Read from ${SETTINGS_FILE.flag} FILE or ${SETTINGS_FILE.variable}, else from`,
    `# ${SETTINGS_FILE.defaultDoc.replaceAll('`', '')}.`,
    `# A flag (--log-level) or a variable (${variableOf('log_level')}) wins over this file.`,
    '# `tacho config check` says what is in force, and what is wrong.',
  ];
  return `${head.join('\n')}\n\n${sections.join('\n')}`;
}
