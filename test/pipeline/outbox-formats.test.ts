/** The queue file of a released version, emptied into the store by this one. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Outbox } from '../../src/pipeline/outbox.ts';
import { Writer } from '../../src/pipeline/writer.ts';
import { DuckDBStore } from '../../src/store/duckdb/store.ts';
import { allRows } from '../store/fixtures.ts';
import { copyFormats, factsOf } from '../support/formats.ts';
import { afterwards, temporaryFolder } from './fixtures.ts';

const RELEASE = '0.1.0';
/** 2026-01-05T12:00:00Z */
const FIRST_US = 1_767_614_400_000_000;
const SECOND_US = 1_000_000;

test('what waited in the outbox of 0.1.0 reaches the store, once', async () => {
  const folder = temporaryFolder();
  copyFormats(RELEASE, ['outbox.db'], folder);
  const outbox = new Outbox({ path: join(folder, 'outbox.db') });
  afterwards(() => outbox.close());
  expect(outbox.spool).toBe(factsOf(RELEASE).spool);
  expect(outbox.lastTimestampUs('local')).toBe(FIRST_US + 4 * SECOND_US);
  expect(outbox.deadLetters).toBe(1);
  const waiting = outbox.depth().batches;
  expect(waiting).toBe(4);

  const store = await DuckDBStore.open(join(folder, 'series.duckdb'));
  const writer = new Writer(outbox, store);
  expect(await writer.flush()).toEqual({ stale: false });
  await writer.close();
  expect(outbox.depth().batches).toBe(0);
  expect(await valuesOf(store, 1)).toEqual([2, 3, 4]);
  // What the agent sent is the dead letter.
  expect(await valuesOf(store, 2)).toEqual([]);
  const posts = { name: 'posts', columns: { text: 'text' } } as const;
  const events = await store.events({ table: posts, fromUs: 0, toUs: 2 * FIRST_US, limit: 10 });
  expect(events.rows.map(({ id, values }) => [id, values['text']])).toEqual([['one', 'posted']]);
  await store.close();
});

async function valuesOf(store: DuckDBStore, collector: number): Promise<number[]> {
  const rows = await allRows(store, 'load', ['value'], { collector });
  return rows.map(({ values }) => values[0] as number);
}
