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

/** [fromUs, toUs), in µs. */
export interface Span {
  fromUs: number;
  toUs: number;
}

/** A span cut into so many of the same length. */
export function piecesOf({ fromUs, toUs }: Span, count: number): Span[] {
  const edge = (piece: number) => fromUs + Math.floor(((toUs - fromUs) * piece) / count);
  return Array.from({ length: count }, (_, piece) => ({ fromUs: edge(piece), toUs: edge(piece + 1) }));
}

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
    const conditions = [`collector = ${this.integer(collector)}`, this.within({ fromUs, toUs })];
    if (instances) conditions.push(this.#oneOf('instance', instances));
    return conditions.join(' AND ');
  }

  /** The condition that a row's timestamp lies in a span. */
  within({ fromUs, toUs }: Span): string {
    return `timestamp >= ${this.timestamp(fromUs)} AND timestamp < ${this.timestamp(toUs)}`;
  }

  /** The start of the bucket that a row lies in, as BIGINT µs: a whole multiple of `bucketUs`. */
  bucket(bucketUs: number): string {
    const width = this.bigint(bucketUs);
    // DuckDB's remainder has the sign of what is divided.
    return `(epoch_us(timestamp) - (epoch_us(timestamp) % ${width} + ${width}) % ${width})`;
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

/** A name that none of our columns has: they begin with a letter. */
export function ours(name: string): string {
  return quoted(`#${name}`);
}

/** A text as part of a statement, where no placeholder is allowed. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** µs of a timestamp column, exact in a double. */
export function microseconds(column: string): string {
  return `epoch_us(${column})::DOUBLE`;
}

/** NaN instead of NULL: a column without NULLs is read several times faster. */
export function orNaN(expression: string): string {
  return `coalesce(${expression}, 'nan'::DOUBLE)`;
}
