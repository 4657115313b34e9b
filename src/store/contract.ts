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
  /** Rows refused because they are older than `keepFrom` allows, by table. */
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
  /** Buckets begin at `originUs` (the Unix epoch when left out) plus whole multiples of this. */
  bucketUs: number;
  originUs?: number;
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

/** A span of a table, of all collectors. One UTC day at most when it is archived. */
export interface TableSpan {
  table: string;
  fromUs: number;
  toUs: number;
}

export interface RollupRequest {
  family: string;
  fromUs: number;
  toUs: number;
  bucketUs: number;
  /** Whether the raw rows are written to the archive before they go. */
  archive: boolean;
}

/** What a span has added to the archive: nothing when all of it had been archived before. */
export interface ArchivedRows {
  files: number;
  rows: number;
  bytes: number;
}

/** A Parquet file of the archive: rows of one table and one UTC day. */
export interface ArchiveFile {
  /** Relative to the archive folder: `cpu/2026-01-05.parquet`, and `cpu/2026-01-05.2.parquet` for rows that came in later. */
  path: string;
  table: string;
  /** Start of the UTC day. */
  dayUs: number;
  rows: number;
  bytes: number;
  /** Why it cannot be read; null when it can. */
  damage: string | null;
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
  /** Bytes on disk that hold something; files may be larger, by what they will use again. */
  bytes: number;
  /** Bytes of the archive folder, which `bytes` leaves out. */
  archiveBytes: number;
  tables: {
    name: string;
    kind: 'series' | 'rollup' | 'event';
    rows: number;
    oldestUs: number | null;
    newestUs: number | null;
  }[];
}

/** How many rows of a table lie in one UTC day. */
export interface DayRows {
  dayUs: number;
  rows: number;
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
  /** The UTC days before `toUs` in which a table has rows, oldest first; a last day that `toUs` cuts counts as far as that. */
  days(request: { table: string; toUs: number }): Promise<DayRows[]>;
  /**
   * Moves the raw rows of the whole buckets of a span into `<family>_rollup` (avg, min, max, last, count per field). Whenever it is
   * interrupted, each row is either raw or part of a rollup row. Several rollup rows of one bucket, from rows that came in at different
   * times, add up. A rollup row counts, in range queries, at the start of its bucket.
   * @returns how many rollup rows were written, how many raw rows left, and what was archived
   * @throws StoreError TACHO_STORE_ARCHIVE when the archive cannot be written; what is not archived has not left
   */
  rollup(request: RollupRequest): Promise<{ rows: number; moved: number; archived: ArchivedRows }>;
  /**
   * Deletes the raw, rollup or event rows of a span, with `archive` not before they are in the archive.
   * @returns how many rows were deleted, and what was archived
   * @throws StoreError TACHO_STORE_ARCHIVE when the archive cannot be written; what is not archived was not deleted
   */
  prune(request: TableSpan & { archive: boolean }): Promise<{ rows: number; archived: ArchivedRows }>;
  /** `append` refuses rows older than this from now on, also after a restart. An earlier time than before lets rows in again. */
  keepFrom(fromUs: number): Promise<void>;
  /** What is in the archive, by table and day. */
  archived(): Promise<ArchiveFile[]>;
  /**
   * Brings the archived rows of a family (raw and rolled up) or an event table back, for a span of whole UTC days. Raw rows take the place of
   * the rollup rows that stand for them; rolled-up rows come back where no raw ones were archived. Rows that are in the table
   * already keep their values, and get those that they lack. `keepFrom` does not apply.
   * @returns how many rows came back
   * @throws StoreError TACHO_STORE_ARCHIVE for a file that cannot be read: then nothing of its day has changed
   */
  restore(request: TableSpan): Promise<{ rows: number }>;
  usage(): Promise<StoreUsage>;
  check(): Promise<StoreHealth>;
  close(): Promise<void>;
}

/**
 * Errors every back end throws alike.
 *
 * UNAVAILABLE (no connection, no disk space), BUSY (another process has the files), CORRUPT and FORMAT (written by a newer version, or not
 * by us) say something about the store: what was to be appended is to be kept and offered again. ARCHIVE says that the archive cannot be
 * written or read, and what to do. TYPE_CONFLICT, BAD_BATCH and BAD_QUERY say something about the call, which will never succeed.
 */
export class StoreError extends Error {
  readonly code:
    | 'TACHO_STORE_UNAVAILABLE'
    | 'TACHO_STORE_CORRUPT'
    | 'TACHO_STORE_BUSY'
    | 'TACHO_STORE_FORMAT'
    | 'TACHO_STORE_ARCHIVE'
    | 'TACHO_STORE_TYPE_CONFLICT'
    | 'TACHO_BAD_BATCH'
    | 'TACHO_BAD_QUERY';

  constructor(code: StoreError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
