import type { DuckDBConnection } from '@duckdb/node-api';
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

/** Buckets whose raw rows come back, and buckets that stand for more rows than were archived: their rollup rows stay, for nothing is to be lost. */
const BACK = 'tacho_back';
const KEPT = 'tacho_kept';
const BUCKET = ['bucket_us', 'timestamp', 'collector', 'instance'] as const;

/** Runs `work` while it is known what becomes of each bucket of a day, and what stood in for raw rows that come back is gone. */
export async function replacingRollups(
  writer: DuckDBConnection,
  raw: Archived | undefined,
  rollups: Archived | undefined,
  day: Span,
  work: () => Promise<number>,
): Promise<number> {
  for (const name of [BACK, KEPT]) {
    await writer.run(
      `CREATE TEMP TABLE ${name} (bucket_us BIGINT, timestamp TIMESTAMP, collector INTEGER, instance VARCHAR)`,
    );
  }
  if (raw && raw.files.length > 0 && rollups) {
    for (const bucketUs of await bucketWidths(writer, rollups, day)) {
      await sortOut(writer, raw, rollups, day, bucketUs);
    }
    await writer.run(
      `DELETE FROM ${quoted(rollups.table.name)} AS stored USING ${BACK} AS back WHERE ${equal(BUCKET, 'stored', 'back')}`,
    );
  }
  const result = await work();
  for (const name of [BACK, KEPT]) await writer.run(`DROP TABLE temp.${name}`);
  return result;
}

/** Adds the rolled-up rows whose raw ones did not come back and that are not there yet. */
export async function insertRollups(writer: DuckDBConnection, { table, files }: Archived, day: Span): Promise<number> {
  if (files.length === 0) return 0;
  const parameters = new Parameters();
  const columns = [...table.columns.keys()];
  const names = columns.map(quoted).join(', ');
  const result = await run(
    writer,
    `INSERT INTO ${quoted(table.name)} (${names})
     SELECT ${names} FROM ${archivedRows(files, table.columns)} AS archived
     ANTI JOIN ${BACK} AS back ON ${equal(BUCKET, 'archived', 'back')}
     ANTI JOIN (SELECT * FROM ${quoted(table.name)} WHERE ${parameters.within(day)}) AS stored
       ON ${columns.map((column) => `archived.${quoted(column)} IS NOT DISTINCT FROM stored.${quoted(column)}`).join(' AND ')}
     ORDER BY timestamp, instance`,
    parameters,
  );
  return result.rowsChanged;
}

/** The condition that a raw row's bucket is not one of KEPT. */
export async function notKept(writer: DuckDBConnection, parameters: Parameters): Promise<string> {
  const widths = (await writer.runAndReadAll(`SELECT DISTINCT bucket_us::DOUBLE FROM ${KEPT}`))
    .getRows()
    .flat() as number[];
  const conditions = widths.map(
    (bucketUs) => `(collector, instance, ${parameters.bucket(bucketUs)}) NOT IN (
      SELECT (collector, instance, epoch_us(timestamp)) FROM ${KEPT} WHERE bucket_us = ${bucketUs})`,
  );
  return conditions.length === 0 ? 'true' : conditions.join(' AND ');
}

async function bucketWidths(writer: DuckDBConnection, rollups: Archived, day: Span): Promise<number[]> {
  const parameters = new Parameters();
  const sql = `SELECT DISTINCT bucket_us::DOUBLE FROM ${allRollups(rollups, parameters, day)}`;
  return (await (await run(writer, sql, parameters)).getRows()).flat() as number[];
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
  bucketUs: number,
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
       SELECT ${parameters.bigint(bucketUs)}, rolled.timestamp, collector, instance
       FROM (
         SELECT timestamp, collector, instance, sum(greatest(1, ${counts.join(', ')})) AS rows
         FROM ${allRollups(rollups, parameters, day)} WHERE bucket_us = ${parameters.bigint(bucketUs)}
         GROUP BY timestamp, collector, instance
       ) AS rolled JOIN (
         SELECT make_timestamp(${parameters.bucket(bucketUs)}) AS timestamp, collector, instance, count(*) AS rows
         FROM ${archivedRows(raw.files, key)} GROUP BY ALL
       ) AS archived USING (timestamp, collector, instance)
       WHERE archived.rows ${archivedEnough} rolled.rows`,
      parameters,
    );
  }
}

function equal(columns: readonly string[], left: string, right: string): string {
  return columns.map((column) => `${left}.${quoted(column)} = ${right}.${quoted(column)}`).join(' AND ');
}
