import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase, type StateDatabase } from '../../src/state/database.ts';
import { MIGRATIONS } from '../../src/state/migrations.ts';
import { temporaryFolder } from './temporary.ts';

const STEP_1 = 'CREATE TABLE things (name TEXT NOT NULL) STRICT';
const STEP_2 = "ALTER TABLE things ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'";

function opened(path: string, migrations?: readonly string[]): StateDatabase {
  const database = openDatabase(path, migrations);
  onTestFinished(() => database.close());
  return database;
}

function mode(path: string): number {
  return statSync(path).mode & 0o777;
}

test('a new file is private, in WAL mode, at the latest version, and enforces foreign keys', () => {
  const path = join(temporaryFolder(), 'state.db');
  const database = opened(path);
  expect(database.first('PRAGMA user_version')).toEqual({ user_version: MIGRATIONS.length });
  expect(database.first('PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' });
  expect([path, `${path}-wal`, `${path}-shm`].map(mode)).toEqual([0o600, 0o600, 0o600]);
  expect(() => database.run("INSERT INTO collectors VALUES (1, 99, 'a', 'a', '{}', '', '')")).toThrow(/FOREIGN KEY/);
});

test('what was written is there after opening again, and no backup was made', () => {
  const path = join(temporaryFolder(), 'state.db');
  const first = openDatabase(path, [STEP_1]);
  first.run("INSERT INTO things VALUES ('kept')");
  first.close();
  expect(opened(path, [STEP_1]).all('SELECT * FROM things')).toEqual([{ name: 'kept' }]);
  expect(existsSync(`${path}.bak-v1`)).toBe(false);
});

test('an upgrade keeps the data and a private copy of the old file', () => {
  const path = join(temporaryFolder(), 'state.db');
  const old = openDatabase(path, [STEP_1]);
  old.run("INSERT INTO things VALUES ('kept')");
  old.close();
  expect(opened(path, [STEP_1, STEP_2]).all('SELECT * FROM things')).toEqual([{ name: 'kept', colour: 'red' }]);
  const backup = new DatabaseSync(`${path}.bak-v1`, { readOnly: true });
  expect(backup.prepare('SELECT * FROM things').all()).toEqual([{ name: 'kept' }]);
  backup.close();
  expect(mode(`${path}.bak-v1`)).toBe(0o600);
});

test('a step that fails leaves the old version', () => {
  const path = join(temporaryFolder(), 'state.db');
  openDatabase(path, [STEP_1]).close();
  expect(() => openDatabase(path, [STEP_1, `${STEP_2}; INSERT INTO missing VALUES (1)`])).toThrow(/no such table/);
  expect(opened(path, [STEP_1]).first('PRAGMA user_version')).toEqual({ user_version: 1 });
});

test('a file from a newer version is refused in one line and left alone', () => {
  const path = join(temporaryFolder(), 'state.db');
  openDatabase(path, [STEP_1, STEP_2]).close();
  const before = readFileSync(path);
  expect(() => openDatabase(path, [STEP_1])).toThrow(
    expect.objectContaining({
      code: 'TACHO_STATE_NEWER',
      message: `${path} was written by a newer Tacho (format 2, this one knows 1): upgrade Tacho`,
    }),
  );
  expect(readFileSync(path)).toEqual(before);
});

test.each<[string, (path: string) => void]>([
  ['no database', (path) => writeFileSync(path, 'this is a text of more than sixteen characters'.repeat(50))],
  [
    'cut off midway',
    (path) => {
      openDatabase(path).close();
      truncateSync(path, 5000);
    },
  ],
  [
    'overwritten in the middle',
    (path) => {
      openDatabase(path).close();
      const descriptor = openSync(path, 'r+');
      for (let page = 1; page < 10; page++) writeSync(descriptor, Buffer.alloc(512, 0xa5), 0, 512, page * 4096);
      closeSync(descriptor);
    },
  ],
])('a damaged file (%s) is refused in one clear line', (_how, damage) => {
  const path = join(temporaryFolder(), 'state.db');
  damage(path);
  const message: unknown = expect.stringMatching(new RegExp(`^${path} is damaged \\(.*\\): restore it from a backup`));
  expect(() => openDatabase(path)).toThrow(expect.objectContaining({ code: 'TACHO_STATE_CORRUPT', message }));
});

test('a file that another program holds is said to be in use', () => {
  const path = join(temporaryFolder(), 'state.db');
  openDatabase(path).close();
  const other = new DatabaseSync(path);
  onTestFinished(() => other.close());
  other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  expect(() => openDatabase(path)).toThrow(expect.objectContaining({ code: 'TACHO_STATE_BUSY' }));
});

test('a path that cannot be opened is said to be so', () => {
  expect(() => openDatabase(temporaryFolder())).toThrow(expect.objectContaining({ code: 'TACHO_STATE_UNAVAILABLE' }));
});

test('a transaction keeps all or nothing, nested ones too', () => {
  const database = opened(join(temporaryFolder(), 'state.db'), [STEP_1]);
  expect(() =>
    database.transaction(() => {
      database.transaction(() => database.run("INSERT INTO things VALUES ('a')"));
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(database.all('SELECT * FROM things')).toEqual([]);
  expect(database.transaction(() => database.run("INSERT INTO things VALUES ('b')").changes)).toBe(1);
  expect(database.all('SELECT * FROM things')).toEqual([{ name: 'b' }]);
});

test('a full disk is told, keeps what was there, and is forgotten once a write succeeds', () => {
  const database = opened(join(temporaryFolder(), 'state.db'), [STEP_1]);
  const { page_count: pages } = database.first<{ page_count: number }>('PRAGMA page_count') ?? { page_count: 0 };
  database.all(`PRAGMA max_page_count = ${pages}`);
  const big = 'x'.repeat(100_000);
  expect(() => database.run('INSERT INTO things VALUES (?)', big)).toThrow(
    expect.objectContaining({ code: 'TACHO_STATE_FULL' }),
  );
  expect(database.writeFailure()).toMatch(/the disk is full$/);
  expect(() => database.transaction(() => database.run('INSERT INTO things VALUES (?)', big))).toThrow(/full/);
  database.run("INSERT INTO things VALUES ('small')");
  expect(database.writeFailure()).toBeNull();
  expect(database.all('SELECT * FROM things')).toEqual([{ name: 'small' }]);
});
