import type { RowsPage, RowsQuery, SeriesResult, SeriesSelector } from '../contract.ts';
import { checkFields, checkRows, checkSelector } from '../queries.ts';
import { type Database, inTransaction, run } from './database.ts';
import { microseconds, orNaN, Parameters, quoted } from './parameters.ts';
import { emptySeries, readSeries } from './results.ts';
import { rollupTable } from './rollup-columns.ts';
import type { Schema, Table } from './schema.ts';

/** One page of raw rows; the cursor is the first timestamp of the next one, in µs. */
export async function queryRows(database: Database, schema: Schema, query: RowsQuery): Promise<RowsPage> {
  const fromUs = checkRows(query);
  const raw = schema.table(query.family, 'series');
  if (!raw) return { ...emptySeries(query.fields.length), nextCursor: null };
  return database.read((reader) =>
    // One snapshot: a row that came in between could make the page too long.
    inTransaction(reader, async () => {
      const limits = new Parameters();
      const next = await run(
        reader,
        `SELECT DISTINCT ${microseconds('timestamp')} FROM ${quoted(raw.name)}
         WHERE ${limits.selector({ ...query, fromUs })} ORDER BY 1 LIMIT 1 OFFSET ${limits.bigint(query.limit)}`,
        limits,
      );
      const nextUs = next.rowCount > 0 ? (next.getChunk(0).getColumnVector(0).getItem(0) as number) : null;
      const page = new Parameters();
      const selector = page.selector({ ...query, fromUs, toUs: nextUs ?? query.toUs });
      const rows = await run(
        reader,
        `SELECT ${microseconds('timestamp')}, instance${columnsOf(raw, query.fields)}
         FROM ${quoted(raw.name)} WHERE ${selector} ORDER BY timestamp, instance`,
        page,
      );
      return { ...readSeries(rows), nextCursor: nextUs === null ? null : String(nextUs) };
    }),
  );
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
  const sql = `SELECT ${microseconds('timestamp')}, instance${columnsOf(raw, query.fields)}
    FROM ${quoted(raw.name)} JOIN (
      SELECT instance AS newest_instance, max(timestamp) AS newest FROM ${quoted(raw.name)} WHERE ${selector} GROUP BY instance
    ) ON instance = newest_instance AND timestamp = newest
    WHERE ${selector} ORDER BY timestamp, instance`;
  return readSeries(await database.read((reader) => run(reader, sql, parameters)));
}

export async function queryInstances(database: Database, schema: Schema, query: SeriesSelector): Promise<string[]> {
  checkSelector(query);
  const tables = [schema.table(query.family, 'series'), rollupTable(schema, query.family)].filter(
    (table) => table !== undefined,
  );
  if (tables.length === 0) return [];
  const parameters = new Parameters();
  const selector = parameters.selector(query);
  const sources = tables.map(({ name }) => `SELECT instance FROM ${quoted(name)} WHERE ${selector}`);
  const sql = `SELECT DISTINCT instance FROM (${sources.join(' UNION ALL ')}) ORDER BY instance`;
  const result = await database.read(async (reader) => (await run(reader, sql, parameters)).getRows());
  return result.map(([instance]) => instance as string);
}

function columnsOf(raw: Table, fields: readonly string[]): string {
  return fields.map((field) => `, ${raw.columns.has(field) ? orNaN(quoted(field)) : "'nan'::DOUBLE"}`).join('');
}
