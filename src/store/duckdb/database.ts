import { realpathSync, rmSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance, type DuckDBMaterializedResult } from '@duckdb/node-api';
import { StoreError } from '../contract.ts';
import { isInvalidated, storeErrorOf } from './errors.ts';
import { MemoryLimit } from './memory.ts';
import { literal, type Parameters } from './parameters.ts';
import { Turns } from './turns.ts';

/**
 * Small blocks and row groups: a family's newest row group is written anew at every checkpoint, and each column of each table holds a
 * block in memory while it grows, so both decide what a quiet daemon costs. They compress well in the storage format of 1.5 only.
 */
const NEW_FILE = 'BLOCK_SIZE 16384, ';
const ATTACH = "ROW_GROUP_SIZE 16384, STORAGE_VERSION 'v1.5.0'";

/** Enough for a page that is watched and a long report side by side; each reader costs a thread while it works. */
const READERS = 2;

/** The write-ahead log is folded into the file at this size; replaying it at start takes well under a second. */
const CHECKPOINT_BYTES = 4 * 2 ** 20;
/** A checkpoint that runs out of space invalidates the open database, so none is begun without room for the log and what it rewrites. */
const CHECKPOINT_RESERVE_BYTES = 8 * 2 ** 20;

const CATALOG = 'series';

/** A DuckDB file, open: one connection that writes, a few that read, the limit on memory, and checkpoints. */
export class Database {
  readonly path: string;
  /** Where the archive is, if there is one; statements may read and write there. */
  readonly archivePath: string;
  readonly #instance: DuckDBInstance;
  readonly #control: DuckDBConnection;
  readonly #memory: MemoryLimit;
  readonly #writer: Turns<DuckDBConnection>;
  readonly #readers: Turns<DuckDBConnection>;
  #broken = false;
  #corruption: string | undefined;
  #writeTrouble: string | undefined;
  #checkpointTrouble: string | undefined;
  #closed = false;

