import type { DuckDBConnection } from '@duckdb/node-api';
import { type AppendPlan, planAppend } from '../append-plan.ts';
import type { AppendResult, EventRow, StoreBatch } from '../contract.ts';
import type { EventRows } from '../event-rows.ts';
import type { SeriesRows } from '../series-rows.ts';
import { eventRowAppender, seriesRowAppender } from './append-rows.ts';
import { Appenders } from './appenders.ts';
import { APPLIED_TABLE, AppliedBatches } from './applied.ts';
import { type Database, inTransaction } from './database.ts';
import { extent } from './extent.ts';
import { loadKeepFrom, saveKeepFrom } from './keep-from.ts';
import { mergeEvents, mergeSeries } from './late.ts';
import { ALL_EVENTS, NewestRows } from './newest.ts';
import { eventColumnTypes, type Schema, type Table, type TableKind } from './schema.ts';
import type { Watches } from './watches.ts';

/** Beyond so many values an append gets the high memory limit: it may not fit under the low one. */
const MANY_VALUES = 100_000;

/**
 * Appends batches, each call in one transaction. Rows newer than everything their collector has in the table are simply appended;
 * only rows that may be there already are merged, which costs a hundred times more.
 */
export class BatchAppender {
  readonly #database: Database;
  readonly #schema: Schema;
  readonly #applied: AppliedBatches;
  readonly #watches: Watches;
  #keepFromUs: number;
  readonly #newest = new NewestRows();
  readonly #appenders = new Appenders();

  private constructor(
    database: Database,
    schema: Schema,
    watches: Watches,
    applied: AppliedBatches,
    keepFromUs: number,
  ) {
    this.#database = database;
    this.#schema = schema;
    this.#watches = watches;
    this.#applied = applied;
    this.#keepFromUs = keepFromUs;
  }

  static async create(database: Database, schema: Schema, watches: Watches): Promise<BatchAppender> {
    return database.writeMuch(async (writer) => {
      const applied = await AppliedBatches.load(writer);
      return new BatchAppender(database, schema, watches, applied, await loadKeepFrom(writer));
    });
  }

  /** Refuses rows older than `fromUs` in every append that is asked for from now on, also after a restart. */
  keepFrom(fromUs: number): Promise<void> {
    return this.#database.write(async (writer) => {
      if (fromUs !== this.#keepFromUs) await saveKeepFrom(writer, fromUs);
      this.#keepFromUs = fromUs;
    });
  }

  /** To be called in the writer's turn by whoever else adds rows or columns to a table. */
  changed(table: string): void {
    this.#appenders.forget(table);
    this.#newest.forget(table);
  }

  append(batches: readonly StoreBatch[]): Promise<AppendResult> {
    // Planned when the calls before have been applied, whose batches this one may repeat.
    return this.#database.write(async (writer) => {
      const plan = planAppend(batches, this.#applied.draft(), this.#schema, this.#keepFromUs);
      if (plan.applied.length > 0) await this.#apply(writer, plan);
      return { applied: plan.applied.length, replayed: plan.replayed, refusedRows: plan.refusedRows };
    });
  }

  async #apply(writer: DuckDBConnection, plan: AppendPlan): Promise<void> {
    try {
      await this.#ensureTables(writer, plan);
      const write = () => this.#write(writer, plan);
      await (isLarge(plan) ? this.#database.withMuchMemory(write) : write());
    } catch (error) {
      this.#appenders.forgetAll();
      this.#newest.forget();
      throw error;
    } finally {
      // After an error too: a commit that failed may have come through.
      this.#touch(plan);
    }
    this.#applied.commit(plan.applied);
    if (this.#applied.isLong) {
      this.#appenders.forget(APPLIED_TABLE);
      await this.#applied.compact(writer);
    }
  }

  #touch({ series, events }: AppendPlan): void {
    for (const [name, rows] of series) this.#touchTimes(name, rows.timestampsUs);
    for (const [name, rows] of events)
      this.#touchTimes(
        name,
        [...rows.rows].map(({ timestampUs }) => timestampUs),
      );
  }

  #touchTimes(table: string, timesUs: readonly number[]): void {
    if (timesUs.length > 0) this.#watches.touch(table, ...extent(timesUs));
  }

  /** In transactions of its own: DuckDB does not let one transaction change a table and fill it. */
  async #ensureTables(writer: DuckDBConnection, { series, events }: AppendPlan): Promise<void> {
    for (const [name, rows] of series) {
      await this.#ensure(writer, name, 'series', new Map(rows.fields.map((field) => [field, 'DOUBLE'])));
    }
    for (const [name, rows] of events) await this.#ensure(writer, name, 'event', eventColumnTypes(rows.columns));
  }

  async #ensure(writer: DuckDBConnection, name: string, kind: TableKind, columns: ReadonlyMap<string, string>) {
    if (!this.#schema.lacks(name, columns)) return;
    this.#appenders.forget(name);
    await this.#schema.ensure(writer, name, kind, columns);
  }

  async #write(writer: DuckDBConnection, { series, events, applied }: AppendPlan): Promise<void> {
    for (const name of [...series.keys(), ...events.keys()])
      await this.#newest.load(writer, this.#schema.existing(name));
    await inTransaction(writer, async () => {
      for (const [name, rows] of series) await this.#writeSeries(writer, this.#schema.existing(name), rows);
      for (const [name, rows] of events) await this.#writeEvents(writer, this.#schema.existing(name), rows);
      const appender = await this.#appenders.of(writer, APPLIED_TABLE);
      this.#applied.write(appender, applied);
      appender.flushSync();
    });
  }

  async #writeSeries(writer: DuckDBConnection, table: Table, rows: SeriesRows): Promise<void> {
    const appender = await this.#appenders.of(writer, table.name);
    const appendRow = seriesRowAppender(appender, table.columns.keys(), rows);
    const bounds = this.#newest.bounds(table.name);
    const late: number[] = [];
    for (let row = 0; row < rows.length; row++) {
      const timestampUs = rows.timestampsUs[row] as number;
      const collector = rows.collectors[row] as number;
      if (timestampUs <= (bounds.get(collector) ?? Number.NEGATIVE_INFINITY)) late.push(row);
      else appendRow(row);
      this.#newest.raise(table.name, collector, timestampUs);
    }
    if (late.length < rows.length) appender.flushSync();
    if (late.length > 0) await mergeSeries(writer, table, rows, late);
  }

  async #writeEvents(writer: DuckDBConnection, table: Table, rows: EventRows): Promise<void> {
    const appender = await this.#appenders.of(writer, table.name);
    const appendRow = eventRowAppender(appender, table.columns);
    const bound = this.#newest.bounds(table.name).get(ALL_EVENTS) ?? Number.NEGATIVE_INFINITY;
    const late: EventRow[] = [];
    for (const row of rows.rows) {
      if (row.timestampUs <= bound) late.push(row);
      else appendRow(row);
      this.#newest.raise(table.name, ALL_EVENTS, row.timestampUs);
    }
    if (late.length < rows.length) appender.flushSync();
    if (late.length > 0) await mergeEvents(writer, table, late);
  }
}

function isLarge({ series, events }: AppendPlan): boolean {
  let values = 0;
  for (const rows of series.values()) values += rows.length * rows.columns.size;
  for (const rows of events.values()) values += rows.length * rows.columns.size;
  return values > MANY_VALUES;
}
