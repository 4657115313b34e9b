import {
  BIGINT,
  DOUBLE,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  TIMESTAMP,
  VARCHAR,
} from '@duckdb/node-api';
import type { SeriesSelector } from '../contract.ts';

/** Collects the values of a statement while its text is put together: each method returns the placeholder of its value. */
export class Parameters {
  readonly values: DuckDBValue[] = [];
  readonly types: DuckDBType[] = [];

  /** @param us µs since the Unix epoch */
  timestamp(us: number): string {
    return this.#add(new DuckDBTimestampValue(BigInt(us)), TIMESTAMP);
  }

  integer(value: number): string {
    return this.#add(value, INTEGER);
  }

  bigint(value: number): string {
    return this.#add(BigInt(value), BIGINT);
  }

  double(value: number): string {
    return this.#add(value, DOUBLE);
  }

  text(value: string): string {
    return this.#add(value, VARCHAR);
  }

  /** The condition of a selector, on a table's own column names. */
  selector({ collector, instances, fromUs, toUs }: Omit<SeriesSelector, 'family'>): string {
    const conditions = [
      `collector = ${this.integer(collector)}`,
      `timestamp >= ${this.timestamp(fromUs)}`,
      `timestamp < ${this.timestamp(toUs)}`,
    ];
    if (instances) conditions.push(this.#oneOf('instance', instances));
    return conditions.join(' AND ');
  }

  #oneOf(column: string, values: readonly string[]): string {
    return values.length === 0 ? 'false' : `${column} IN (${values.map((value) => this.text(value)).join(', ')})`;
  }

  #add(value: DuckDBValue, type: DuckDBType): string {
    this.types.push(type);
    return `$${this.values.push(value)}`;
  }
}

/** Names are checked when they come in (names.ts); quoting keeps SQL's own words usable. */
export function quoted(name: string): string {
  return `"${name}"`;
}

/** µs of a timestamp column, exact in a double. */
export function microseconds(column: string): string {
  return `epoch_us(${column})::DOUBLE`;
}

/** NaN instead of NULL: a column without NULLs is read several times faster. */
export function orNaN(expression: string): string {
  return `coalesce(${expression}, 'nan'::DOUBLE)`;
}
