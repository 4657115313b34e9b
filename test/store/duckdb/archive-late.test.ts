import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ArchiveFolder } from '../../../src/store/duckdb/archive/folder.ts';
import { DuckDBStore } from '../../../src/store/duckdb/store.ts';
import { Feeder, loadFrame, loadValues, MINUTE, SECOND, T0, temporaryFolder } from '../fixtures.ts';

const SPAN = { fromUs: T0, toUs: T0 + 24 * 60 * MINUTE };

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let store: DuckDBStore;
beforeEach(async () => {
  folder = await temporaryFolder('late-');
  store = await DuckDBStore.open(join(folder.path, 'series.duckdb'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await store.close();
  await folder.remove();
});

/** Lets a row come into the span whenever a file of the archive is about to get its name, so many times. */
function lateRows(feeder: Feeder, times: number): Promise<unknown>[] {
  const { finish } = ArchiveFolder.prototype;
  const appends: Promise<unknown>[] = [];
  vi.spyOn(ArchiveFolder.prototype, 'finish').mockImplementation(async function (this: ArchiveFolder, table, dayUs) {
    if (appends.length < times) {
      appends.push(feeder.append([loadFrame(T0 + appends.length * SECOND + 1, 0, 'late')]));
      // The fourth has to wait for the writer, who waits for the archive by then.
      if (appends.length <= 3) await appends.at(-1);
    }
    return finish.call(this, table, dayUs);
  });
  return appends;
}

test.each([
  { times: 1, files: 2 },
  { times: 2, files: 3 },
  { times: 4, files: 4 },
])(
  'rows that come in $times times while theirs are archived do not leave before they are',
  async ({ times, files }) => {
    const feeder = new Feeder(store);
    const rows = Array.from({ length: 100 }, (_, second) => loadFrame(T0 + second * SECOND, second));
    await feeder.append(rows);
    const appends = lateRows(feeder, times);
    const rollUp = () => store.rollup({ family: 'load', ...SPAN, bucketUs: MINUTE, archive: true });
    const first = await rollUp();
    await Promise.all(appends);
    expect(appends).toHaveLength(times);
    expect(first.archived).toMatchObject({ files, rows: first.moved });
    const left = await loadValues(store);
    expect(first.moved + left.length).toBe(rows.length + times);
    expect((await rollUp()).archived.rows).toBe(left.length);
    expect(await store.restore({ table: 'load', ...SPAN })).toEqual({ rows: rows.length + times });
  },
);
