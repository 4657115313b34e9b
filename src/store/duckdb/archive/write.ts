import type { DuckDBConnection } from '@duckdb/node-api';
import { type ArchivedRows, StoreError } from '../../contract.ts';
import { dayOf } from '../../days.ts';
import { run } from '../database.ts';
import { literal, Parameters, piecesOf, quoted, type Span } from '../parameters.ts';
import type { Table, TableKind } from '../schema.ts';
import { writingArchive } from './errors.ts';
import type { ArchiveFolder } from './folder.ts';
import { type Footer, footerOption, readFooter } from './footer.ts';
import { archivedRows } from './rows.ts';

/** Rows resemble each other most in this order. */
const ORDER: Readonly<Record<TableKind, string>> = {
  series: 'collector, instance, timestamp',
  rollup: 'bucket_us, collector, instance, timestamp',
  event: 'timestamp, id',
};

/** Rows that are compressed together, and what statistics of the file allow to skip; fewer where they are long: they wait in memory. */
const ROW_GROUP_ROWS = 122_880;
const ROW_GROUP_BYTES = 8 * 2 ** 20;
/** A number or a time in memory; texts count by their length. */
const BYTES_PER_FIELD = 8;

/** What values cost at most on host data, with room to spare: an archive is not begun that would fill its disk. */
const BYTES_PER_VALUE = 4;
const RESERVE_BYTES = 8 * 2 ** 20;

/**
 * Writes the rows of a span, within one UTC day, that the archive does not hold yet; durable on return.
 * @throws StoreError TACHO_STORE_ARCHIVE; then the archive is as it was
 */
export async function archiveSpan(
  connection: DuckDBConnection,
  archive: ArchiveFolder,
  table: Table,
  span: Span,
): Promise<ArchivedRows> {
  const dayUs = dayOf(span.fromUs);
  const nothing = { files: 0, rows: 0, bytes: 0 };
  return writingArchive(archive.path, async () => {
    const { freeBytes } = await archive.prepare(table.name);
    const source = await unarchived(connection, archive, table, span);
    const { rows, textBytes } = await source.size();
    if (rows === 0) return nothing;
    if (freeBytes < rows * table.columns.size * BYTES_PER_VALUE + RESERVE_BYTES) {
      throw new StoreError(
        'TACHO_STORE_ARCHIVE',
        `${archive.path}: ${Math.floor(freeBytes / 2 ** 20)} MiB of disk space are left, too few to archive ${rows} rows of ${table.name}`,
      );
    }
    try {
      const bytes = rows * table.columns.size * BYTES_PER_FIELD + textBytes;
      const groups = Math.ceil(Math.max(rows / ROW_GROUP_ROWS, bytes / ROW_GROUP_BYTES));
      await source.copy(archive.unfinished(table.name), rows, groups);
      const file = await archive.finish(table.name, dayUs);
      return { files: 1, rows, bytes: await archive.bytesOf(file) };
    } catch (error) {
      await archive.discard(table.name).catch(() => undefined);
      throw error;
    }
  });
}

interface Source {
  /** How many rows, and about how many bytes of text in them. */
  size(): Promise<{ rows: number; textBytes: number }>;
  copy(path: string, rows: number, groups: number): Promise<void>;
}

async function unarchived(
  connection: DuckDBConnection,
  archive: ArchiveFolder,
  table: Table,
  span: Span,
): Promise<Source> {
  const dayUs = dayOf(span.fromUs);
  const files = (await archive.filesOf(table.name)).filter((file) => file.dayUs === dayUs);
  const footers: Footer[] = [];
  for (const file of files) footers.push(await readFooter(connection, archive.absolute(file)));
  const from = (parameters: Parameters, within: Span) => {
    const rows = `FROM ${quoted(table.name)} AS here WHERE ${parameters.within(within)}`;
    if (footers.length === 0) return rows;
    const same = [...table.columns.keys()].map(
      (column) => `here.${quoted(column)} IS NOT DISTINCT FROM there.${quoted(column)}`,
    );
    return `FROM (SELECT * ${rows}) AS here ANTI JOIN (
      SELECT * FROM ${archivedRows(footers, table.columns)} WHERE ${parameters.within(within)}
    ) AS there ON ${same.join(' AND ')}`;
  };
  return {
    size: async () => {
      const parameters = new Parameters();
      const texts = [...table.columns].flatMap(([column, type]) =>
        type === 'VARCHAR' || type === 'JSON' ? [`strlen(here.${quoted(column)}::VARCHAR)`] : [],
      );
      const bytes = texts.map((text) => `coalesce(${text}, 0)`).join(' + ');
      const sql = `SELECT count(*)::DOUBLE, coalesce(sum(${bytes}), 0)::DOUBLE ${from(parameters, span)}`;
      const [row] = (await run(connection, sql, parameters).then((result) => result.getRows())) as [[number, number]];
      return { rows: row[0], textBytes: row[1] };
    },
    copy: async (path, rows, groups) => {
      const parameters = new Parameters();
      const columns = [...table.columns.keys()].map((column) => `here.${quoted(column)}`).join(', ');
      // Pieces of time, each sorted by itself: a reader of an hour need not read the day, and sorting a day takes several times longer.
      const pieces = piecesOf(span, groups).map(
        (piece) => `(SELECT ${columns} ${from(parameters, piece)} ORDER BY ${ORDER[table.kind]})`,
      );
      await run(
        connection,
        `COPY (${pieces.join(' UNION ALL ')}) TO ${literal(path)} (FORMAT parquet, PARQUET_VERSION V2,
         COMPRESSION zstd, ROW_GROUP_SIZE ${Math.min(ROW_GROUP_ROWS, Math.ceil(rows / groups))}, ${footerOption(table)})`,
        parameters,
      );
    },
  };
}
