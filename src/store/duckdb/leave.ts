import type { DuckDBConnection } from '@duckdb/node-api';
import type { ArchivedRows } from '../contract.ts';
import type { ArchiveFolder } from './archive/folder.ts';
import { archiveSpan } from './archive/write.ts';
import type { Database } from './database.ts';
import type { Span } from './parameters.ts';
import type { Table } from './schema.ts';
import { type Slice, slicesOf } from './slices.ts';
import type { Watch, Watches } from './watches.ts';

export interface Leaving {
  /** As it is now: it may get more columns at any time that is not the writer's turn. */
  table(): Table;
  span: Span;
  /** The span is cut for transactions where buckets of this width meet. */
  bucketUs: number;
  /** Where the rows are to be before they go; null when they need not be anywhere. */
  archive: ArchiveFolder | null;
  /** Takes the rows of a slice out of the table, all or none; returns how many there were. */
  go(writer: DuckDBConnection, slice: Slice): Promise<number>;
}

/** Rows that come in while their span is archived make it start again so often; after that the writer waits for the archive. */
const SNAPSHOTS = 3;

/**
 * Lets the rows of a span leave their table, slice by slice, so that appends and queries get their turn in between. They are archived
 * from a snapshot, beside appends; rows that come into the span later keep the rest of it from leaving until they are archived too.
 */
export async function leave(
  database: Database,
  watches: Watches,
  leaving: Leaving,
): Promise<{ rows: number; archived: ArchivedRows }> {
  const { table, span, bucketUs, archive, go } = leaving;
  const slices = await slicesOf(database, table(), span, bucketUs);
  const archived: ArchivedRows = { files: 0, rows: 0, bytes: 0 };
  const add = (more: ArchivedRows): void => {
    archived.files += more.files;
    archived.rows += more.rows;
    archived.bytes += more.bytes;
  };
  let rows = 0;
  let snapshots = 0;
  let watch: Watch | undefined;
  try {
    for (const slice of slices) {
      let gone: number | undefined;
      while (gone === undefined) {
        if (archive && (!watch || (watch.touched && snapshots < SNAPSHOTS))) {
          watch?.end();
          watch = watches.begin(table().name, slice.fromUs, span.toUs);
          snapshots += 1;
          const rest = { fromUs: slice.fromUs, toUs: span.toUs };
          add(await database.readMuch((reader) => archiveSpan(reader, archive, table(), rest)));
        }
        gone = await database.writeMuch(async (writer) => {
          if (archive && watch?.touched) {
            if (snapshots < SNAPSHOTS) return undefined;
            add(await archiveSpan(writer, archive, table(), slice));
          }
          return go(writer, slice);
        });
      }
      rows += gone;
      await database.checkpoint();
    }
  } finally {
    watch?.end();
  }
  // Only a checkpoint gives the space back.
  if (rows > 0) await database.checkpoint(true);
  return { rows, archived };
}
