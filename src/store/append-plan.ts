import { decodeFrameBatch } from '../metrics/batch.ts';
import { FrameFormatError, frames } from '../metrics/frame.ts';
import { type EventTable, type StoreBatch, StoreError } from './contract.ts';
import { EventRows } from './event-rows.ts';
import { checkTableName } from './names.ts';
import { SeriesRows } from './series-rows.ts';

/** What one append comes to: the rows of each table, merged, and the batches they came in. */
export interface AppendPlan {
  series: Map<string, SeriesRows>;
  events: Map<string, EventRows>;
  applied: StoreBatch[];
  replayed: number;
  /** Rows left out because they are too old, by table. */
  refusedRows: Record<string, number>;
}

export interface BatchHistory {
  /** Whether this batch, or a later one of its source and spool, was applied. */
  has(batch: StoreBatch): boolean;
  /** From now on it counts as applied, as far as this history goes. */
  add(batch: StoreBatch): void;
}

/** What the tables that are there already allow. Both throw StoreError TACHO_STORE_TYPE_CONFLICT. */
export interface TableChecks {
  checkSeries(family: string): void;
  checkEvents(table: EventTable): void;
}

/**
 * Sorts batches into rows, leaving out replays and rows older than `keepFromUs`.
 * @throws StoreError that names the first batch which cannot be stored.
 */
export function planAppend(
  batches: readonly StoreBatch[],
  history: BatchHistory,
  tables: TableChecks,
  keepFromUs: number,
): AppendPlan {
  const plan: AppendPlan = { series: new Map(), events: new Map(), applied: [], replayed: 0, refusedRows: {} };
  for (const batch of batches) {
    try {
      checkNumber(batch);
      if (history.has(batch)) {
        plan.replayed += 1;
        continue;
      }
      addContent(plan, batch.content, tables, keepFromUs);
    } catch (error) {
      throw batchError(batch, error);
    }
    history.add(batch);
    plan.applied.push(batch);
  }
  return plan;
}

function checkNumber({ number }: StoreBatch): void {
  if (!Number.isSafeInteger(number) || number < 1) {
    throw new StoreError('TACHO_BAD_BATCH', 'batches are numbered from 1');
  }
}

function addContent(plan: AppendPlan, content: StoreBatch['content'], tables: TableChecks, keepFromUs: number): void {
  if (content.kind === 'events') {
    const rows = eventRowsOf(plan, content.table.name);
    tables.checkEvents(content.table);
    const kept = content.rows.filter(({ timestampUs }) => !(timestampUs < keepFromUs));
    refuse(plan, content.table.name, content.rows.length - kept.length);
    rows.add(content.table, kept);
    return;
  }
  const { layouts, words } = decodeFrameBatch(content.payload);
  for (const frame of frames(words, (id) => layouts[id])) {
    const { family, fields, instances } = frame.layout;
    if (fields.length === 0 || instances.length === 0) continue;
    if (frame.timestampUs < keepFromUs) {
      checkTableName(family);
      refuse(plan, family, instances.length);
    } else seriesRowsOf(plan, family, tables).add(content.collector, frame);
  }
}

function refuse({ refusedRows }: AppendPlan, table: string, rows: number): void {
  if (rows > 0) refusedRows[table] = (refusedRows[table] ?? 0) + rows;
}

function seriesRowsOf({ series, events }: AppendPlan, family: string, tables: TableChecks): SeriesRows {
  let rows = series.get(family);
  if (!rows) {
    checkTableName(family);
    if (events.has(family)) throw kindConflict(family, 'an event table');
    tables.checkSeries(family);
    rows = new SeriesRows();
    series.set(family, rows);
  }
  return rows;
}

function eventRowsOf({ series, events }: AppendPlan, name: string): EventRows {
  let rows = events.get(name);
  if (!rows) {
    checkTableName(name);
    if (series.has(name)) throw kindConflict(name, 'a series table');
    rows = new EventRows();
    events.set(name, rows);
  }
  return rows;
}

export function kindConflict(table: string, is: string): StoreError {
  return new StoreError('TACHO_STORE_TYPE_CONFLICT', `${table} is ${is}`);
}

function batchError({ source, number }: StoreBatch, error: unknown): unknown {
  if (!(error instanceof StoreError || error instanceof FrameFormatError)) return error;
  const code = error instanceof StoreError ? error.code : 'TACHO_BAD_BATCH';
  return new StoreError(code, `batch ${number} of ${JSON.stringify(source)}: ${error.message}`, { cause: error });
}
