/** Writes the README's generated tables: settings from the config schema, metrics from the sampler. `npm run docs -- --check` only compares. */
import { readFileSync, writeFileSync } from 'node:fs';
import { loadCatalogue } from '../collect/frame-source.ts';
import { settingsTable } from '../config/table.ts';
import type { FieldDescriptor } from '../metrics/catalogue.ts';

const README = new URL('../../README.md', import.meta.url);

function fieldRow(field: FieldDescriptor): string {
  const window = field.windowMs > 0 ? `${field.windowMs} ms` : 'the interval';
  const resolution = field.resolutionMs > 0 ? `${field.resolutionMs} ms` : 'exact';
  return `| \`${field.name}\` | ${field.kind} | ${field.unit} | ${resolution} | ${window} | ${field.help} |`;
}

function metricsTables(): string {
  return loadCatalogue()
    .families.map((family) =>
      [
        `<details><summary><code>${family.name}</code>: ${family.help}${family.instanceLabel ? `, per ${family.instanceLabel}` : ''}${family.optIn ? '; opt-in' : ''}</summary>`,
        '',
        '| field | kind | unit | resolution | shortest window | meaning |',
        '|---|---|---|---|---|---|',
        ...family.fields.map(fieldRow),
        '',
        '</details>',
      ].join('\n'),
    )
    .join('\n\n');
}

const SECTIONS: Record<string, () => string> = { settings: settingsTable, metrics: metricsTables };

function regenerate(readme: string): string {
  return Object.entries(SECTIONS).reduce((text, [name, write]) => {
    const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`README.md has no section ${begin} … ${end}`);
    return `${text.slice(0, from + begin.length)}\n\n${write().trim()}\n\n${text.slice(to)}`;
  }, readme);
}

const current = readFileSync(README, 'utf8');
const wanted = regenerate(current);
if (process.argv.includes('--check')) {
  if (current !== wanted) {
    console.error('README.md: the generated tables are out of date; run `npm run docs` and commit the result');
    process.exitCode = 1;
  }
} else if (current !== wanted) {
  writeFileSync(README, wanted);
  console.log('README.md: tables written');
}
