import type { ArchivedRows, TableSpan } from '../contract.ts';
import { checkPrune } from '../queries.ts';
import type { ArchiveFolder } from './archive/folder.ts';
import { type Database, run } from './database.ts';
import { leave } from './leave.ts';
import { Parameters, quoted } from './parameters.ts';
import type { Schema } from './schema.ts';
import { inSlice } from './slices.ts';
import type { Watches } from './watches.ts';

/** Where transactions may be cut: fine enough for rows of a thousand instances a second. */
const CUT_US = 60_000_000;

export async function prune(
  database: Database,
  schema: Schema,
  watches: Watches,
  archive: ArchiveFolder,
  request: TableSpan & { archive: boolean },
): Promise<{ rows: number; archived: ArchivedRows }> {
  checkPrune(request);
  if (!schema.anyTable(request.table)) return { rows: 0, archived: { files: 0, rows: 0, bytes: 0 } };
  return leave(database, watches, {
    table: () => schema.existing(request.table),
    span: request,
    bucketUs: CUT_US,
    archive: request.archive ? archive : null,
    go: async (writer, slice) => {
      const { name, kind } = schema.existing(request.table);
      const parameters = new Parameters();
      const sql = `DELETE FROM ${quoted(name)} WHERE ${inSlice(parameters, kind, slice)}`;
      return (await run(writer, sql, parameters)).rowsChanged;
    },
  });
}
