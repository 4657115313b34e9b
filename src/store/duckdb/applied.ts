import type { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api';
import type { BatchHistory } from '../append-plan.ts';
import type { StoreBatch } from '../contract.ts';

export const APPLIED_TABLE = 'tacho_applied';

/** The table is compacted when it has grown by so many lines. */
const LONG = 20_000;

/** The last applied number of each source and spool; the file's table has a line per applied batch, appended in its transaction. */
export class AppliedBatches {
  readonly #lastNumber: Map<string, number>;
  /** At most so many lines were appended since the table was compacted. */
  #lines = 0;

  private constructor(lastNumber: Map<string, number>) {
    this.#lastNumber = lastNumber;
  }

  static async load(connection: DuckDBConnection): Promise<AppliedBatches> {
    await compact(connection);
    const rows = await connection.runAndReadAll(`SELECT source, spool, number FROM ${APPLIED_TABLE}`);
    const lines = rows.getRows() as [string, string, bigint][];
    return new AppliedBatches(new Map(lines.map(([source, spool, number]) => [keyOf(source, spool), Number(number)])));
  }

  /** What a call sees of it: batches that are added count at once, but nowhere else before `commit`. */
  draft(): BatchHistory {
    const drafted = new Map<string, number>();
    return {
      has: ({ source, spool, number }) => {
        const key = keyOf(source, spool);
        return number <= (drafted.get(key) ?? this.#lastNumber.get(key) ?? 0);
      },
      add: ({ source, spool, number }) => drafted.set(keyOf(source, spool), number),
    };
  }

  /** Appends the lines of `batches`, one for each source and spool. */
  write(appender: DuckDBAppender, batches: readonly StoreBatch[]): void {
    const last = new Map(batches.map((batch) => [keyOf(batch.source, batch.spool), batch]));
    for (const { source, spool, number } of last.values()) {
      appender.appendVarchar(source);
      appender.appendVarchar(spool);
      appender.appendBigInt(BigInt(number));
      appender.endRow();
    }
  }

  /** Whether `compact` is due. */
  get isLong(): boolean {
    return this.#lines > LONG + this.#lastNumber.size;
  }

  /** Leaves one line for each source and spool. The appender of the table must be made anew. */
  async compact(connection: DuckDBConnection): Promise<void> {
    await compact(connection);
    this.#lines = 0;
  }

  /** To be called when the transaction that `write` was part of is committed. */
  commit(batches: readonly StoreBatch[]): void {
    for (const { source, spool, number } of batches) this.#lastNumber.set(keyOf(source, spool), number);
    this.#lines += batches.length;
  }
}

/** Appending a line is cheaper than updating one, so the lines of earlier batches are left to this. */
async function compact(connection: DuckDBConnection): Promise<void> {
  await connection.run(
    `CREATE OR REPLACE TABLE ${APPLIED_TABLE} AS
     SELECT source, spool, max(number) AS number FROM ${APPLIED_TABLE} GROUP BY source, spool`,
  );
}

function keyOf(source: string, spool: string): string {
  return JSON.stringify([source, spool]);
}
