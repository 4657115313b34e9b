import type {
  EventsQuery,
  QuantilesQuery,
  RangeQuery,
  RollupRequest,
  RowsQuery,
  SeriesSelector,
  TableSpan,
} from './contract.ts';
import { StoreError } from './contract.ts';
import { dayOf } from './days.ts';
import { checkAnyTableName, checkEventTable, checkFieldName, checkTableName } from './names.ts';

/** What every back end refuses alike, before it says anything to its database. All throw StoreError TACHO_BAD_QUERY. */

const AGGREGATES: ReadonlySet<string> = new Set(['avg', 'min', 'max', 'last', 'count']);

function require(condition: boolean, message: string): void {
  if (!condition) throw new StoreError('TACHO_BAD_QUERY', message);
}

function checkTimeRange({ fromUs, toUs }: { fromUs: number; toUs: number }): void {
  require(Number.isSafeInteger(fromUs) && Number.isSafeInteger(toUs), 'fromUs and toUs must be whole µs');
  require(fromUs <= toUs, `the range ends (${toUs}) before it begins (${fromUs})`);
}

function checkPositive(name: string, value: number): void {
  require(Number.isSafeInteger(value) && value > 0, `${name} must be a positive whole number`);
}

function checkBucket(bucketUs: number): void {
  checkPositive('bucketUs', bucketUs);
}

export function checkSelector(query: SeriesSelector): void {
  checkTableName(query.family);
  require(Number.isInteger(query.collector), 'collector must be a whole number');
  checkTimeRange(query);
}

export function checkFields(query: SeriesSelector & { fields: readonly string[] }): void {
  checkSelector(query);
  for (const field of query.fields) checkFieldName(field);
}

export function checkRange(query: RangeQuery): void {
  checkSelector(query);
  checkBucket(query.bucketUs);
  require(Number.isSafeInteger(query.originUs ?? 0), 'originUs must be whole µs');
  if (query.limit !== undefined) checkPositive('limit', query.limit);
  for (const { field, aggregate } of query.select) {
    checkFieldName(field);
    require(AGGREGATES.has(aggregate), `unknown aggregate ${JSON.stringify(aggregate)}`);
  }
}

/** The cursor is the back end's own to check. */
export function checkRows(query: RowsQuery): void {
  checkFields(query);
  checkPositive('limit', query.limit);
}

export function checkQuantiles(query: QuantilesQuery): void {
  checkFields(query);
  for (const quantile of query.quantiles)
    require(quantile >= 0 && quantile <= 1, `quantile ${quantile} is not in [0, 1]`);
}

export function checkRollup(request: RollupRequest): void {
  checkTableName(request.family);
  checkTimeRange(request);
  checkBucket(request.bucketUs);
  if (request.archive) checkWithinDay(request);
}

export function checkPrune(request: TableSpan & { archive: boolean }): void {
  checkAnyTableName(request.table);
  checkTimeRange(request);
  if (request.archive) checkWithinDay(request);
}

/** What has a file for each day is filed a day at a time. */
function checkWithinDay({ fromUs, toUs }: { fromUs: number; toUs: number }): void {
  require(toUs <= fromUs || dayOf(fromUs) === dayOf(toUs - 1), 'a span that is archived lies within one UTC day');
}

export function checkRestore(request: TableSpan): void {
  checkTableName(request.table);
  checkTimeRange(request);
  require(dayOf(request.fromUs) === request.fromUs &&
    dayOf(request.toUs) === request.toUs, 'a span that is restored consists of whole UTC days');
}

export function checkDays({ table, toUs }: { table: string; toUs: number }): void {
  checkAnyTableName(table);
  checkTime('toUs', toUs);
}

export function checkTime(name: string, us: number): void {
  require(Number.isSafeInteger(us), `${name} must be whole µs`);
}

export function checkEvents(query: EventsQuery): void {
  checkEventTable(query.table);
  checkTimeRange(query);
  checkPositive('limit', query.limit);
  require(Number.isSafeInteger(query.offset ?? 0) && (query.offset ?? 0) >= 0, 'offset must be a whole number');
  for (const column of Object.keys(query.where ?? {})) {
    require(column === 'id' ||
      Object.hasOwn(query.table.columns, column), `${query.table.name} has no column ${column}`);
  }
}
