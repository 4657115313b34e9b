import { literal, quoted } from '../parameters.ts';
import type { Footer } from './footer.ts';

/** The number of the file that a row is from, in the order of the files; no column of ours has a name like that. */
export const PART = 'tacho_part';

/** The rows of some files as a subquery with these columns, NULL where a file has not got one, and PART. */
export function archivedRows(files: readonly Footer[], columns: ReadonlyMap<string, string>): string {
  const selects = files.map((file, part) => {
    const values = [...columns].map(([column, type]) => {
      const value = file.columns.has(column) ? quoted(column) : 'NULL';
      return `${value}::${type} AS ${quoted(column)}`;
    });
    return `SELECT ${values.join(', ')}, ${part} AS ${PART} FROM read_parquet(${literal(file.path)})`;
  });
  return `(${selects.join(' UNION ALL ')})`;
}
