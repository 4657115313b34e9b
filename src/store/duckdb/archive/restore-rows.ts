import type { DuckDBConnection } from '@duckdb/node-api';
import { EVENT_KEY, SERIES_KEY } from '../../names.ts';
import { run } from '../database.ts';
import { Parameters, piecesOf, quoted, type Span } from '../parameters.ts';
import { type Archived, notKept, type Units } from './restore-rollups.ts';
import { archivedRows, PART } from './rows.ts';

/** A statement sorts its rows in memory. */
const ROWS_AT_ONCE = 50_000;

/**
 * Adds the archived raw rows of a day that are not there, and to those that are the fields they lack; where several files have one key, the
 * later file's values win.
 * @returns how many rows were added
 */
export async function insertRaw(
  writer: DuckDBConnection,
  archived: Archived,
  day: Span,
  units: Units,
): Promise<number> {
  const merge = { key: SERIES_KEY, latest: 'arg_max' } as const;
  const anyStored = await hasRows(writer, archived, day);
  return inPieces(archived, day, async (piece) => {
    const wanted = (parameters: Parameters) => `${parameters.within(piece)} AND ${notKept(units, parameters)}`;
    if (anyStored) await fill(writer, archived, merge, piece, wanted);
    return insert(writer, archived, merge, piece, wanted);
  });
}

/** Adds the archived events of a day that are not there; where several files have one key, the later file's row wins. */
export async function insertEvents(writer: DuckDBConnection, archived: Archived, day: Span): Promise<number> {
  const merge = { key: EVENT_KEY, latest: 'arg_max_null' } as const;
  return inPieces(archived, day, (piece) =>
    insert(writer, archived, merge, piece, (parameters) => parameters.within(piece)),
  );
}

async function inPieces({ files }: Archived, day: Span, work: (piece: Span) => Promise<number>): Promise<number> {
  const pieces = Math.ceil(files.reduce((sum, file) => sum + file.rows, 0) / ROWS_AT_ONCE);
  let rows = 0;
  for (const piece of piecesOf(day, pieces)) rows += await work(piece);
  return rows;
}

/** How rows of one key from several files become one. */
interface Merge {
  key: readonly string[];
  latest: 'arg_max' | 'arg_max_null';
}

type Condition = (parameters: Parameters) => string;

async function hasRows(writer: DuckDBConnection, { table }: Archived, day: Span): Promise<boolean> {
  const parameters = new Parameters();
  const sql = `SELECT 1 FROM ${quoted(table.name)} WHERE ${parameters.within(day)} LIMIT 1`;
  return (await run(writer, sql, parameters)).rowCount > 0;
}

/** What was rolled up with a row may no longer be told anywhere else when a later message of the row's key is there in its place. */
async function fill(
  writer: DuckDBConnection,
  archived: Archived,
  merge: Merge,
  piece: Span,
  wanted: Condition,
): Promise<void> {
  const { table } = archived;
  const fields = [...table.columns.keys()].filter((column) => !merge.key.includes(column)).map(quoted);
  if (fields.length === 0) return;
  const parameters = new Parameters();
  const [from, to] = [parameters.timestamp(piece.fromUs), parameters.timestamp(piece.toUs)];
  await run(
    writer,
    `UPDATE ${quoted(table.name)} AS stored
     SET ${fields.map((field) => `${field} = coalesce(stored.${field}, archived.${field})`).join(', ')}
     FROM (${rowsOf(archived, merge, wanted(parameters))}) AS archived
     WHERE ${merge.key.map((column) => `stored.${quoted(column)} = archived.${quoted(column)}`).join(' AND ')}
       AND stored.timestamp >= ${from} AND stored.timestamp < ${to}
       AND (${fields.map((field) => `(stored.${field} IS NULL AND archived.${field} IS NOT NULL)`).join(' OR ')})`,
    parameters,
  );
}

async function insert(
  writer: DuckDBConnection,
  archived: Archived,
  merge: Merge,
  piece: Span,
  wanted: Condition,
): Promise<number> {
  const { table } = archived;
  const keys = merge.key.map(quoted).join(', ');
  const columns = [...table.columns.keys()].map(quoted).join(', ');
  const parameters = new Parameters();
  const result = await run(
    writer,
    `INSERT INTO ${quoted(table.name)} (${columns})
     SELECT ${columns} FROM (${rowsOf(archived, merge, wanted(parameters))}) AS archived
     ANTI JOIN (SELECT ${keys} FROM ${quoted(table.name)} WHERE ${parameters.within(piece)}) AS stored USING (${keys})
     ORDER BY timestamp`,
    parameters,
  );
  return result.rowsChanged;
}

/** The archived rows that a condition picks, one for each key. */
function rowsOf({ table, files }: Archived, { key, latest }: Merge, condition: string): string {
  const found = `FROM ${archivedRows(files, table.columns)} WHERE ${condition}`;
  if (files.length === 1) return `SELECT * ${found}`;
  const merged = [...table.columns.keys()].map((column) => {
    const name = quoted(column);
    return key.includes(column) ? name : `${latest}(${name}, ${PART}) AS ${name}`;
  });
  return `SELECT ${merged.join(', ')} ${found} GROUP BY ${key.map(quoted).join(', ')}`;
}
