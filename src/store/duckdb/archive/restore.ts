import type { DuckDBConnection } from '@duckdb/node-api';
import { StoreError, type TableSpan } from '../../contract.ts';
import { DAY_US } from '../../days.ts';
import { rollupTableOf } from '../../names.ts';
import { checkRestore } from '../../queries.ts';
import type { BatchAppender } from '../append.ts';
import { type Database, inTransaction } from '../database.ts';
import type { Span } from '../parameters.ts';
import type { Schema, Table } from '../schema.ts';
import type { Watches } from '../watches.ts';
import { readingArchive } from './errors.ts';
import type { ArchiveFolder } from './folder.ts';
import { type Footer, readFooter } from './footer.ts';
import { type Archived, insertRollups, replacingRollups } from './restore-rollups.ts';
import { insertEvents, insertRaw } from './restore-rows.ts';

/** Brings archived rows back, a day in one transaction; see SeriesStore.restore. */
export async function restore(
  database: Database,
  schema: Schema,
  watches: Watches,
  archive: ArchiveFolder,
  appender: BatchAppender,
  request: TableSpan,
): Promise<{ rows: number }> {
  checkRestore(request);
  const tables = [request.table, rollupTableOf(request.table)];
  const files = (await readingArchive(archive.path, () => Promise.all(tables.map((name) => archive.filesOf(name)))))
    .flat()
    .filter(({ dayUs }) => dayUs >= request.fromUs && dayUs < request.toUs);
  let rows = 0;
  for (const dayUs of new Set(files.map((file) => file.dayUs).sort((a, b) => a - b))) {
    const ofDay = files.filter((file) => file.dayUs === dayUs);
    const span = { fromUs: dayUs, toUs: dayUs + DAY_US };
    const footers = await database.read(async (reader) => {
      const read: [string, Footer][] = [];
      for (const file of ofDay) read.push([file.table, await readFooter(reader, archive.absolute(file))]);
      return read;
    });
    const days = tables.map((name) => footers.flatMap(([table, footer]) => (table === name ? [footer] : [])));
    rows += await database.writeMuch(async (writer) => {
      try {
        const archived: (Archived | undefined)[] = [];
        for (const [index, name] of tables.entries()) {
          archived.push(await ensure(writer, schema, name, days[index] ?? []));
        }
        const [rows, rollups] = archived;
        // Whoever looks for rolled-up rows looks for the family first.
        if (!rows && rollups) await schema.ensure(writer, request.table, 'series', new Map());
        return await readingArchive(archive.path, () => inTransaction(writer, () => bringBack(writer, archived, span)));
      } finally {
        appender.changed(request.table);
        for (const name of tables) watches.touch(name, span.fromUs, span.toUs);
      }
    });
    await database.checkpoint(true);
  }
  return { rows };
}

/** The table that the files of a day belong to, with all their columns; undefined when there are no files. */
async function ensure(
  writer: DuckDBConnection,
  schema: Schema,
  name: string,
  files: readonly Footer[],
): Promise<Archived | undefined> {
  for (const { path, kind, columns } of files) {
    const is = schema.anyTable(name);
    if (is && is.kind !== kind) {
      throw new StoreError('TACHO_STORE_ARCHIVE', `${path} has ${kind} rows, ${name} is a table of ${is.kind} rows`);
    }
    const fields = new Map([...columns].filter(([column]) => !is?.columns.has(column)));
    if (schema.lacks(name, fields)) await schema.ensure(writer, name, kind, fields);
  }
  const table: Table | undefined = schema.anyTable(name);
  return table && { table, files };
}

async function bringBack(
  writer: DuckDBConnection,
  [rows, rollups]: readonly (Archived | undefined)[],
  day: Span,
): Promise<number> {
  if (rows?.table.kind === 'event') return insertEvents(writer, rows, day);
  return replacingRollups(writer, rows, rollups, day, async (units) => {
    const raw = rows ? await insertRaw(writer, rows, day, units) : 0;
    return raw + (rollups ? await insertRollups(writer, rollups, day, units) : 0);
  });
}