  private constructor(
    path: string,
    instance: DuckDBInstance,
    control: DuckDBConnection,
    writer: DuckDBConnection,
    readers: readonly DuckDBConnection[],
  ) {
    this.path = path;
    this.archivePath = archivePathOf(path);
    this.#instance = instance;
    this.#control = control;
    this.#memory = new MemoryLimit(async (limit) => {
      await control.run(`SET GLOBAL memory_limit = '${limit}'`);
    });
    this.#writer = new Turns([writer]);
    this.#readers = new Turns(readers);
  }

  /** @throws StoreError that names the file; the file is left as it was. */
  static async open(path: string): Promise<Database> {
    const instance = await DuckDBInstance.create(':memory:', {
      // One thread for each query: no pool of idle ones, and an append of a few rows has nothing to share out.
      threads: '1',
      memory_limit: MemoryLimit.initial,
      temp_directory: temporaryFolderOf(path),
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      // Checkpoints are ours to time: one that fails inside a commit says that the commit failed, which it did not.
      checkpoint_threshold: '1TB',
    });
    try {
      const control = await instance.connect();
      // The archive is written below the data folder, or where a link there leads; no statement may read or write anything else.
      const folders = [dirname(path), realPathOf(archivePathOf(path))].filter((folder) => folder !== undefined);
      await control.run(`SET allowed_directories = [${folders.map((folder) => literal(`${folder}/`)).join(', ')}]`);
      await control.run('SET enable_external_access = false');
      await control.run(`ATTACH ${literal(path)} AS ${CATALOG} (${readyForNew(path) ? NEW_FILE : ''}${ATTACH})`);
      // Left over by a process that was killed; now that the file is ours, so are they.
      rmSync(temporaryFolderOf(path), { recursive: true, force: true });
      const connections = await Promise.all(Array.from({ length: READERS + 1 }, () => connect(instance)));
      const [writer, ...readers] = connections as [DuckDBConnection, ...DuckDBConnection[]];
      // Planning costs more than appending a few rows does; merges switch it on again.
      await writer.run('PRAGMA disable_optimizer');
      return new Database(path, instance, control, writer, readers);
    } catch (error) {
      instance.closeSync();
      throw storeErrorOf(error, path, true);
    }
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Nothing works any more until the file is closed and opened again. */
  get broken(): boolean {
    return this.#broken;
  }

  /** What is wrong, in words; without a disk access. */
  get troubles(): string[] {
    const troubles = [this.#corruption, this.#writeTrouble, this.#checkpointTrouble];
    return [...new Set(troubles.filter((trouble) => trouble !== undefined))];
  }

  /** Runs `work` when all earlier writes are done. @throws StoreError */
  async write<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    try {
      const result = await this.#translated(() => this.#writer.borrow(work));
      this.#writeTrouble = undefined;
      return result;
    } catch (error) {
      if (error instanceof StoreError && error.code === 'TACHO_STORE_UNAVAILABLE') this.#writeTrouble = error.message;
      throw error;
    }
  }

  /** Like `write`, with the high memory limit and the optimizer: for statements that look at many rows, once. */
  async writeMuch<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    return this.write((writer) => this.#memory.raisedOnlyDuring(() => optimized(writer, () => work(writer))));
  }

  withMuchMemory<T>(work: () => Promise<T>): Promise<T> {
    return this.#memory.raisedDuring(work);
  }

  /** Runs `work` beside writes and up to one other reader, over what is committed. @throws StoreError */
  async read<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    return this.#translated(() =>
      this.#readers.borrow((connection) => this.#memory.raisedDuring(() => work(connection))),
    );
  }

  /** Like `read`, for statements that look at many rows once: what they leave in memory is given back. */
  async readMuch<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    return this.#translated(() =>
      this.#readers.borrow((connection) => this.#memory.raisedOnlyDuring(() => work(connection))),
    );
  }

  /** Folds the write-ahead log into the file if it has grown, or `now`; what goes wrong is a trouble, not an error. */
  async checkpoint(now = false): Promise<void> {
    const logBytes = sizeOf(`${this.path}.wal`);
    if (logBytes < CHECKPOINT_BYTES && !now) return;
    const { bavail, bsize } = await statfs(dirname(this.path));
    if (bavail * bsize < logBytes + CHECKPOINT_RESERVE_BYTES) {
      this.#checkpointTrouble = `${dirname(this.path)}: ${Math.floor((bavail * bsize) / 2 ** 20)} MiB of disk space are left, too few to tidy up`;
      return;
    }
    try {
      await this.write((connection) =>
        this.#memory.raisedOnlyDuring(async () => {
          await connection.run(`CHECKPOINT ${CATALOG}`);
        }),
      );
      this.#checkpointTrouble = undefined;
    } catch (error) {
      this.#checkpointTrouble = error instanceof Error ? error.message : String(error);
    }
  }

  /** Folds the whole write-ahead log into the file. @throws StoreError when that cannot be done now */
  async fold(): Promise<void> {
    await this.write((connection) => connection.run(`CHECKPOINT ${CATALOG}`));
  }

  /** Bytes that hold something: blocks in use and the write-ahead log. The file may be larger, by the blocks it will use again. */
  async usedBytes(): Promise<number> {
    const [row] = await this.read(async (reader) =>
      (
        await reader.run(
          `SELECT (used_blocks * block_size)::DOUBLE FROM pragma_database_size() WHERE database_name = '${CATALOG}'`,
        )
      ).getRows(),
    );
    return ((row?.[0] as number | undefined) ?? 0) + sizeOf(`${this.path}.wal`);
  }

  /** Waits for calls under way; later ones are refused. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const connections = [...(await this.#writer.retire()), ...(await this.#readers.retire())];
    await this.#memory.stop();
    for (const connection of connections) connection.closeSync();
    // Detached explicitly: the instance lives until its last handle is collected, and the file must be free before that.
    await this.#control.run(`DETACH ${CATALOG}`).catch(() => undefined);
    this.#control.closeSync();
    this.#instance.closeSync();
  }

  async #translated<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new StoreError('TACHO_STORE_UNAVAILABLE', `${this.path} is closed`);
    try {
      return await work();
    } catch (error) {
      if (isInvalidated(error)) this.#broken = true;
      const translated = storeErrorOf(error, this.path);
      if (translated instanceof StoreError && translated.code === 'TACHO_STORE_CORRUPT') {
        this.#corruption = translated.message;
      }
      throw translated;
    }
  }
}

/** Runs a statement whose placeholders come from `parameters`. */
export async function run(
  connection: DuckDBConnection,
  sql: string,
  parameters?: Parameters,
): Promise<DuckDBMaterializedResult> {
  return parameters ? connection.run(sql, parameters.values, parameters.types) : connection.run(sql);
}

/** The writer plans without the optimizer otherwise. */
export async function optimized<T>(connection: DuckDBConnection, work: () => Promise<T>): Promise<T> {
  await connection.run('PRAGMA enable_optimizer');
  try {
    return await work();
  } finally {
    // In a transaction that an error has ended, nothing runs; a slower plan next time is all that comes of it.
    await connection.run('PRAGMA disable_optimizer').catch(() => undefined);
  }
}

/** Runs `work` in a transaction, which an error rolls back. */
export async function inTransaction<T>(connection: DuckDBConnection, work: () => Promise<T>): Promise<T> {
  await connection.run('BEGIN');
  try {
    const result = await work();
    await connection.run('COMMIT');
    return result;
  } catch (error) {
    // A failed commit has rolled back by itself.
    await connection.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function connect(instance: DuckDBInstance): Promise<DuckDBConnection> {
  const connection = await instance.connect();
  await connection.run(`USE ${CATALOG}`);
  return connection;
}

function archivePathOf(path: string): string {
  return join(dirname(path), 'archive');
}

function realPathOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    // Not there, or a link to nowhere: whoever writes there will say so.
    return undefined;
  }
}

function temporaryFolderOf(path: string): string {
  return `${path}.tmp`;
}

/** Whether there is no file. An empty one, left by a process that was killed just then, has nothing to lose and goes. */
function readyForNew(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile() && stats.size === 0) rmSync(path);
  return !stats || stats.size === 0;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
