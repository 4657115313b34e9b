import { flagOf, SETTING_NAMES, SETTINGS, variableOf } from './schema.ts';

/** The README's table of settings, in Markdown. */
export function settingsTable(): string {
  const rows = SETTING_NAMES.map((name) => {
    const {
      default: fallback,
      defaultDoc,
      doc,
    }: { default: unknown; defaultDoc?: string; doc: string } = SETTINGS[name];
    const shown = defaultDoc ?? (fallback === '' ? 'empty' : `\`${fallback}\``);
    return `| \`${flagOf(name)}\` | \`${variableOf(name)}\` | ${shown} | ${doc} |`;
  });
  return ['| Flag | Variable | Default | Meaning |', '|---|---|---|---|', ...rows].join('\n');
}
