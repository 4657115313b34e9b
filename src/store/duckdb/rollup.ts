import type { DuckDBConnection } from '@duckdb/node-api';
import type { ArchivedRows, RollupRequest } from '../contract.ts';
import { rollupTableOf } from '../names.ts';
import { checkRollup } from '../queries.ts';
import type { ArchiveFolder } from './archive/folder.ts';
import { type Database, inTransaction, run } from './database.ts';
import { leave } from './leave.ts';
import { ours, Parameters, quoted } from './parameters.ts';
import { fieldsOf, rollupColumns } from './rollup-columns.ts';
import type { Schema, Table } from './schema.ts';
import { inSlice, type Slice } from './slices.ts';
import type { Watches } from './watches.ts';

const BUCKET = ours('bucket');

export async function rollUp(
  database: Database,
  schema: Schema,
  watches: Watches,
  archive: ArchiveFolder,
  request: RollupRequest,
): Promise<{ rows: number; moved: number; archived: ArchivedRows }> {
  checkRollup(request);
  const { family, bucketUs } = request;
  const fromUs = Math.ceil(request.fromUs / bucketUs) * bucketUs;
  const toUs = Math.floor(request.toUs / bucketUs) * bucketUs;
  if (!schema.table(family, 'series') || fromUs >= toUs)
    return { rows: 0, moved: 0, archived: { files: 0, rows: 0, bytes: 0 } };
  let rows = 0;
  const { rows: moved, archived } = await leave(database, watches, {
    table: () => schema.existing(family),
    span: { fromUs, toUs },
    bucketUs,
    archive: request.archive ? archive : null,
    go: async (writer, slice) => {
      const raw = schema.existing(family);
      const columns = rollupColumns(fieldsOf(raw));
      const rollup = rollupTableOf(family);
      // Outside of the transaction: DuckDB does not let one change a table and fill it.
      if (schema.lacks(rollup, columns)) await schema.ensure(writer, rollup, 'rollup', columns);
      const counts = await inTransaction(writer, async () => {
        const inserted = await insertRollup(writer, raw, slice, bucketUs);
        const parameters = new Parameters();
        const sql = `DELETE FROM ${quoted(raw.name)} WHERE ${inSlice(parameters, 'series', slice)}`;
        return { inserted, deleted: (await run(writer, sql, parameters)).rowsChanged };
      });
      rows += counts.inserted;
      return counts.deleted;
    },
  });
  return { rows, moved, archived };
}

async function insertRollup(writer: DuckDBConnection, raw: Table, slice: Slice, bucketUs: number): Promise<number> {
  const parameters = new Parameters();
  const fields = fieldsOf(raw);
  const aggregates = fields.map(quoted).map((field) => {
    return `, avg(${field}), min(${field}), max(${field}), arg_max(${field}, timestamp), count(${field})`;
  });
  const columns = ['bucket_us', 'timestamp', 'collector', 'instance', 'newest', ...rollupColumns(fields).keys()];
  const result = await run(
    writer,
    `INSERT INTO ${quoted(rollupTableOf(raw.name))} (${columns.map(quoted).join(', ')})
     SELECT ${parameters.bigint(bucketUs)}, make_timestamp(${BUCKET}), collector, instance, max(timestamp)${aggregates.join('')}
     FROM (SELECT ${parameters.bucket(bucketUs)} AS ${BUCKET}, * FROM ${quoted(raw.name)}
           WHERE ${inSlice(parameters, 'series', slice)})
     GROUP BY ${BUCKET}, collector, instance`,
    parameters,
  );
  return result.rowsChanged;
}
