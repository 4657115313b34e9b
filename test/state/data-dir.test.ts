import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { prepareDataDir } from '../../src/state/data-dir.ts';
import { temporaryFolder } from './temporary.ts';

function mode(path: string): number {
  return statSync(path).mode & 0o777;
}

test('a missing folder is made for its owner only', () => {
  const folder = join(temporaryFolder(), 'a/b');
  prepareDataDir(folder);
  expect(mode(folder)).toBe(0o700);
});

test('an empty folder, or one of ours, is closed to others', () => {
  const folder = temporaryFolder();
  chmodSync(folder, 0o755);
  prepareDataDir(folder);
  expect(mode(folder)).toBe(0o700);
  writeFileSync(join(folder, 'state.db'), '');
  chmodSync(folder, 0o750);
  prepareDataDir(folder);
  expect(mode(folder)).toBe(0o700);
});

test('a shared folder with other files in it is left as it is', () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'other'));
  chmodSync(folder, 0o755);
  expect(() => prepareDataDir(folder)).toThrow(expect.objectContaining({ code: 'TACHO_DATA_DIR' }));
  expect(mode(folder)).toBe(0o755);
});

test('a file in the way is named', () => {
  const path = join(temporaryFolder(), 'file');
  writeFileSync(path, '');
  expect(() => prepareDataDir(path)).toThrow(`data_dir ${path} cannot be used`);
  expect(() => prepareDataDir(join(path, 'sub'))).toThrow(/cannot be used: ENOTDIR/);
  expect(() => prepareDataDir('/proc/tacho/state')).toThrow(/cannot be used: ENOENT/);
});
