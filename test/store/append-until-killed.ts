import { DuckDBStore } from '../../src/store/duckdb/store.ts';
import { Feeder, loadFrame, SECOND, T0 } from './fixtures.ts';

/**
 * Appends batches to the store at argv[2], numbered from argv[3], and prints each number once it is acknowledged. The rows of a batch carry
 * its number; every third batch begins before the one before it ended, so that rows are merged too.
 */
const ROWS_PER_BATCH = 3_000;
const [path = '', first = '1'] = process.argv.slice(2);
const store = await DuckDBStore.open(path);
const feeder = new Feeder(store);

for (let number = Number(first); ; number++) {
  const startUs = T0 + number * ROWS_PER_BATCH * SECOND - (number % 3 === 0 ? (ROWS_PER_BATCH / 2) * SECOND : 0);
  const frames = Array.from({ length: ROWS_PER_BATCH }, (_, row) =>
    loadFrame(startUs + row * SECOND, number, `batch ${number}`),
  );
  await feeder.append(frames, { number });
  console.log(number);
}
