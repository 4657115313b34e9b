import type { DuckDBConnection } from '@duckdb/node-api';
import { type RowsPage, type RowsQuery, type SeriesResult, type SeriesSelector, StoreError } from '../contract.ts';
import { checkFields, checkRows, checkSelector } from '../queries.ts';
import { type Database, inTransaction, run } from './database.ts';
import { microseconds, orNaN, ours, Parameters, quoted } from './parameters.ts';
import { emptySeries, readSeries } from './results.ts';
import { withRollup } from './rollup-columns.ts';
import type { Schema, Table } from './schema.ts';

/** One page of raw rows. */
export async function queryRows(database: Database, schema: Schema, query: RowsQuery): Promise<RowsPage> {
  checkRows(query);
  const { fromUs, spanUs } =
    query.cursor === undefined ? { fromUs: query.fromUs, spanUs: null } : placeOf(query, query.cursor);
  const raw = schema.table(query.family, 'series');
  if (!raw) return { ...emptySeries(query.fields.length), nextCursor: null };
  return database.read((reader) =>
    // One snapshot: a row that came in between could make the page too long.
    inTransaction(reader, async () => {
      const nextUs = await nextPageStart(reader, raw, { ...query, fromUs }, spanUs);
      const parameters = new Parameters();
      const selector = parameters.selector({ ...query, fromUs, toUs: nextUs ?? query.toUs });
      const rows = await run(
        reader,
        `SELECT ${microseconds('timestamp')}, instance${columnsOf(raw, query.fields)}
         FROM ${quoted(raw.name)} WHERE ${selector} ORDER BY timestamp, instance`,
        parameters,
      );
      return { ...readSeries(rows), nextCursor: nextUs === null ? null : `${nextUs}-${nextUs - fromUs}` };
    }),
  );
}

/**
 * A cursor is where the page begins and how long, in µs, the one before was.
 * @throws StoreError TACHO_BAD_QUERY
 */
function placeOf({ fromUs, toUs }: RowsQuery, cursor: string): { fromUs: number; spanUs: number } {
  const [startUs = Number.NaN, spanUs = Number.NaN] = /^\d{1,16}-\d{1,16}$/.test(cursor)
    ? cursor.split('-').map(Number)
    : [];
  if (startUs >= fromUs && startUs < toUs) return { fromUs: startUs, spanUs };
  throw new StoreError('TACHO_BAD_QUERY', 'the cursor is not one of this query');
}

/** The first timestamp behind the page that begins at `fromUs`; null when that is the last one. */
async function nextPageStart(
  reader: DuckDBConnection,
  raw: Table,
  query: RowsQuery,
  spanUs: number | null,
): Promise<number | null> {
  // Most pages are as long as the one before, so all that lies far behind need not be looked at.
  const probes = spanUs === null ? [] : [query.fromUs + 2 * spanUs];
  for (const endUs of [...probes.filter((probe) => probe < query.toUs), query.toUs]) {
    const parameters = new Parameters();
    const next = await run(
      reader,
      `SELECT DISTINCT ${microseconds('timestamp')} FROM ${quoted(raw.name)}
       WHERE ${parameters.selector({ ...query, toUs: endUs })} ORDER BY 1 LIMIT 1 OFFSET ${parameters.bigint(query.limit)}`,
      parameters,
    );
    if (next.rowCount > 0) return next.getChunk(0).getColumnVector(0).getItem(0) as number;
  }
  return null;
}

export async function queryLatest(
  database: Database,
  schema: Schema,
  query: SeriesSelector & { fields: readonly string[] },
): Promise<SeriesResult> {
  checkFields(query);
  const raw = schema.table(query.family, 'series');
  if (!raw) return emptySeries(query.fields.length);
  const parameters = new Parameters();
  const selector = parameters.selector(query);
  const [newestOf, newest] = [ours('newest of'), ours('newest')];
  const sql = `SELECT ${microseconds('timestamp')}, instance${columnsOf(raw, query.fields)}
    FROM ${quoted(raw.name)} JOIN (
      SELECT instance AS ${newestOf}, max(timestamp) AS ${newest} FROM ${quoted(raw.name)} WHERE ${selector} GROUP BY instance
    ) ON instance = ${newestOf} AND timestamp = ${newest}
    WHERE ${selector} ORDER BY timestamp, instance`;
  return readSeries(await database.read((reader) => run(reader, sql, parameters)));
}

export async function queryInstances(database: Database, schema: Schema, query: SeriesSelector): Promise<string[]> {
  checkSelector(query);
  const result = await database.read((reader) =>
    withRollup(schema, query.family, async (rollup) => {
      const tables = [schema.table(query.family, 'series'), rollup].filter((table) => table !== undefined);
      if (tables.length === 0) return [];
      const parameters = new Parameters();
      const selector = parameters.selector(query);
      const sources = tables.map(({ name }) => `SELECT instance FROM ${quoted(name)} WHERE ${selector}`);
      const sql = `SELECT DISTINCT instance FROM (${sources.join(' UNION ALL ')}) ORDER BY instance`;
      return (await run(reader, sql, parameters)).getRows();
    }),
  );
  return result.map(([instance]) => instance as string);
}

function columnsOf(raw: Table, fields: readonly string[]): string {
  return fields.map((field) => `, ${raw.columns.has(field) ? orNaN(quoted(field)) : "'nan'::DOUBLE"}`).join('');
}
