import type { DuckDBAppender } from '@duckdb/node-api';
import type { EventRow, EventValue } from '../contract.ts';
import { EVENT_KEY, SERIES_KEY } from '../names.ts';
import type { SeriesRows } from '../series-rows.ts';
import { appendTimestamp } from './appenders.ts';

/** Returns what appends row `index` of `rows` to a table of these columns, in their order. */
export function seriesRowAppender(
  appender: DuckDBAppender,
  tableColumns: Iterable<string>,
  rows: SeriesRows,
): (index: number) => void {
  const fields = [...tableColumns].slice(SERIES_KEY.length).map((column) => rows.columns.get(column));
  return (index) => {
    appendTimestamp(appender, rows.timestampsUs[index] as number);
    appender.appendInteger(rows.collectors[index] as number);
    appender.appendVarchar(rows.instances[index] as string);
    for (const field of fields) {
      const value = field?.[index];
      if (value === undefined || Number.isNaN(value)) appender.appendNull();
      else appender.appendDouble(value);
    }
    appender.endRow();
  };
}

/** Returns what appends an event to a table of these columns and types, in their order. */
export function eventRowAppender(
  appender: DuckDBAppender,
  tableColumns: Iterable<[string, string]>,
): (row: EventRow) => void {
  const columns = [...tableColumns].slice(EVENT_KEY.length);
  return ({ id, timestampUs, values }) => {
    appender.appendVarchar(id);
    appendTimestamp(appender, timestampUs);
    for (const [column, type] of columns) {
      appendEventValue(appender, type, Object.hasOwn(values, column) ? values[column] : null);
    }
    appender.endRow();
  };
}

function appendEventValue(appender: DuckDBAppender, type: string, value: EventValue | undefined): void {
  if (typeof value === 'string') appender.appendVarchar(value);
  else if (typeof value !== 'number' || !Number.isFinite(value)) appender.appendNull();
  else if (type === 'TIMESTAMP') appendTimestamp(appender, value);
  else if (type === 'BIGINT') appender.appendBigInt(BigInt(value));
  else appender.appendDouble(value);
}
