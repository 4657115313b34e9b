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

export function rollupTable(schema: Schema, family: string): Table | undefined {
  return schema.table(rollupTableOf(family), 'rollup');
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
