import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeFrameBatch } from '../../src/metrics/batch.ts';
import { FRAME_HEADER_WORDS, type FrameLayout, writeFrame } from '../../src/metrics/frame.ts';
import type { EventRow, EventTable, SeriesResult, SeriesStore, StoreBatch } from '../../src/store/contract.ts';

/** Some round moment in µs: whole in every bucket width that the tests use. */
export const T0 = 1_700_006_400_000_000;
export const SECOND = 1_000_000;
export const MINUTE = 60 * SECOND;

export interface TestFrame {
  family: string;
  fields: readonly string[];
  instances?: readonly string[];
  timestampUs: number;
  /** By instance, then by field. */
  values: readonly (readonly number[])[];
}

function framesPayload(testFrames: readonly TestFrame[]): Uint8Array {
  const layouts: FrameLayout[] = [];
  const words = new Float64Array(
    testFrames.reduce((sum, { values }) => sum + FRAME_HEADER_WORDS + values.flat().length, 0),
  );
  let offset = 0;
  for (const { family, fields, instances = [''], timestampUs, values } of testFrames) {
    const layout = { family, fields, instances };
    const rest = { timestampUs, intervalUs: SECOND, latenessUs: 0, flags: 0 };
    offset = writeFrame(words, offset, { layout, ...rest, values: Float64Array.from(values.flat()) }, layouts.length);
    layouts.push(layout);
  }
  return encodeFrameBatch({ layouts, words });
}

/** A frame of the family `load` with one instance and one field. */
export function loadFrame(timestampUs: number, value: number, instance = ''): TestFrame {
  return { family: 'load', fields: ['value'], instances: [instance], timestampUs, values: [[value]] };
}

export interface BatchOrigin {
  source?: string;
  spool?: string;
  number?: number;
  collector?: number;
}

/** Gives batches their numbers, and appends them. */
export class Feeder {
  readonly store: SeriesStore;
  #number = 0;

  constructor(store: SeriesStore) {
    this.store = store;
  }

  batch(frames: readonly TestFrame[], origin: BatchOrigin = {}): StoreBatch {
    const { source = 'local', spool = 'spool-a', collector = 1 } = origin;
    const number = origin.number ?? ++this.#number;
    return { source, spool, number, content: { kind: 'frames', collector, payload: framesPayload(frames) } };
  }

  events(table: EventTable, rows: readonly EventRow[], origin: BatchOrigin = {}): StoreBatch {
    const { source = 'posts', spool = 'spool-a', number = ++this.#number } = origin;
    return { source, spool, number, content: { kind: 'events', table, rows } };
  }

  append(frames: readonly TestFrame[], origin: BatchOrigin = {}) {
    return this.store.append([this.batch(frames, origin)]);
  }
}

export interface Row {
  timestampUs: number;
  instance: string;
  values: number[];
}

/** A columnar result as rows, oldest first and by instance, which back ends need not sort by. */
export function rowsOf(result: SeriesResult): Row[] {
  const rows = Array.from(result.timestampsUs, (timestampUs, row) => ({
    timestampUs,
    instance: result.instances[result.instanceIndex[row] as number] as string,
    values: result.columns.map((column) => column[row] as number),
  }));
  return rows.sort((a, b) => a.timestampUs - b.timestampUs || (a.instance < b.instance ? -1 : 1));
}

/** All raw rows of a family, through as many pages as it takes. */
export async function allRows(
  store: SeriesStore,
  family: string,
  fields: readonly string[],
  { collector = 1, limit = 1_000 } = {},
): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | null = null;
  do {
    const page = await store.rows({
      family,
      collector,
      fields,
      fromUs: 0,
      toUs: 2 * T0,
      limit,
      ...(cursor !== null && { cursor }),
    });
    rows.push(...rowsOf(page));
    cursor = page.nextCursor;
  } while (cursor !== null);
  return rows;
}

/** `load` of collector 1, as [seconds behind T0, value] pairs. */
export async function loadValues(store: SeriesStore, collector = 1): Promise<[number, number][]> {
  const rows = await allRows(store, 'load', ['value'], { collector });
  return rows.map(({ timestampUs, values }) => [(timestampUs - T0) / SECOND, values[0] as number]);
}

/** A small generator of reproducible random numbers (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export async function temporaryFolder(prefix = 'store-'): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), `tacho-${prefix}`));
  return { path, remove: () => rm(path, { recursive: true }) };
}
