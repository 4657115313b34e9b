import type { StoreHealth, StoreUsage } from '../contract.ts';
import type { Database } from './database.ts';
import { microseconds, quoted } from './parameters.ts';
import type { Schema } from './schema.ts';

export async function usage(database: Database, schema: Schema): Promise<StoreUsage> {
  const tables = await database.read(async (reader) => {
    const rows: StoreUsage['tables'] = [];
    for (const { name } of schema.tables) {
      const [row] = (
        await reader.runAndReadAll(
          `SELECT count(*)::DOUBLE, ${microseconds('min(timestamp)')}, ${microseconds('max(timestamp)')} FROM ${quoted(name)}`,
        )
      ).getRows() as [number, number | null, number | null][];
      rows.push({ name, rows: row?.[0] ?? 0, oldestUs: row?.[1] ?? null, newestUs: row?.[2] ?? null });
    }
    return rows;
  });
  return { bytes: database.bytes, tables };
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
