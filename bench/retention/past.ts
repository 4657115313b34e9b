import { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

export const DAYS = 30;
const DAY_SECONDS = 86_400;

export interface Past {
  rows: number;
  values: number;
}

/**
 * Gives a series file that holds a few samples of this host a past of 30 whole UTC days: rows of each second, of every family and with the
 * instances that were sampled, in the first `secondsPerDay` of each day. Values are those that were sampled, moved a little, so that they
 * compress no better than real ones.
 */
export async function makePast(path: string, todaySeconds: number, secondsPerDay: number): Promise<Past> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '2GB' });
  const connection = await DuckDBConnection.create(instance);
  try {
    await connection.run(`ATTACH '${path}' AS series (ROW_GROUP_SIZE 16384, STORAGE_VERSION 'v1.5.0')`);
    await connection.run('USE series');
    const past: Past = { rows: 0, values: 0 };
    for (const table of await seriesTables(connection)) {
      const fields = table.columns.slice(3);
      await connection.run(templateSql(table.name));
      for (let day = DAYS; day > 0; day--) {
        const from = todaySeconds - day * DAY_SECONDS;
        const { rowsChanged } = await connection.run(daySql(table, fields, from, from + secondsPerDay));
        past.rows += rowsChanged;
        past.values += rowsChanged * fields.length;
      }
      await connection.run('DROP TABLE memory.template');
    }
    await connection.run('CHECKPOINT series');
    await connection.run('USE memory');
    await connection.run('DETACH series');
    return past;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

interface SeriesTable {
  name: string;
  columns: string[];
}

async function seriesTables(connection: DuckDBConnection): Promise<SeriesTable[]> {
  const sql = `SELECT table_name, list(column_name ORDER BY column_index) AS columns FROM duckdb_columns()
    WHERE database_name = 'series' GROUP BY table_name HAVING list_contains(columns, 'instance') ORDER BY table_name`;
  const rows = (await connection.runAndReadAll(sql)).getRowObjectsJson();
  return rows.map((row) => ({ name: String(row['table_name']), columns: (row['columns'] as unknown[]).map(String) }));
}

/** What was sampled, its moments numbered from 0. */
function templateSql(table: string): string {
  return `CREATE TABLE memory.template AS SELECT dense_rank() OVER (ORDER BY timestamp) - 1 AS moment, * FROM "${table}"`;
}

function daySql({ name, columns }: SeriesTable, fields: readonly string[], from: number, to: number): string {
  const list = columns.map((column) => `"${column}"`).join(', ');
  const values = fields.map((field, index) => moved(`"${field}"`, index)).join(', ');
  return `INSERT INTO "${name}" (${list})
    SELECT make_timestamp(s * 1000000), collector, instance, ${values}
    FROM range(${from}, ${to}) times(s)
    JOIN memory.template ON moment = s % (SELECT max(moment) + 1 FROM memory.template)
    ORDER BY s, instance`;
}

function moved(field: string, index: number): string {
  const hash = `hash(s, instance, ${index})`;
  return `CASE WHEN ${field} = 0 THEN 0 WHEN ${field} = floor(${field}) THEN ${field} + ${hash} % 64
    ELSE ${field} * (0.95 + (${hash} % 1000) / 10000) END`;
}
