import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadSigningKey } from '../../src/auth/signing-key.ts';
import { temporaryFolder } from '../state/temporary.ts';

test('the first call makes a private file, later ones read it', async () => {
  const path = join(temporaryFolder(), 'signing.key');
  const { kid } = await loadSigningKey(path);
  const content = readFileSync(path, 'utf8');
  chmodSync(path, 0o644);
  expect((await loadSigningKey(path)).kid).toBe(kid);
  expect(readFileSync(path, 'utf8')).toBe(content);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test.each([
  ['', /is damaged/],
  ['{', /is damaged/],
  ['null', /is damaged/],
  ['{"version":1,"kid":"a","alg":"HS256","k":"c2hvcnQ"}', /is damaged/],
  ['{"version":2,"keys":[]}', /was written by a newer Tacho \(format 2\)/],
])('a file that holds %s is refused, not replaced', async (content, message) => {
  const path = join(temporaryFolder(), 'signing.key');
  writeFileSync(path, content);
  await expect(loadSigningKey(path)).rejects.toThrow(message);
  expect(readFileSync(path, 'utf8')).toBe(content);
});

test('a folder that cannot be written is named', async () => {
  await expect(loadSigningKey('/proc/signing.key')).rejects.toThrow(/^\/proc\/signing.key cannot be written/);
});
