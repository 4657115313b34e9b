import { expect, test } from 'vitest';
import { SETTING_NAMES } from '../../src/config/schema.ts';
import { settingsTable } from '../../src/config/table.ts';

test('the table has one row of four cells for each setting', () => {
  const rows = settingsTable().split('\n').slice(2);
  expect(rows).toHaveLength(SETTING_NAMES.length);
  for (const row of rows) expect(row.match(/(?<!\\)\|/g)).toHaveLength(5);
  expect(rows[0]).toBe('| `--listen` | `TACHO_LISTEN` | `127.0.0.1:8000` | Address and port to serve HTTP on. |');
});
