import { expect, test } from 'vitest';
import { SETTING_NAMES } from '../../src/config/schema.ts';
import { settingsTable } from '../../src/config/table.ts';

test('the table has one row of five cells for the settings file and each setting', () => {
  const rows = settingsTable().split('\n').slice(2);
  expect(rows).toHaveLength(SETTING_NAMES.length + 1);
  for (const row of rows) expect(row.match(/(?<!\\)\|/g)).toHaveLength(6);
  expect(rows[0]).toMatch(/^\| `--config` \| `TACHO_CONFIG` \| /);
  expect(rows[1]).toMatch(/^\| `--listen` \| `TACHO_LISTEN` \| `127\.0\.0\.1:8000` \| restart \| /);
  expect(rows.find((row) => row.includes('--log-level'))).toContain('| reload |');
});
