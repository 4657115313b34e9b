import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { Outbox } from '../../src/pipeline/outbox.ts';
import { framesEntry, names, openOutbox, temporaryFolder } from './fixtures.ts';

const EVERYTHING = Number.MAX_SAFE_INTEGER;

/** A folder with an orderly closed queue file that holds so many entries. */
function folderWithEntries(count: number): { folder: string; path: string; spool: string } {
  const folder = temporaryFolder();
  const { outbox, path } = openOutbox({ folder });
  outbox.putMany(Array.from({ length: count }, () => framesEntry(5_000, { lastTimestampUs: 1_763_800_000_000_000 })));
  const { spool } = outbox;
  outbox.close();
  return { folder, path, spool };
}

function flip(path: string, at: number, length: number): void {
  const bytes = readFileSync(path);
  for (let offset = at; offset < at + length; offset += 1) bytes[offset] = ~(bytes[offset] ?? 0) & 0xff;
  writeFileSync(path, bytes);
}

function asideOf(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.startsWith('outbox.db.corrupt-'));
}

describe('the queue file', () => {
  it('is for its owner only', () => {
    const { outbox, path } = openOutbox();
    outbox.put(framesEntry(1));
    expect([path, `${path}-wal`].map((file) => statSync(file).mode & 0o777)).toEqual([0o600, 0o600]);
  });

  it('is begun in an empty file that was left by a start cut short', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'outbox.db'), '');
    const { outbox, reports } = openOutbox({ folder });
    expect(outbox.put(framesEntry(1))).toBe(1);
    expect(reports).toEqual([]);
  });

  it('of a newer format is refused in one clear line and left as it is', () => {
    const { folder, path } = folderWithEntries(3);
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 2');
    database.close();
    const before = readFileSync(path);
    expect(() => new Outbox({ path })).toThrow(
      expect.objectContaining({
        code: 'TACHO_OUTBOX_VERSION',
        message: expect.stringMatching(/^[^\n]*newer Tacho[^\n]*$/),
      }),
    );
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(asideOf(folder)).toEqual([]);
  });

  it('that another connection holds is refused, not set aside', () => {
    const { folder, path } = folderWithEntries(1);
    openOutbox({ folder });
    expect(() => new Outbox({ path })).toThrow(expect.objectContaining({ code: 'TACHO_OUTBOX_BUSY' }));
    expect(asideOf(folder)).toEqual([]);
  });

  it.each([
    ['in a folder that is missing', (folder: string) => join(folder, 'missing', 'outbox.db')],
    [
      'that is a folder',
      (folder: string) => {
        mkdirSync(join(folder, 'outbox.db'));
        return join(folder, 'outbox.db');
      },
    ],
  ])('%s is one clear error', (_case, place) => {
    const path = place(temporaryFolder());
    expect(() => new Outbox({ path })).toThrow(
      expect.objectContaining({ code: 'TACHO_OUTBOX_UNAVAILABLE', message: expect.stringContaining(path) }),
    );
  });
});

describe('a corrupt queue file', () => {
  it.each([
    ['truncated in the middle', (path: string) => truncateSync(path, 20_480)],
    ['truncated in its header', (path: string) => truncateSync(path, 50)],
    ['with a flipped header', (path: string) => flip(path, 0, 16)],
    ['with a flipped page size', (path: string) => flip(path, 16, 2)],
    ['with a flipped schema page', (path: string) => flip(path, 100, 8)],
    ['with a flipped tree page', (path: string) => flip(path, 4096 * 3, 4096 * 3)],
    ['overwritten with text', (path: string) => writeFileSync(path, 'not a database at all\n'.repeat(300))],
    ['of another program', (path: string) => anotherProgram(path)],
  ])('%s is set aside and reported, and a new spool begun', (_case, damage) => {
    const { folder, path, spool } = folderWithEntries(20);
    damage(path);
    const damaged = readFileSync(path);
    const { outbox, reports } = openOutbox({ folder });
    const [aside] = asideOf(folder);
    expect(reports).toMatchObject([{ level: 'error', details: { path: join(folder, aside!) } }]);
    expect(readFileSync(join(folder, aside!)).equals(damaged)).toBe(true);
    expect(outbox.spool).not.toBe(spool);
    expect(outbox.put(framesEntry(1))).toBe(1);
    expect(names(outbox.take(EVERYTHING))).toEqual(['local 1']);
  });

  it('does not leave its WAL to the new file', () => {
    const { folder } = folderWithEntries(1);
    const { outbox } = openOutbox({ folder });
    outbox.put(framesEntry(5_000));
    const crashed = temporaryFolder();
    for (const file of ['outbox.db', 'outbox.db-wal']) copyFileSync(join(folder, file), join(crashed, file));
    writeFileSync(join(crashed, 'outbox.db'), 'garbage'.repeat(1_000));
    const again = openOutbox({ folder: crashed });
    expect(again.outbox.take(EVERYTHING)).toEqual([]);
    expect(again.outbox.put(framesEntry(1))).toBe(1);
    expect(asideOf(crashed).length).toBeGreaterThan(0);
  });

  it('found corrupt only while it is in use costs what was in it, not the service', () => {
    const folder = temporaryFolder();
    // More than the page cache holds, so that the oldest entries have to be read from the file.
    const { outbox, reports, path } = openOutbox({ folder });
    outbox.putMany(Array.from({ length: 10_000 }, () => framesEntry(300)));
    for (const file of [path, `${path}-wal`]) writeFileSync(file, readFileSync(file).fill(0xff, 4096 * 4));
    expect(outbox.take(EVERYTHING)).toEqual([]);
    expect(reports).toMatchObject([{ level: 'error', message: expect.stringContaining('corrupt') }]);
    expect(outbox.put(framesEntry(1))).toBe(1);
    expect(names(outbox.take(EVERYTHING))).toEqual(['local 1']);
    expect(asideOf(folder).length).toBeGreaterThan(0);
  });

  it('with an entry that cannot be read makes that one a dead letter', () => {
    const { folder, path } = folderWithEntries(3);
    const database = new DatabaseSync(path);
    database.exec(`UPDATE entries SET kind = 'events', payload = x'7b' WHERE number = 2`);
    database.close();
    const { outbox, reports } = openOutbox({ folder });
    expect(names(outbox.take(EVERYTHING))).toEqual(['local 1', 'local 3']);
    expect(outbox.deadLetters).toBe(1);
    expect(reports).toMatchObject([{ level: 'error', details: { number: 2, code: 'TACHO_OUTBOX_UNREADABLE' } }]);
  });
});

function anotherProgram(path: string): void {
  writeFileSync(path, '');
  const database = new DatabaseSync(path);
  database.exec('CREATE TABLE bookmarks (url TEXT)');
  database.close();
}
