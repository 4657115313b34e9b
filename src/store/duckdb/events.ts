import { DuckDBTimestampValue, type DuckDBValue } from '@duckdb/node-api';
import type { EventRow, EventsQuery, EventsResult, EventValue } from '../contract.ts';
import { checkEvents } from '../queries.ts';
import { type Database, inTransaction, run } from './database.ts';
import { microseconds, Parameters, quoted } from './parameters.ts';
import type { Schema } from './schema.ts';

export async function queryEvents(database: Database, schema: Schema, query: EventsQuery): Promise<EventsResult> {
  checkEvents(query);
  schema.checkEvents(query.table);
  const table = schema.table(query.table.name, 'event');
  if (!table) return { rows: [], total: 0 };
  const columns = Object.keys(query.table.columns);
  const selected = columns.map((column) => (table.columns.has(column) ? quoted(column) : 'NULL'));
  return database.read((reader) =>
    inTransaction(reader, async () => {
      const filter = new Parameters();
      const matching = `FROM ${quoted(table.name)} WHERE ${conditionOf(query, table.columns, filter)}`;
      const counted = await (await run(reader, `SELECT count(*) ${matching}`, filter)).getRows();
      const page = `LIMIT ${filter.bigint(query.limit)} OFFSET ${filter.bigint(query.offset ?? 0)}`;
      const rows = await run(
        reader,
        `SELECT ${['id', microseconds('timestamp'), ...selected].join(', ')} ${matching} ORDER BY timestamp, id ${page}`,
        filter,
      );
      return {
        rows: (await rows.getRows()).map((row) => eventRow(row, columns)),
        total: Number(counted[0]?.[0] ?? 0),
      };
    }),
  );
}

function conditionOf(query: EventsQuery, columns: ReadonlyMap<string, string>, parameters: Parameters): string {
  const conditions = [
    `timestamp >= ${parameters.timestamp(query.fromUs)}`,
    `timestamp < ${parameters.timestamp(query.toUs)}`,
  ];
  for (const [column, value] of Object.entries(query.where ?? {})) {
    const type = columns.get(column);
    if (value === null) conditions.push(type === undefined ? 'true' : `${quoted(column)} IS NULL`);
    else if (type === undefined) conditions.push('false');
    else conditions.push(`${quoted(column)} = ${placeholder(type, value, parameters)}`);
  }
  return conditions.join(' AND ');
}

function placeholder(type: string, value: string | number, parameters: Parameters): string {
  if (typeof value === 'string') return parameters.text(value);
  return type === 'TIMESTAMP' ? parameters.timestamp(value) : parameters.double(value);
}

function eventRow([id, timestampUs, ...values]: DuckDBValue[], columns: readonly string[]): EventRow {
  return {
    id: id as string,
    timestampUs: timestampUs as number,
    values: Object.fromEntries(columns.map((column, index) => [column, eventValue(values[index] ?? null)])),
  };
}

function eventValue(value: DuckDBValue): EventValue {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof DuckDBTimestampValue) return Number(value.micros);
  return value as EventValue;
}
