/**
 * The one interface between Tacho and a time-series database. Every back end passes test/store/contract.ts.
 *
 * Two kinds of tables. *Series tables*, one per family: `timestamp`, `collector`, `instance` and one double per field; a row's key
 * is the first three, and rows of one key from several messages are merged field by field. *Event tables*: typed columns and
 * an `id` in the key; a row that comes again replaces itself.
 *
 * Timestamps are µs since the Unix epoch (exact in a double until the year 2255); ranges are half open: [fromUs, toUs).
 */

export type Aggregate = 'avg' | 'min' | 'max' | 'last' | 'count';

export type EventColumnType = 'text' | 'integer' | 'double' | 'json' | 'timestamp';

/** The columns of an event table beside `id` and `timestamp`, which every one has. */
export interface EventTable {
  name: string;
  columns: Readonly<Record<string, EventColumnType>>;
}

export type EventValue = string | number | null;

/** `timestamp` columns hold µs; `json` columns hold the JSON text. */
export interface EventRow {
  id: string;
  timestampUs: number;
  values: Readonly<Record<string, EventValue>>;
}

/**
 * What one source hands over at a time: numbered from 1 without repeating, per source and spool, and handed over in that order; numbers
 * may be left out. A number at or below the last one applied is a replay.
 */
export interface StoreBatch {
  source: string;
  /** The queue file the number belongs to: a source whose spool was made anew starts again at 1. */
  spool: string;
  number: number;
  content:
    | { kind: 'frames'; collector: number /** An encoded FrameBatch (metrics/batch.ts). */; payload: Uint8Array }
    | { kind: 'events'; table: EventTable; rows: readonly EventRow[] };
}

export interface AppendResult {
  /** Batches that were applied now. */
  applied: number;
  /** Batches that this store had already applied: replays, ignored. */
  replayed: number;
  /** Rows refused because they are older than retention, by table; empty as long as a store is given no retention policy. */
  refusedRows: Record<string, number>;
}

export interface SeriesSelector {
  family: string;
  collector: number;
  /** Only these instances; all when left out. */
  instances?: readonly string[];
  fromUs: number;
  toUs: number;
}

export interface RangeQuery extends SeriesSelector {
  select: readonly { field: string; aggregate: Aggregate }[];
  /** Buckets are aligned to the Unix epoch. */
  bucketUs: number;
  /** At most so many distinct buckets, the oldest kept. */
  limit?: number;
}

/**
 * Row i is timestampsUs[i], instances[instanceIndex[i]], columns[c][i] for the c-th selected column; NaN is "no value". Oldest first.
 * Fields and families that were never stored are columns of NaN (counts: 0) and results without rows, not errors.
 */
export interface SeriesResult {
  timestampsUs: Float64Array;
  instances: string[];
  instanceIndex: Uint32Array;
  columns: Float64Array[];
}

export interface RangeResult extends SeriesResult {
  /** There were more buckets than `limit`. */
  truncated: boolean;
}

export interface RowsQuery extends SeriesSelector {
  fields: readonly string[];
  /** At most so many distinct timestamps a page; a page never splits the rows of one timestamp. */
  limit: number;
  /** `nextCursor` of the page before, in a query that is otherwise the same. */
  cursor?: string;
}

export interface RowsPage extends SeriesResult {
  /** Null on the last page. */
  nextCursor: string | null;
}

export interface QuantilesQuery extends SeriesSelector {
  fields: readonly string[];
  /** Each in [0, 1]; linear interpolation between the two nearest ranks (type 7). */
  quantiles: readonly number[];
}

export interface QuantilesResult {
  instances: string[];
  /** values[instance][field][quantile], NaN where there are no rows. */
  values: number[][][];
  /** The oldest raw row looked at; null when there are none. Quantiles cannot see rolled-up rows. */
  rawSinceUs: number | null;
}

export interface RollupRequest {
  family: string;
  collector: number;
  fromUs: number;
  toUs: number;
  bucketUs: number;
}

export interface EventsQuery {
  table: EventTable;
  fromUs: number;
  toUs: number;
  /** Columns that must equal these values. */
  where?: Readonly<Record<string, EventValue>>;
  limit: number;
  offset?: number;
}

export interface EventsResult {
  /** Oldest first; ties in the order of their ids. */
  rows: EventRow[];
  /** How many rows the filter matches in all. */
  total: number;
}

export interface StoreUsage {
  bytes: number;
  tables: { name: string; rows: number; oldestUs: number | null; newestUs: number | null }[];
}

export interface StoreHealth {
  ok: boolean;
  /** What is wrong, in words a person can act on. */
  reasons: string[];
}

export interface SeriesStore {
  /**
   * All or nothing: an error about one batch names it, and nothing was applied. What it has resolved for is durable and seen by every
   * later query.
   */
  append(batches: readonly StoreBatch[]): Promise<AppendResult>;
  range(query: RangeQuery): Promise<RangeResult>;
  rows(query: RowsQuery): Promise<RowsPage>;
  quantiles(query: QuantilesQuery): Promise<QuantilesResult>;
  /** The newest raw row of each instance in the range. */
  latest(query: SeriesSelector & { fields: readonly string[] }): Promise<SeriesResult>;
  /** Sorted; from raw and rolled-up rows. */
  instances(query: SeriesSelector): Promise<string[]>;
  events(query: EventsQuery): Promise<EventsResult>;
  /**
   * Computes `<family>_rollup` rows (avg, min, max, last, count per field) for the whole buckets of a range, again if they are there.
   * The raw rows stay, and answer range queries, until they are pruned. Raw rows that came in after their time had been pruned are
   * added to what the rollup holds, and leave the raw table. A rollup row counts, in range queries, at the start of its bucket.
   * @returns how many rollup rows were written
   */
  rollup(request: RollupRequest): Promise<{ rows: number }>;
  /**
   * Deletes raw, rollup or event rows older than `beforeUs`; raw rows of a rollup bucket that straddles it stay with the bucket.
   * @returns how many rows were deleted
   */
  prune(request: { table: string; beforeUs: number }): Promise<{ rows: number }>;
  usage(): Promise<StoreUsage>;
  check(): Promise<StoreHealth>;
  close(): Promise<void>;
}

/**
 * Errors every back end throws alike.
 *
 * UNAVAILABLE (no connection, no disk space), BUSY (another process has the files), CORRUPT and FORMAT (written by a newer version, or not
 * by us) say something about the store: what was to be appended is to be kept and offered again. TYPE_CONFLICT, BAD_BATCH and BAD_QUERY say
 * something about the call, which will never succeed.
 */
export class StoreError extends Error {
  readonly code:
    | 'TACHO_STORE_UNAVAILABLE'
    | 'TACHO_STORE_CORRUPT'
    | 'TACHO_STORE_BUSY'
    | 'TACHO_STORE_FORMAT'
    | 'TACHO_STORE_TYPE_CONFLICT'
    | 'TACHO_BAD_BATCH'
    | 'TACHO_BAD_QUERY';

  constructor(code: StoreError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
