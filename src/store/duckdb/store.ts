import {
  type AppendResult,
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
} from '../contract.ts';
import { BatchAppender } from './append.ts';
import { Database } from './database.ts';
import { queryEvents } from './events.ts';
import { openFormat } from './format.ts';
import { prune } from './prune.ts';
import { queryQuantiles } from './quantiles.ts';
import { queryRange } from './range.ts';
import { rollUp } from './rollup.ts';
import { queryInstances, queryLatest, queryRows } from './rows.ts';
import { Schema } from './schema.ts';
import { check, usage } from './usage.ts';

/** Series in one DuckDB file. Not to be opened twice: DuckDB's lock keeps other processes out, not other threads. */
export class DuckDBStore implements SeriesStore {
  readonly #database: Database;
  readonly #schema: Schema;
  readonly #appender: BatchAppender;

  private constructor(database: Database, schema: Schema, appender: BatchAppender) {
    this.#database = database;
    this.#schema = schema;
    this.#appender = appender;
  }

  /** @throws StoreError TACHO_STORE_CORRUPT, _BUSY, _FORMAT or _UNAVAILABLE, naming the file, which stays as it was. */
  static async open(path: string): Promise<DuckDBStore> {
    const database = await Database.open(path);
    try {
      const schema = await database.write(async (writer) => {
        await openFormat(writer, path);
        return Schema.load(writer);
      });
      return new DuckDBStore(database, schema, await BatchAppender.create(database, schema));
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

  async rollup(request: RollupRequest): Promise<{ rows: number }> {
    return rollUp(this.#opened(), this.#schema, request);
  }

  async prune(request: { table: string; beforeUs: number }): Promise<{ rows: number }> {
    return prune(this.#opened(), this.#schema, request);
  }

  async usage(): Promise<StoreUsage> {
    return usage(this.#opened(), this.#schema);
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
