import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DuckDBStore } from '../../../src/store/duckdb/store.ts';
import { Feeder, loadFrame, T0, temporaryFolder } from '../fixtures.ts';
import { AppendingProcess } from './appending-process.ts';

const ROWS_PER_BATCH = 3_000;
const EVERYTHING = { family: 'load', collector: 1, fromUs: 0, toUs: 2 * T0 };

test('what was acknowledged is there once, whenever the process is killed', { timeout: 120_000 }, async () => {
  const folder = await temporaryFolder();
  const path = join(folder.path, 'series.duckdb');
  let last = 0;
  let checkpoints = 0;
  for (const batches of [3, 60, 20]) {
    const process = new AppendingProcess(path, last + 1);
    await process.acknowledges(batches);
    await process.kill();
    last = process.acknowledged.at(-1) as number;
    expect(process.acknowledged.length).toBeGreaterThanOrEqual(batches);
    if (statSync(path).size > 1_000_000) checkpoints += 1;

    const store = await DuckDBStore.open(path);
    const select = [{ field: 'value', aggregate: 'count' as const }];
    const counted = await store.range({ ...EVERYTHING, bucketUs: 2 * T0, select });
    const byBatch = new Map(
      counted.instances.map((instance, index) => [
        instance,
        counted.columns[0]?.[counted.instanceIndex.indexOf(index)],
      ]),
    );
    for (let number = 1; number <= last; number++)
      expect([number, byBatch.get(`batch ${number}`)]).toEqual([number, ROWS_PER_BATCH]);
    // One more may have been applied that it had no time to say so of: whole, or not at all.
    if (byBatch.size > last) expect(byBatch.get(`batch ${last + 1}`)).toBe(ROWS_PER_BATCH);
    expect(byBatch.size).toBeLessThanOrEqual(last + 1);

    const replay = new Feeder(store).batch([loadFrame(T0, 1)], { number: last });
    expect(await store.append([replay])).toMatchObject({ applied: 0, replayed: 1 });
    last = byBatch.size;
    await store.close();
  }
  expect(checkpoints).toBeGreaterThan(0);
  await folder.remove();
});
