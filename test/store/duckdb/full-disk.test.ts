import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SeriesStore } from '../../../src/store/contract.ts';
import { DuckDBStore } from '../../../src/store/duckdb/store.ts';
import { ReopeningStore } from '../../../src/store/reopening-store.ts';
import { Feeder, loadFrame, random, SECOND, T0 } from '../fixtures.ts';
import { smallDisk } from './small-disk.ts';

const ROWS = 10_000;

async function rowCount(store: SeriesStore): Promise<number> {
  const select = [{ field: 'value', aggregate: 'count' as const }];
  const { columns } = await store.range({
    family: 'load',
    collector: 1,
    fromUs: 0,
    toUs: 2 * T0,
    bucketUs: 2 * T0,
    select,
  });
  return columns[0]?.[0] ?? 0;
}

test('a full disk: appends are refused, nothing stored is lost, and all goes on when there is room', {
  timeout: 60_000,
}, async (context) => {
  const disk = await smallDisk('48m');
  if (!disk) return context.skip('mounting a tmpfs needs root');
  const ballast = join(disk.path, 'ballast');
  await writeFile(ballast, Buffer.alloc(28 * 2 ** 20));
  const store = new ReopeningStore(() => DuckDBStore.open(join(disk.path, 'series.duckdb')));
  try {
    const feeder = new Feeder(store);
    const next = random(1);
    const batch = (number: number) => {
      const startUs = T0 + number * ROWS * SECOND;
      return feeder.batch(
        Array.from({ length: ROWS }, (_, row) => loadFrame(startUs + row * SECOND, next())),
        { number },
      );
    };
    let refusal: unknown;
    let number = 0;
    while (!refusal && number < 1_000) {
      number += 1;
      await store.append([batch(number)]).catch((error: unknown) => {
        refusal = error;
      });
    }
    expect(refusal).toMatchObject({
      code: 'TACHO_STORE_UNAVAILABLE',
      message: expect.stringContaining('series.duckdb'),
    });
    expect(number).toBeGreaterThan(10);
    expect(await store.check()).toMatchObject({ ok: false });
    expect(await rowCount(store)).toBe((number - 1) * ROWS);

    await rm(ballast);
    expect(await store.append([batch(number)])).toMatchObject({ applied: 1 });
    expect(await rowCount(store)).toBe(number * ROWS);
    // Once the log that piled up meanwhile is in the file.
    await expect.poll(() => store.check(), { timeout: 10_000 }).toEqual({ ok: true, reasons: [] });
  } finally {
    await store.close();
    await disk.remove();
  }
});
