import type { DuckDBConnection } from '@duckdb/node-api';
import { StoreError } from '../../contract.ts';
import { checkColumnName } from '../../names.ts';
import { literal } from '../parameters.ts';
import { isColumnType, type Table, type TableKind } from '../schema.ts';
import { readingArchive } from './errors.ts';

/** The version of what we write into a Parquet file beside its rows. */
const FORMAT_VERSION = 1;

/** What a file of the archive says about itself. */
export interface Footer {
  /** Absolute. */
  path: string;
  rows: number;
  kind: TableKind;
  /** The columns of its table, with the types they had there. */
  columns: ReadonlyMap<string, string>;
}

const KINDS: ReadonlySet<string> = new Set<TableKind>(['series', 'rollup', 'event']);

/** What a file of this table is to say about itself: an option of COPY. */
export function footerOption({ kind, columns }: Table): string {
  const texts = { tacho_format: String(FORMAT_VERSION), tacho_kind: kind, tacho_columns: JSON.stringify([...columns]) };
  return `KV_METADATA {${Object.entries(texts)
    .map(([key, text]) => `${key}: ${literal(text)}`)
    .join(', ')}}`;
}

/** @throws StoreError TACHO_STORE_ARCHIVE that names the file, when it is damaged, a newer version's or not of ours */
export async function readFooter(connection: DuckDBConnection, path: string): Promise<Footer> {
  const { rows, texts } = await readingArchive(path, async () => {
    const counted = await connection.runAndReadAll(
      `SELECT num_rows::DOUBLE FROM parquet_file_metadata(${literal(path)})`,
    );
    const described = await connection.runAndReadAll(
      `SELECT decode(key), decode(value) FROM parquet_kv_metadata(${literal(path)})`,
    );
    return {
      rows: (counted.getRows()[0]?.[0] as number | undefined) ?? 0,
      texts: new Map(described.getRows() as [string, string][]),
    };
  });
  const refuse = (why: string) => new StoreError('TACHO_STORE_ARCHIVE', `${path} ${why}`);
  const version = Number(texts.get('tacho_format'));
  if (!(version >= 1)) throw refuse('is a Parquet file of something else: move it away');
  if (version > FORMAT_VERSION) {
    throw refuse(
      `has format version ${version}, this Tacho reads version ${FORMAT_VERSION}: run the version that wrote it`,
    );
  }
  const kind = texts.get('tacho_kind') ?? '';
  const columns = columnsOf(texts.get('tacho_columns') ?? '');
  if (!KINDS.has(kind) || !columns) throw refuse('does not say what its columns are: move it away');
  return { path, rows, kind: kind as TableKind, columns };
}

/** Undefined when it is not what we write: the names and types become part of statements. */
function columnsOf(text: string): Map<string, string> | undefined {
  try {
    const columns = new Map(JSON.parse(text) as [string, string][]);
    for (const [name, type] of columns) {
      checkColumnName(name);
      if (!isColumnType(type)) return undefined;
    }
    return columns;
  } catch {
    return undefined;
  }
}
