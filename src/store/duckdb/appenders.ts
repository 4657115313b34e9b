import { type DuckDBAppender, type DuckDBConnection, DuckDBTimestampValue } from '@duckdb/node-api';

/** One appender per table, kept: making one costs more than appending a few rows. */
export class Appenders {
  readonly #appenders = new Map<string, DuckDBAppender>();

  async of(connection: DuckDBConnection, table: string): Promise<DuckDBAppender> {
    let appender = this.#appenders.get(table);
    if (!appender) {
      appender = await connection.createAppender(table);
      this.#appenders.set(table, appender);
    }
    return appender;
  }

  /** The table's columns have changed. */
  forget(table: string): void {
    discard(this.#appenders.get(table));
    this.#appenders.delete(table);
  }

  /** After an error: what they still hold must not get into a later transaction. */
  forgetAll(): void {
    for (const appender of this.#appenders.values()) discard(appender);
    this.#appenders.clear();
  }
}

/** Closes an appender without flushing what it holds. */
export function discard(appender: DuckDBAppender | undefined): void {
  if (!appender) return;
  appender.clear();
  appender.closeSync();
}

export function appendTimestamp(appender: DuckDBAppender, us: number): void {
  appender.appendTimestamp(new DuckDBTimestampValue(BigInt(us)));
}
