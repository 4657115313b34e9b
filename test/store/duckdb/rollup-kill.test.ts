import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { DuckDBStore } from '../../../src/store/duckdb/store.ts';
import { allRows, Feeder, loadFrame, MINUTE, type Row, rowsOf, SECOND, T0, temporaryFolder } from '../fixtures.ts';

const SCRIPT = fileURLToPath(new URL('../roll-up-until-killed.ts', import.meta.url));
const SPAN = { fromUs: T0, toUs: T0 + 24 * 60 * MINUTE };
const INSTANCES = Array.from({ length: 15 }, (_, index) => `${index}`);
const SECONDS = 10_000;

/** Runs the script and kills it at its nth line; false when it was done before. */
async function killedAt(path: string, line: number): Promise<boolean> {
  const args = ['--disable-warning=ExperimentalWarning', SCRIPT, path];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let lines = 0;
  let done = false;
  for await (const text of createInterface({ input: child.stdout })) {
    lines += 1;
    done ||= text === 'done';
    if (lines === line) child.kill('SIGKILL');
  }
  await exited;
  return !done;
}

async function ranges(store: DuckDBStore): Promise<Row[]> {
  const select = (['min', 'max', 'last', 'count'] as const).map((aggregate) => ({ field: 'value', aggregate }));
  return rowsOf(await store.range({ family: 'load', collector: 1, ...SPAN, bucketUs: 10 * MINUTE, select }));
}

test('whenever the process is killed, each row is raw or rolled up and is archived once', {
  timeout: 120_000,
}, async () => {
  const folder = await temporaryFolder('rollup-kill-');
  const path = join(folder.path, 'series.duckdb');
  const using = async <T>(work: (store: DuckDBStore) => Promise<T>): Promise<T> => {
    const store = await DuckDBStore.open(path);
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  };
  const before = await using(async (store) => {
    const frames = Array.from({ length: SECONDS }, (_, second) => ({
      ...loadFrame(T0 + second * SECOND, 0),
      instances: INSTANCES,
      values: INSTANCES.map((_, index) => [Math.sin(second * 15 + index)]),
    }));
    await new Feeder(store).append(frames);
    return { ranges: await ranges(store), rows: await allRows(store, 'load', ['value'], { limit: 1_000 }) };
  });
  // While it archives, before and after the file has its name, and before, in and after its first slices; each goes on from the one before.
  for (const line of [1, 2, 3, 1, 4, 3, 3, 5]) {
    await killedAt(path, line);
    await using(async (store) => expect(await ranges(store)).toEqual(before.ranges));
  }
  expect(await killedAt(path, Number.POSITIVE_INFINITY)).toBe(false);
  await using(async (store) => {
    expect(await ranges(store)).toEqual(before.ranges);
    expect(await allRows(store, 'load', ['value'])).toEqual([]);
    const archived = await store.archived();
    expect(archived.reduce((sum, { rows }) => sum + rows, 0)).toBe(before.rows.length);
    expect(await store.restore({ table: 'load', ...SPAN })).toEqual({ rows: before.rows.length });
    expect(await allRows(store, 'load', ['value'], { limit: 1_000 })).toEqual(before.rows);
    expect(await ranges(store)).toEqual(before.ranges);
  });
  await folder.remove();
});
