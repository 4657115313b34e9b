import type { Aggregate } from '../contract.ts';
import { rollupTableOf, SERIES_KEY } from '../names.ts';
import type { Schema, Table } from './schema.ts';

/** What a rollup table keeps of each field, with the SQL type of the column. */
const KEPT: Readonly<Record<Aggregate, string>> = {
  avg: 'DOUBLE',
  min: 'DOUBLE',
  max: 'DOUBLE',
  last: 'DOUBLE',
  count: 'BIGINT',
};

function rollupTable(schema: Schema, family: string): Table | undefined {
  return schema.table(rollupTableOf(family), 'rollup');
}

/** Runs `query` again when rows may have moved meanwhile into a rollup table, or a column of it, that it did not know of. */
export async function withRollup<T>(
  schema: Schema,
  family: string,
  query: (rollup: Table | undefined) => Promise<T>,
): Promise<T> {
  for (;;) {
    const rollup = rollupTable(schema, family);
    const result = await query(rollup);
    if (rollupTable(schema, family) === rollup) return result;
  }
}

export function fieldsOf(raw: Table): string[] {
  return [...raw.columns.keys()].slice(SERIES_KEY.length);
}

/** The columns of a rollup table that tell how many raw rows had a field. */
export function rollupCountColumns({ columns }: Table): string[] {
  return [...columns].flatMap(([column, type]) => (column.endsWith('_count') && type === KEPT.count ? [column] : []));
}

/** The columns that a rollup table of these fields has beside its key. */
export function rollupColumns(fields: readonly string[]): Map<string, string> {
  return new Map(
    fields.flatMap((field) =>
      Object.entries(KEPT).map(([aggregate, type]) => [`${field}_${aggregate}`, type] as const),
    ),
  );
}
