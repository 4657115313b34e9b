import type { DuckDBConnection } from '@duckdb/node-api';
import { EVENT_KEY, SERIES_KEY } from '../../names.ts';
import { run } from '../database.ts';
import { Parameters, piecesOf, quoted, type Span } from '../parameters.ts';
import { type Archived, notKept } from './restore-rollups.ts';
import { archivedRows, PART } from './rows.ts';

/** A statement sorts its rows in memory. */
const ROWS_AT_ONCE = 50_000;

/** Adds the archived raw rows of a day that are not there; where several files have one key, the later file's values win. */
export async function insertRaw(writer: DuckDBConnection, archived: Archived, day: Span): Promise<number> {
  return inPieces(archived, day, async (piece) => {
    const parameters = new Parameters();
    const condition = `${parameters.within(piece)} AND ${await notKept(writer, parameters)}`;
    return insert(writer, archived, SERIES_KEY, 'arg_max', condition, piece, parameters);
  });
}

/** Adds the archived events of a day that are not there; where several files have one key, the later file's row wins. */
export async function insertEvents(writer: DuckDBConnection, archived: Archived, day: Span): Promise<number> {
  return inPieces(archived, day, (piece) => {
    const parameters = new Parameters();
    return insert(writer, archived, EVENT_KEY, 'arg_max_null', parameters.within(piece), piece, parameters);
  });
}

async function inPieces({ files }: Archived, day: Span, work: (piece: Span) => Promise<number>): Promise<number> {
  const pieces = Math.ceil(files.reduce((sum, file) => sum + file.rows, 0) / ROWS_AT_ONCE);
  let rows = 0;
  for (const piece of piecesOf(day, pieces)) rows += await work(piece);
  return rows;
}

async function insert(
  writer: DuckDBConnection,
  { table, files }: Archived,
  key: readonly string[],
  latest: 'arg_max' | 'arg_max_null',
  condition: string,
  piece: Span,
  parameters: Parameters,
): Promise<number> {
  const keys = key.map(quoted);
  const columns = [...table.columns.keys()].map(quoted);
  const merged = columns.map((column) =>
    keys.includes(column) ? column : `${latest}(${column}, ${PART}) AS ${column}`,
  );
  const found = `FROM ${archivedRows(files, table.columns)} WHERE ${condition}`;
  const rows =
    files.length === 1 ? `SELECT * ${found}` : `SELECT ${merged.join(', ')} ${found} GROUP BY ${keys.join(', ')}`;
  const result = await run(
    writer,
    `INSERT INTO ${quoted(table.name)} (${columns.join(', ')})
     SELECT ${columns.join(', ')} FROM (${rows}) AS archived
     ANTI JOIN (SELECT ${keys.join(', ')} FROM ${quoted(table.name)} WHERE ${parameters.within(piece)}) AS stored
       USING (${keys.join(', ')})
     ORDER BY timestamp`,
    parameters,
  );
  return result.rowsChanged;
}
