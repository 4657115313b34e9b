import { flagOf, SETTING_NAMES, SETTINGS, SETTINGS_FILE, variableOf } from './schema.ts';

/** The README's table of settings, in Markdown. */
export function settingsTable(): string {
  const rows = SETTING_NAMES.map((name) => {
    const {
      default: fallback,
      defaultDoc,
      doc,
      live,
    }: { default: unknown; defaultDoc?: string; doc: string; live?: true } = SETTINGS[name];
    const shown = defaultDoc ?? (fallback === '' ? 'empty' : `\`${fallback}\``);
    return `| \`${flagOf(name)}\` | \`${variableOf(name)}\` | ${shown} | ${live ? 'reload' : 'restart'} | ${doc} |`;
  });
  const { flag, variable, defaultDoc, doc } = SETTINGS_FILE;
  return [
    '| Flag | Variable | Default | Changed by | Meaning |',
    '|---|---|---|---|---|',
    `| \`${flag}\` | \`${variable}\` | ${defaultDoc} | restart | ${doc} |`,
    ...rows,
  ].join('\n');
}
