import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { bootstrapState } from '../../src/auth/bootstrap.ts';
import { Cleanup } from '../../src/jobs/cleanup.ts';
import { RuntimeConfig } from '../../src/state/runtime-config.ts';
import { openState } from '../../src/state/state.ts';
import type { EventTable, SeriesStore } from '../../src/store/contract.ts';
import { DuckDBStore } from '../../src/store/duckdb/store.ts';
import { temporaryFolder } from '../state/temporary.ts';
import { Feeder, loadFrame } from '../store/fixtures.ts';

const POSTS: EventTable = { name: 'posts', columns: { text: 'text' } };

export function us(iso: string): number {
  return Date.parse(iso) * 1_000;
}

/** A clean-up on a real store and a real state file, with a clock that the test moves. */
export async function openCleanup(now: string, dataDir = temporaryFolder()) {
  const clock = { nowMs: Date.parse(now) };
  const state = openState(dataDir);
  await bootstrapState(state, 'correct horse battery');
  const store = await DuckDBStore.open(join(dataDir, 'series.duckdb'));
  const config = new RuntimeConfig(state);
  const lines: { level: string; fields: Record<string, unknown>; message: string }[] = [];
  const write = (level: string) => (fields: object, message: string) => {
    lines.push({ level, fields: { ...fields }, message });
  };
  const log = { info: write('info'), warn: write('warn'), error: write('error') };
  const cleanupOf = (used: SeriesStore = store) =>
    new Cleanup({ store: used, state, config, log, now: () => clock.nowMs, dataDir });
  onTestFinished(async () => {
    await store.close();
    state.close();
  });
  const feeder = new Feeder(store);
  /** A row of the family `load` at each time. */
  const load = (...times: string[]) => feeder.append(times.map((time, index) => loadFrame(us(time), index)));
  const post = (id: string, time: string) =>
    store.append([feeder.events(POSTS, [{ id, timestampUs: us(time), values: { text: id } }])]);
  /** Rows by table. */
  const rows = async () => Object.fromEntries((await store.usage()).tables.map((table) => [table.name, table.rows]));
  return { dataDir, clock, state, store, config, lines, log, cleanupOf, feeder, load, post, rows };
}
