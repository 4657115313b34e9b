import { type Database, run } from './database.ts';
import { Parameters, quoted, type Span } from './parameters.ts';
import type { Table, TableKind } from './schema.ts';

/** A part of a table's span that one transaction can deal with; one of `shares` parts by key, where a single bucket has too many rows. */
export interface Slice extends Span {
  share: number;
  shares: number;
}

/** Appends and queries wait no longer than so many rows take. */
const ROWS_AT_ONCE = 50_000;

const KEY: Readonly<Record<TableKind, string>> = {
  series: 'hash(collector, instance)',
  rollup: 'hash(collector, instance)',
  event: 'hash(id)',
};

/** Cuts a span where buckets meet into slices that hold its rows, as they are now, and cover it all; none when there are no rows. */
export async function slicesOf(database: Database, table: Table, span: Span, bucketUs: number): Promise<Slice[]> {
  const parameters = new Parameters();
  const sql = `SELECT ${parameters.bucket(bucketUs)}::DOUBLE, count(*)::DOUBLE FROM ${quoted(table.name)}
    WHERE ${parameters.within(span)} GROUP BY 1 ORDER BY 1`;
  const buckets = await database.read(async (reader) => (await run(reader, sql, parameters)).getRows());
  const starts: { fromUs: number; rows: number }[] = [];
  for (const [fromUs, rows] of buckets as [number, number][]) {
    const last = starts.at(-1);
    if (last && last.rows + rows <= ROWS_AT_ONCE) last.rows += rows;
    else starts.push({ fromUs: last ? fromUs : span.fromUs, rows });
  }
  return starts.flatMap(({ fromUs, rows }, index) => {
    const shares = Math.ceil(rows / ROWS_AT_ONCE);
    const toUs = starts[index + 1]?.fromUs ?? span.toUs;
    return Array.from({ length: shares }, (_, share) => ({ fromUs, toUs, share, shares }));
  });
}

/** The condition that a row of a table of this kind lies in a slice. */
export function inSlice(parameters: Parameters, kind: TableKind, slice: Slice): string {
  const within = parameters.within(slice);
  return slice.shares === 1 ? within : `${within} AND ${KEY[kind]} % ${slice.shares} = ${slice.share}`;
}
