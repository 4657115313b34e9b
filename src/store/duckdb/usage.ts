import type { DayRows, StoreHealth, StoreUsage } from '../contract.ts';
import { DAY_US } from '../days.ts';
import { checkDays } from '../queries.ts';
import type { ArchiveFolder } from './archive/folder.ts';
import { type Database, run } from './database.ts';
import { microseconds, Parameters, quoted } from './parameters.ts';
import type { Schema } from './schema.ts';

export async function usage(database: Database, schema: Schema, archive: ArchiveFolder): Promise<StoreUsage> {
  const tables = await database.read(async (reader) => {
    const rows: StoreUsage['tables'] = [];
    for (const { name, kind } of schema.tables) {
      const [row] = (
        await reader.runAndReadAll(
          `SELECT count(*)::DOUBLE, ${microseconds('min(timestamp)')}, ${microseconds('max(timestamp)')} FROM ${quoted(name)}`,
        )
      ).getRows() as [number, number | null, number | null][];
      rows.push({ name, kind, rows: row?.[0] ?? 0, oldestUs: row?.[1] ?? null, newestUs: row?.[2] ?? null });
    }
    return rows;
  });
  return { bytes: await database.usedBytes(), archiveBytes: await archive.bytes(), tables };
}

export async function days(
  database: Database,
  schema: Schema,
  request: { table: string; toUs: number },
): Promise<DayRows[]> {
  checkDays(request);
  const table = schema.anyTable(request.table);
  if (!table) return [];
  const parameters = new Parameters();
  const sql = `SELECT ${parameters.bucket(DAY_US)}::DOUBLE, count(*)::DOUBLE FROM ${quoted(table.name)}
    WHERE timestamp < ${parameters.timestamp(request.toUs)} GROUP BY 1 ORDER BY 1`;
  const rows = await database.read(async (reader) => (await run(reader, sql, parameters)).getRows());
  return (rows as [number, number][]).map(([dayUs, rows]) => ({ dayUs, rows }));
}

/** Asks the database itself; what the last write ran into counts until one succeeds. */
export async function check(database: Database): Promise<StoreHealth> {
  const reasons = [...database.troubles];
  try {
    await database.read((reader) => reader.run('SELECT max(version) FROM tacho_format'));
  } catch (error) {
    reasons.push(error instanceof Error ? error.message : String(error));
  }
  return { ok: reasons.length === 0, reasons: [...new Set(reasons)] };
}
