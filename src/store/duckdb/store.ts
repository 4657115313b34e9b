import {
  type AppendResult,
  type ArchivedRows,
  type ArchiveFile,
  type DayRows,
  type EventsQuery,
  type EventsResult,
  type QuantilesQuery,
  type QuantilesResult,
  type RangeQuery,
  type RangeResult,
  type RollupRequest,
  type RowsPage,
  type RowsQuery,
  type SeriesResult,
  type SeriesSelector,
  type SeriesStore,
  type StoreBatch,
  StoreError,
  type StoreHealth,
  type StoreUsage,
  type TableSpan,
} from '../contract.ts';
import { checkTime } from '../queries.ts';
import { BatchAppender } from './append.ts';
import { ArchiveFolder } from './archive/folder.ts';
import { listArchive } from './archive/list.ts';
import { restore } from './archive/restore.ts';
import type { Database } from './database.ts';
import { queryEvents } from './events.ts';
import { openCurrent } from './format.ts';
import { prune } from './prune.ts';
import { queryQuantiles } from './quantiles.ts';
import { queryRange } from './range.ts';
import { rollUp } from './rollup.ts';
import { queryInstances, queryLatest, queryRows } from './rows.ts';
import { Schema } from './schema.ts';
import { Turns } from './turns.ts';
import { check, days, usage } from './usage.ts';
import { Watches } from './watches.ts';

/** Series in one DuckDB file. Not to be opened twice: DuckDB's lock keeps other processes out, not other threads. */
export class DuckDBStore implements SeriesStore {
  readonly #database: Database;
  readonly #schema: Schema;
  readonly #appender: BatchAppender;
  readonly #watches: Watches;
  readonly #archive: ArchiveFolder;
  /** Rows leave and come back one call at a time: two would archive the same rows. */
  readonly #upkeep: Turns<ArchiveFolder>;

  private constructor(database: Database, schema: Schema, appender: BatchAppender, watches: Watches) {
    this.#database = database;
    this.#schema = schema;
    this.#appender = appender;
    this.#watches = watches;
    this.#archive = new ArchiveFolder(database.archivePath);
    this.#upkeep = new Turns([this.#archive]);
  }

  /** @throws StoreError TACHO_STORE_CORRUPT, _BUSY, _FORMAT or _UNAVAILABLE, naming the file, which stays as it was. */
  static async open(path: string): Promise<DuckDBStore> {
    const database = await openCurrent(path);
    try {
      const schema = await database.write((writer) => Schema.load(writer));
      const watches = new Watches();
      const appender = await BatchAppender.create(database, schema, watches);
      const store = new DuckDBStore(database, schema, appender, watches);
      // What is wrong with the archive is for those who use it.
      await store.#archive.tidy().catch(() => undefined);
      return store;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /** Whether it must be closed and opened again before anything works: a write failed in a way that DuckDB cannot undo. */
  get broken(): boolean {
    return this.#database.broken;
  }

  async append(batches: readonly StoreBatch[]): Promise<AppendResult> {
    const result = await this.#appender.append(batches);
    // Not awaited: what was asked for is done. Whatever comes next waits for it.
    this.#database.checkpoint().catch(() => undefined);
    return result;
  }

  async range(query: RangeQuery): Promise<RangeResult> {
    return queryRange(this.#opened(), this.#schema, query);
  }

  async rows(query: RowsQuery): Promise<RowsPage> {
    return queryRows(this.#opened(), this.#schema, query);
  }

  async quantiles(query: QuantilesQuery): Promise<QuantilesResult> {
    return queryQuantiles(this.#opened(), this.#schema, query);
  }

  async latest(query: SeriesSelector & { fields: readonly string[] }): Promise<SeriesResult> {
    return queryLatest(this.#opened(), this.#schema, query);
  }

  async instances(query: SeriesSelector): Promise<string[]> {
    return queryInstances(this.#opened(), this.#schema, query);
  }

  async events(query: EventsQuery): Promise<EventsResult> {
    return queryEvents(this.#opened(), this.#schema, query);
  }

  async days(request: { table: string; toUs: number }): Promise<DayRows[]> {
    return days(this.#opened(), this.#schema, request);
  }

  rollup(request: RollupRequest): Promise<{ rows: number; moved: number; archived: ArchivedRows }> {
    return this.#upkeep.borrow((archive) => rollUp(this.#opened(), this.#schema, this.#watches, archive, request));
  }

  prune(request: TableSpan & { archive: boolean }): Promise<{ rows: number; archived: ArchivedRows }> {
    return this.#upkeep.borrow((archive) => prune(this.#opened(), this.#schema, this.#watches, archive, request));
  }

  async keepFrom(fromUs: number): Promise<void> {
    checkTime('fromUs', fromUs);
    await this.#appender.keepFrom(fromUs);
  }

  async archived(): Promise<ArchiveFile[]> {
    return listArchive(this.#opened(), this.#archive);
  }

  restore(request: TableSpan): Promise<{ rows: number }> {
    return this.#upkeep.borrow((archive) =>
      restore(this.#opened(), this.#schema, this.#watches, archive, this.#appender, request),
    );
  }

  async usage(): Promise<StoreUsage> {
    return usage(this.#opened(), this.#schema, this.#archive);
  }

  async check(): Promise<StoreHealth> {
    return check(this.#opened());
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  /** A closed store refuses even what it could answer without its file. */
  #opened(): Database {
    if (this.#database.closed) throw new StoreError('TACHO_STORE_UNAVAILABLE', `${this.#database.path} is closed`);
    return this.#database;
  }
}
