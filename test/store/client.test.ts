import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type StoreHandle, startStore } from '../../src/store/client.ts';
import { type SeriesStore, StoreError } from '../../src/store/contract.ts';
import { remote } from '../../src/threads/rpc.ts';
import { Feeder, loadFrame, loadValues, T0, temporaryFolder } from './fixtures.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let handle: StoreHandle;

async function start(onExit?: (error: Error) => void): Promise<void> {
  handle = await startStore({ dataDir: folder.path, ...(onExit && { onExit }) });
}

beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  await handle.close();
  await folder.remove();
});

test('other threads reach the same store through ports of their own', async () => {
  await start();
  const port = handle.connect();
  await new Feeder(remote<SeriesStore>(port)).append([loadFrame(T0, 1)]);
  expect(await loadValues(handle.series)).toEqual([[0, 1]]);
  port.close();
});

test('errors are StoreErrors again on this side', async () => {
  await start();
  const refusal = handle.series.prune({ table: 'No', fromUs: 0, toUs: 0, archive: false });
  await expect(refusal).rejects.toBeInstanceOf(StoreError);
  await expect(refusal).rejects.toMatchObject({ code: 'TACHO_BAD_QUERY', message: expect.stringContaining('"No"') });
});

test('a damaged file does not keep the thread from starting: it says why, and recovers when the file is gone', async () => {
  const path = join(folder.path, 'series.duckdb');
  const garbage = 'not a DuckDB file'.repeat(1_000);
  await writeFile(path, garbage);
  await start();
  expect(handle.reasons).toEqual([expect.stringContaining(path)]);
  expect(await handle.series.check()).toEqual({ ok: false, reasons: handle.reasons });
  await expect(handle.series.usage()).rejects.toMatchObject({ code: 'TACHO_STORE_CORRUPT' });
  expect(await readFile(path, 'utf8')).toBe(garbage);
  await rm(path);
  await expect.poll(() => handle.series.check(), { timeout: 10_000 }).toEqual({ ok: true, reasons: [] });
  await new Feeder(handle.series).append([loadFrame(T0, 1)]);
});

test('a sound file has no reasons', async () => {
  await start();
  expect(handle.reasons).toEqual([]);
});

test('what was appended before close is there afterwards; close may be called twice', async () => {
  await start();
  const appended = new Feeder(handle.series).append([loadFrame(T0, 1)]);
  await Promise.all([appended, handle.close(), handle.close()]);
  await expect(handle.series.check()).rejects.toMatchObject({ code: 'TACHO_STORE_UNAVAILABLE' });
  await start();
  expect(await loadValues(handle.series)).toEqual([[0, 1]]);
});

test('closing on purpose is no exit', async () => {
  const exits: Error[] = [];
  await start((error) => exits.push(error));
  await handle.close();
  expect(exits).toEqual([]);
});

test('a thread that dies is reported, and the calls under way and later ones reject', async () => {
  const exit = Promise.withResolvers<Error>();
  await start(exit.resolve);
  const port = handle.connect();
  // What is no call throws where nobody catches it: it stands for whatever kills a thread.
  port.postMessage(null);
  const gone = { code: 'TACHO_STORE_UNAVAILABLE', message: 'the store thread has ended' };
  const much = Array.from({ length: 50_000 }, (_, row) => loadFrame(T0 + row, row));
  await expect(new Feeder(handle.series).append(much)).rejects.toMatchObject(gone);
  expect(await exit.promise).toBeInstanceOf(Error);
  await expect(handle.series.check()).rejects.toMatchObject(gone);
});
