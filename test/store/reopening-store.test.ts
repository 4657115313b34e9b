import { expect, test } from 'vitest';
import { StoreError, type StoreHealth } from '../../src/store/contract.ts';
import { type ReopenableStore, ReopeningStore } from '../../src/store/reopening-store.ts';

/** A store whose failures are scripted: real ones are in duckdb/database.test.ts and duckdb/full-disk.test.ts. */
class ScriptedStore {
  broken = false;
  closed = false;

  async check(): Promise<StoreHealth> {
    if (this.closed) throw new Error('used after it was closed');
    return { ok: true, reasons: [] };
  }

  async usage(): Promise<never> {
    this.broken = true;
    throw new StoreError('TACHO_STORE_UNAVAILABLE', 'the disk is full');
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

function scripted(refusals: number) {
  const opened: ScriptedStore[] = [];
  const clock = { nowMs: 0, attempts: 0 };
  const store = new ReopeningStore(
    async () => {
      clock.attempts += 1;
      if (clock.attempts <= refusals) throw new StoreError('TACHO_STORE_CORRUPT', 'damaged');
      expect(opened.every(({ closed }) => closed)).toBe(true);
      const next = new ScriptedStore();
      opened.push(next);
      // The methods that these tests call.
      return next as Partial<ReopenableStore> as ReopenableStore;
    },
    () => clock.nowMs,
  );
  return { store, opened, clock };
}

test('a store that cannot be opened says why, and is tried again after a second', async () => {
  const { store, clock } = scripted(2);
  const refusal = { code: 'TACHO_STORE_CORRUPT', message: 'damaged' };
  await expect(store.append([])).rejects.toMatchObject(refusal);
  expect(await store.check()).toEqual({ ok: false, reasons: ['damaged'] });
  expect(clock.attempts).toBe(1);
  clock.nowMs = 1_000;
  await expect(store.usage()).rejects.toMatchObject(refusal);
  expect(clock.attempts).toBe(2);
  clock.nowMs = 2_000;
  expect(await store.check()).toEqual({ ok: true, reasons: [] });
  expect(clock.attempts).toBe(3);
});

test('calls that come while it opens share one opening', async () => {
  const { store, opened } = scripted(0);
  await Promise.all([store.check(), store.check(), store.check()]);
  expect(opened).toHaveLength(1);
});

test('a store that broke is closed, and the next call opens another', async () => {
  const { store, opened } = scripted(0);
  await expect(store.usage()).rejects.toThrow('the disk is full');
  expect(await store.check()).toEqual({ ok: true, reasons: [] });
  expect(opened.map(({ closed }) => closed)).toEqual([true, false]);
});

test('closing closes what is open; then it refuses', async () => {
  const { store, opened } = scripted(0);
  await store.check();
  await store.close();
  expect(opened.map(({ closed }) => closed)).toEqual([true]);
  await expect(store.append([])).rejects.toMatchObject({ code: 'TACHO_STORE_UNAVAILABLE' });
  expect(opened).toHaveLength(1);
});
