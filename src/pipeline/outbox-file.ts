import { randomUUID } from 'node:crypto';
import { closeSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { OutboxError, outboxErrorOf } from './outbox-errors.ts';

/**
 * The queue file `outbox.db`: one SQLite database in WAL mode, owned by one connection.
 *
 *   spool         one row: the file's own random id
 *   sources       who queued something, and up to which number it may have been handed to the store (see Outbox)
 *   entries       what waits, in order of arrival
 *   dead_letters  what the store refused for good, with its reason
 *
 * The index covers what a start has to count, so that a full gigabyte is not read then.
 */
const FORMAT_VERSION = 1;

/** "TOBX": tells our file from another program's. */
const APPLICATION_ID = 0x584f4254;

/** Above this a whole-file check would hold up the start; SQLite still checks each page it touches. */
const CHECK_UP_TO_BYTES = 64 * 1024 * 1024;

const SCHEMA = `
  CREATE TABLE spool (id TEXT NOT NULL) STRICT;
  CREATE TABLE sources (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    policy TEXT NOT NULL,
    reserved_number INTEGER NOT NULL,
    last_timestamp_us INTEGER
  ) STRICT;
  CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    source INTEGER NOT NULL REFERENCES sources (id),
    number INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    queued_ms INTEGER NOT NULL,
    timestamp_us INTEGER,
    kind TEXT NOT NULL,
    collector INTEGER,
    payload BLOB NOT NULL
  ) STRICT;
  CREATE INDEX entries_by_source ON entries (source, number, bytes);
  CREATE TABLE dead_letters (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    number INTEGER NOT NULL,
    buried_ms INTEGER NOT NULL,
    error_code TEXT NOT NULL,
    error TEXT NOT NULL,
    kind TEXT NOT NULL,
    collector INTEGER,
    payload BLOB NOT NULL
  ) STRICT;
`;

/**
 * Set before anything is read: the exclusive lock spares two system calls per transaction and the shared-memory file, which a
 * full disk would break.
 */
const LOCK = 'PRAGMA locking_mode = EXCLUSIVE';

/** NORMAL keeps every commit through a process death; the commits that must survive a power loss switch to FULL. */
const SETTINGS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA journal_size_limit = 4194304;
  PRAGMA cache_size = -1024;
  PRAGMA temp_store = MEMORY;
`;

export interface QueueFile {
  database: QueueDatabase;
  spool: string;
  /** The corrupt predecessor, moved out of the way; null when the file was sound or new. */
  setAside: { path: string; reason: string } | null;
}

/** The open file: transactions and upkeep beside plain SQLite. */
export class QueueDatabase {
  readonly #database: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
  }

  get isOpen(): boolean {
    return this.#database.isOpen;
  }

  prepare(sql: string): StatementSync {
    return this.#database.prepare(sql);
  }

  /** Runs `work` in one transaction; `durable` returns only when it, and all before it, survive a power loss. */
  transaction<T>(work: () => T, options: { durable: boolean }): T {
    if (options.durable) this.#database.exec('PRAGMA synchronous = FULL');
    try {
      this.#begin.run();
      const result = work();
      this.#commit.run();
      return result;
    } catch (error) {
      // SQLite may have rolled back by itself already, as it does on a full disk.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    } finally {
      if (options.durable) this.#database.exec('PRAGMA synchronous = NORMAL');
    }
  }

  fileBytes(): number {
    return pragma(this.#database, 'page_count') * pragma(this.#database, 'page_size');
  }

  /** Gives the free pages back to the file system; costs what is left in the file, so call it when that is little. */
  compact(): void {
    this.#database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

/**
 * Opens the queue file, making it when there is none. A corrupt one is set aside and a new one begun.
 * @throws OutboxError TACHO_OUTBOX_VERSION (written by a newer daemon), _BUSY, _FULL or _UNAVAILABLE.
 */
export function openQueueFile(path: string): QueueFile {
  try {
    return { ...open(path), setAside: null };
  } catch (error) {
    if (!isOutboxCorruption(error)) throw error;
    return replaceQueueFile(path, error.message);
  }
}

/** Sets a file aside that turned out to be corrupt (with its WAL, which holds its last commits) and begins a new one. */
export function replaceQueueFile(path: string, reason: string): QueueFile {
  const asidePath = moveAside(path);
  return { ...open(path), setAside: { path: asidePath, reason } };
}

function isOutboxCorruption(error: unknown): error is OutboxError {
  return error instanceof OutboxError && error.code === 'TACHO_OUTBOX_CORRUPT';
}

function open(path: string): Omit<QueueFile, 'setAside'> {
  let database: DatabaseSync | undefined;
  try {
    // SQLite would make it readable by everyone; its WAL takes the same mode.
    closeSync(openSync(path, 'a', 0o600));
    database = new DatabaseSync(path);
    database.exec(LOCK);
    const isNew = isEmpty(database);
    if (!isNew) checkFormat(database, path);
    database.exec(SETTINGS);
    const spool = isNew ? create(database) : checkedSpool(database, path);
    return { database: new QueueDatabase(database), spool };
  } catch (error) {
    if (database?.isOpen) database.close();
    throw outboxErrorOf(error, path);
  }
}

/** A new file, or one whose making was cut off before its one transaction was committed. */
function isEmpty(database: DatabaseSync): boolean {
  return database.prepare('SELECT count(*) AS count FROM sqlite_schema').get()?.['count'] === 0;
}

function create(database: DatabaseSync): string {
  const spool = randomUUID();
  database.exec(`
    BEGIN;
    ${SCHEMA}
    INSERT INTO spool VALUES ('${spool}');
    PRAGMA application_id = ${APPLICATION_ID};
    PRAGMA user_version = ${FORMAT_VERSION};
    COMMIT;
  `);
  return spool;
}

function checkFormat(database: DatabaseSync, path: string): void {
  const version = pragma(database, 'user_version');
  if (pragma(database, 'application_id') !== APPLICATION_ID) {
    throw new OutboxError('TACHO_OUTBOX_CORRUPT', `${path}: not an outbox of Tacho`);
  }
  if (version > FORMAT_VERSION) {
    const message = `${path}: format ${version} was written by a newer Tacho; this one reads up to ${FORMAT_VERSION}`;
    throw new OutboxError('TACHO_OUTBOX_VERSION', message);
  }
}

function checkedSpool(database: DatabaseSync, path: string): string {
  if (statSync(path).size <= CHECK_UP_TO_BYTES) {
    const verdict = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
    if (verdict !== 'ok') throw new OutboxError('TACHO_OUTBOX_CORRUPT', `${path}: ${verdict}`);
  }
  const spool = database.prepare('SELECT id FROM spool').get()?.['id'];
  if (typeof spool !== 'string') throw new OutboxError('TACHO_OUTBOX_CORRUPT', `${path}: it has no spool id`);
  return spool;
}

function pragma(database: DatabaseSync, name: 'user_version' | 'application_id' | 'page_count' | 'page_size'): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function moveAside(path: string): string {
  const asidePath = `${path}.corrupt-${new Date().toISOString().replaceAll(':', '')}`;
  renameSync(path, asidePath);
  // Left behind, the old WAL would be replayed into the new file.
  if (statSync(`${path}-wal`, { throwIfNoEntry: false })) renameSync(`${path}-wal`, `${asidePath}-wal`);
  rmSync(`${path}-shm`, { force: true });
  return asidePath;
}
