import type { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api';
import type { EventRow } from '../contract.ts';
import { SERIES_KEY } from '../names.ts';
import type { SeriesRows } from '../series-rows.ts';
import { eventRowAppender, seriesRowAppender } from './append-rows.ts';
import { discard } from './appenders.ts';
import { optimized, run } from './database.ts';
import { extent } from './extent.ts';
import { Parameters, quoted } from './parameters.ts';
import type { Table } from './schema.ts';

/** Rows wait here, outside of the file, until one statement has merged them. */
const STAGE = 'tacho_late';

/** Merges rows of a series table into those of the same key, field by field, or adds them; part of the caller's transaction. */
export async function mergeSeries(
  connection: DuckDBConnection,
  table: Table,
  rows: SeriesRows,
  indexes: readonly number[],
): Promise<void> {
  const columns = [...SERIES_KEY, ...rows.fields];
  const times = indexes.map((index) => rows.timestampsUs[index] as number);
  const fill = (stage: DuckDBAppender) => {
    const appendRow = seriesRowAppender(stage, columns, rows);
    for (const index of indexes) appendRow(index);
  };
  await staged(connection, table, columns, fill, async () => {
    const within = new Parameters();
    const names = columns.map(quoted);
    const updates = rows.fields.map(quoted).map((field) => `${field} = coalesce(late.${field}, stored.${field})`);
    await run(
      connection,
      `MERGE INTO ${quoted(table.name)} AS stored USING ${STAGE} AS late
       ON ${SERIES_KEY.map((column) => `stored.${quoted(column)} = late.${quoted(column)}`).join(' AND ')}
         AND ${between(within, 'stored.timestamp', times)}
       WHEN MATCHED THEN UPDATE SET ${updates.join(', ')}
       WHEN NOT MATCHED THEN INSERT (${names.join(', ')}) VALUES (${names.map((name) => `late.${name}`).join(', ')})`,
      within,
    );
  });
}

/** Puts events in the place of those with the same id and timestamp, or adds them; part of the caller's transaction. */
export async function mergeEvents(
  connection: DuckDBConnection,
  table: Table,
  rows: readonly EventRow[],
): Promise<void> {
  const fill = (stage: DuckDBAppender) => {
    const appendRow = eventRowAppender(stage, table.columns);
    for (const row of rows) appendRow(row);
  };
  await staged(connection, table, [...table.columns.keys()], fill, async () => {
    const within = new Parameters();
    const times = rows.map((row) => row.timestampUs);
    await run(
      connection,
      `DELETE FROM ${quoted(table.name)} AS stored USING ${STAGE} AS late
       WHERE stored.id = late.id AND stored.timestamp = late.timestamp AND ${between(within, 'stored.timestamp', times)}`,
      within,
    );
    await connection.run(`INSERT INTO ${quoted(table.name)} SELECT * FROM ${STAGE}`);
  });
}

async function staged(
  connection: DuckDBConnection,
  table: Table,
  columns: readonly string[],
  fill: (stage: DuckDBAppender) => void,
  merge: () => Promise<void>,
): Promise<void> {
  const names = columns.map(quoted).join(', ');
  await connection.run(`CREATE TEMP TABLE ${STAGE} AS SELECT ${names} FROM ${quoted(table.name)} LIMIT 0`);
  const stage = await connection.createAppender(STAGE, 'main', 'temp');
  try {
    fill(stage);
    stage.flushSync();
  } finally {
    discard(stage);
  }
  await optimized(connection, merge);
  await connection.run(`DROP TABLE temp.${STAGE}`);
}

/** Keeps DuckDB from looking at more of the table than the rows' own time. */
function between(parameters: Parameters, column: string, times: readonly number[]): string {
  const [oldest, newest] = extent(times);
  return `${column} BETWEEN ${parameters.timestamp(oldest)} AND ${parameters.timestamp(newest)}`;
}
