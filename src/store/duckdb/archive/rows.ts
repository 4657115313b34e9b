import { literal, ours, quoted } from '../parameters.ts';
import type { Footer } from './footer.ts';

/** The number of the file that a row is from, in the order of the files. */
export const PART = ours('part');

/** The rows of some files as a subquery with these columns, NULL where a file has not got one, and PART. */
export function archivedRows(files: readonly Footer[], columns: ReadonlyMap<string, string>): string {
  const selects = files.map((file, part) => {
    const values = [...columns].map(([column, type]) => {
      const value = file.columns.has(column) ? quoted(column) : 'NULL';
      return `${value}::${type} AS ${quoted(column)}`;
    });
    // Otherwise a folder above the archive, called like `instance=web`, would take the place of that column.
    return `SELECT ${values.join(', ')}, ${part} AS ${PART} FROM read_parquet(${literal(file.path)}, hive_partitioning = false)`;
  });
  return `(${selects.join(' UNION ALL ')})`;
}
