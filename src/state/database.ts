import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { corrupt, explained, StateError } from './errors.ts';
import { MIGRATIONS } from './migrations.ts';

type Row = Record<string, SQLOutputValue>;

/**
 * The state file. One process uses it at a time (lock.ts), so what this process knows of it stays true.
 * Every method throws a StateError when the file or its disk is to blame.
 */
export class StateDatabase {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #depth = 0;
  #writeFailure: string | null = null;

  constructor(path: string, database: DatabaseSync) {
    this.path = path;
    this.#database = database;
  }

  /** The rows of a query. The caller names their type, which the STRICT tables warrant. */
  all<RowType extends Row>(sql: string, ...values: SQLInputValue[]): RowType[] {
    return this.#guarded(() => this.#statement(sql).all(...values) as RowType[]);
  }

  first<RowType extends Row>(sql: string, ...values: SQLInputValue[]): RowType | null {
    return this.#guarded(() => (this.#statement(sql).get(...values) as RowType | undefined) ?? null);
  }

  /** Runs a statement that writes; durable on disk on return, or with the surrounding transaction. */
  run(sql: string, ...values: SQLInputValue[]): { changes: number; lastId: number } {
    return this.#written(() => {
      const { changes, lastInsertRowid } = this.#statement(sql).run(...values);
      return { changes: Number(changes), lastId: Number(lastInsertRowid) };
    });
  }

  /** All writes of `work`, or none of them if it throws. Nested transactions are part of the outermost. */
  transaction<Result>(work: () => Result): Result {
    if (this.#depth > 0) return work();
    this.#depth += 1;
    try {
      return this.#written(() => {
        this.#database.exec('BEGIN IMMEDIATE');
        try {
          const result = work();
          this.#database.exec('COMMIT');
          return result;
        } catch (error) {
          // A full disk makes SQLite roll back by itself.
          if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
          throw error;
        }
      });
    } finally {
      this.#depth -= 1;
    }
  }

  /** Why the last write failed; null once one has succeeded again. */
  writeFailure(): string | null {
    return this.#writeFailure;
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #guarded<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw explained(error, this.path);
    }
  }

  #written<Result>(work: () => Result): Result {
    try {
      const result = this.#guarded(work);
      this.#writeFailure = null;
      return result;
    } catch (error) {
      if (error instanceof StateError) this.#writeFailure = error.message;
      throw error;
    }
  }
}

/**
 * Opens the state file, making or upgrading it as needed; the folder must exist. Before an upgrade a copy is kept beside it as
 * `state.db.bak-v<N>`. Throws a StateError: `TACHO_STATE_NEWER` for a file that a later version wrote, `TACHO_STATE_CORRUPT` for one that
 * is damaged or no database.
 */
export function openDatabase(path: string, migrations: readonly string[] = MIGRATIONS): StateDatabase {
  let database: DatabaseSync | undefined;
  try {
    // Made here rather than by SQLite, so that it and the files SQLite puts beside it are private from the start.
    closeSync(openSync(path, 'a', 0o600));
    chmodSync(path, 0o600);
    database = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: 1000 });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    const damage = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
    if (damage !== 'ok') throw corrupt(path, String(damage));
    migrate(path, database, migrations);
    return new StateDatabase(path, database);
  } catch (error) {
    if (database?.isOpen) database.close();
    if (error instanceof Error && 'syscall' in error) {
      throw new StateError('TACHO_STATE_UNAVAILABLE', `${path} cannot be used: ${error.message}`, { cause: error });
    }
    throw explained(error, path);
  }
}

function migrate(path: string, database: DatabaseSync, migrations: readonly string[]): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version > migrations.length) {
    throw new StateError(
      'TACHO_STATE_NEWER',
      `${path} was written by a newer Tacho (format ${version}, this one knows ${migrations.length}): upgrade Tacho`,
    );
  }
  if (version > 0 && version < migrations.length) backUp(path, database, version);
  for (const [index, step] of migrations.entries()) {
    if (index >= version) database.exec(`BEGIN IMMEDIATE; ${step}; PRAGMA user_version = ${index + 1}; COMMIT;`);
  }
}

/** A whole copy under its final name or none: a crash leaves at most the unfinished one, which the next start replaces. */
function backUp(path: string, database: DatabaseSync, version: number): void {
  const unfinished = `${path}.bak-unfinished`;
  rmSync(unfinished, { force: true });
  closeSync(openSync(unfinished, 'a', 0o600));
  database.prepare('VACUUM INTO ?').run(unfinished);
  syncFile(unfinished);
  renameSync(unfinished, `${path}.bak-v${version}`);
  syncFile(dirname(path));
}

function syncFile(path: string): void {
  const descriptor = openSync(path, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}
