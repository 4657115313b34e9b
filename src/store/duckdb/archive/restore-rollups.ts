import type { DuckDBConnection } from '@duckdb/node-api';
import { DAY_US } from '../../days.ts';
import { run } from '../database.ts';
import { Parameters, quoted, type Span } from '../parameters.ts';
import { rollupCountColumns } from '../rollup-columns.ts';
import type { Table } from '../schema.ts';
import type { Footer } from './footer.ts';
import { archivedRows } from './rows.ts';

/** A table, and those files of one day that hold rows of it. */
export interface Archived {
  table: Table;
  files: readonly Footer[];
}

/**
 * What is decided about as a whole: the widest bucket's time of a collector's instance. Rollup rows of several widths may stand for rows of
 * the same time, and do so together.
 */
export interface Units {
  widthUs: number;
}

/** Units whose raw rows come back, and units that stand for more rows than were archived: their rollup rows stay, for nothing is to be lost. */
const BACK = 'tacho_back';
const KEPT = 'tacho_kept';

/** Runs `work` while it is known what becomes of each unit of a day, and what stood in for raw rows that come back is gone. */
export async function replacingRollups(
  writer: DuckDBConnection,
  raw: Archived | undefined,
  rollups: Archived | undefined,
  day: Span,
  work: (units: Units) => Promise<number>,
): Promise<number> {
  for (const name of [BACK, KEPT]) {
    await writer.run(`CREATE TEMP TABLE ${name} (start BIGINT, collector INTEGER, instance VARCHAR)`);
  }
  let units: Units = { widthUs: DAY_US };
  if (raw && raw.files.length > 0 && rollups) {
    units = await unitsOf(writer, rollups, day);
    await sortOut(writer, raw, rollups, day, units);
    const parameters = new Parameters();
    await run(
      writer,
      `DELETE FROM ${quoted(rollups.table.name)} WHERE ${parameters.within(day)} AND ${isIn(BACK, units, parameters)}`,
      parameters,
    );
  }
  const result = await work(units);
  for (const name of [BACK, KEPT]) await writer.run(`DROP TABLE temp.${name}`);
  return result;
}

/** Adds the rolled-up rows whose raw ones did not come back and that are not there yet. */
export async function insertRollups(
  writer: DuckDBConnection,
  { table, files }: Archived,
  day: Span,
  units: Units,
): Promise<number> {
  if (files.length === 0) return 0;
  const parameters = new Parameters();
  const columns = [...table.columns.keys()];
  const names = columns.map(quoted).join(', ');
  const result = await run(
    writer,
    `INSERT INTO ${quoted(table.name)} (${names})
     SELECT ${names} FROM (
       SELECT * FROM ${archivedRows(files, table.columns)} WHERE NOT ${isIn(BACK, units, parameters)}
     ) AS archived
     ANTI JOIN (SELECT * FROM ${quoted(table.name)} WHERE ${parameters.within(day)}) AS stored
       ON ${columns.map((column) => `archived.${quoted(column)} IS NOT DISTINCT FROM stored.${quoted(column)}`).join(' AND ')}
     ORDER BY timestamp, instance`,
    parameters,
  );
  return result.rowsChanged;
}

/** The condition that a raw row's unit is not one of KEPT. */
export function notKept(units: Units, parameters: Parameters): string {
  return `NOT ${isIn(KEPT, units, parameters)}`;
}

function isIn(unitTable: string, { widthUs }: Units, parameters: Parameters): string {
  return `((${parameters.bucket(widthUs)}, collector, instance) IN (SELECT (start, collector, instance) FROM ${unitTable}))`;
}

/** The widest bucket of the day, when the others are parts of it as all of ours are; else the whole day. */
async function unitsOf(writer: DuckDBConnection, rollups: Archived, day: Span): Promise<Units> {
  const parameters = new Parameters();
  const sql = `SELECT DISTINCT bucket_us::DOUBLE FROM ${allRollups(rollups, parameters, day)}`;
  const widths = (await (await run(writer, sql, parameters)).getRows()).flat() as number[];
  const widest = Math.max(...widths);
  const nested = DAY_US % widest === 0 && widths.every((width) => widest % width === 0);
  return { widthUs: nested ? widest : DAY_US };
}

/** Rollup rows that are in the table, in the files or in both, once each. */
function allRollups({ table, files }: Archived, parameters: Parameters, day: Span): string {
  const columns = [...table.columns.keys()].map(quoted).join(', ');
  const stored = `SELECT ${columns} FROM ${quoted(table.name)} WHERE ${parameters.within(day)}`;
  if (files.length === 0) return `(${stored})`;
  return `(${stored} UNION SELECT ${columns} FROM ${archivedRows(files, table.columns)})`;
}

async function sortOut(
  writer: DuckDBConnection,
  raw: Archived,
  rollups: Archived,
  day: Span,
  { widthUs }: Units,
): Promise<void> {
  const key = new Map([...raw.table.columns].slice(0, 3));
  const counts = rollupCountColumns(rollups.table).map(quoted);
  for (const [into, archivedEnough] of [
    [BACK, '>='],
    [KEPT, '<'],
  ]) {
    const parameters = new Parameters();
    await run(
      writer,
      `INSERT INTO ${into}
       SELECT start, collector, instance
       FROM (
         SELECT ${parameters.bucket(widthUs)} AS start, collector, instance, sum(greatest(1, ${counts.join(', ')})) AS rows
         FROM ${allRollups(rollups, parameters, day)} GROUP BY ALL
       ) AS rolled JOIN (
         SELECT ${parameters.bucket(widthUs)} AS start, collector, instance, count(*) AS rows
         FROM ${archivedRows(raw.files, key)} GROUP BY ALL
       ) AS archived USING (start, collector, instance)
       WHERE archived.rows ${archivedEnough} rolled.rows`,
      parameters,
    );
  }
}
