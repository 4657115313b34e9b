import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DAY_US } from '../../src/store/days.ts';
import { DuckDBStore } from '../../src/store/duckdb/store.ts';
import { type Bench, BenchError, type BenchRun } from '../harness/bench.ts';
import { type Cleanup, cleanly } from '../harness/cleanup.ts';
import { startDaemon } from '../harness/daemon.ts';
import { alone, type BenchLine } from '../harness/line.ts';
import { startLoad } from './load.ts';
import { bytesOfCopy, type Recording, recordingOf } from './recording.ts';

const BENCH = 'storage';
const UNIT = 'bytes/value';
const MINUTE_US = 60_000_000;

/**
 * "Prometheus stores an average of only 1-2 bytes per sample": https://prometheus.io/docs/prometheus/latest/storage/#operational-aspects.
 * A sample there is a value here.
 */
const PROMETHEUS = { name: 'Prometheus, published: 1 to', bytes: 2 };

export const storage: Bench = {
  name: BENCH,
  cases: ['host'],
  // Long enough that what a file costs by itself hardly shows.
  defaultSeconds: 1800,
  run: (run) => cleanly((cleanup) => recordAndStore(run, cleanup)),
};

async function recordAndStore(run: BenchRun, cleanup: Cleanup): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tacho-bench-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const dataDir = join(folder, 'tacho');
  const { tree: daemon } = await startDaemon(dataDir, { sampling_interval_seconds: 1 }, cleanup);
  startLoad(folder, cleanup);
  await sleep(run.seconds * 1000, undefined, run);
  await daemon.stop();
  const path = join(dataDir, 'series.duckdb');
  const recording = await recordingOf(path);
  if (recording.values === 0) throw new BenchError('nothing was recorded: give it more seconds');
  run.note(
    `Recorded from this host at 1 s, all families, for ${Math.round(recording.seconds)} s under mixed load, and stored as it is: ` +
      `${recording.values} values in ${recording.tables.length} tables. A value is one field of one row; empty fields do not count.`,
  );
  run.note(
    'A sample of Prometheus is a value here; it publishes 1 to 2 bytes: https://prometheus.io/docs/prometheus/latest/storage/',
  );
  run.report(againstPrometheus('raw, DuckDB file', recording.bytes / recording.values));
  await moveAll(path, recording, run);
}

/** Rolls everything up by the minute, with the archive, and reports what both cost. */
async function moveAll(path: string, { tables, values }: Recording, run: BenchRun): Promise<void> {
  const store = await DuckDBStore.open(path);
  const startMs = performance.now();
  for (const family of tables) {
    for (const { dayUs } of await store.days({ table: family, toUs: Number.MAX_SAFE_INTEGER })) {
      const span = { fromUs: dayUs, toUs: dayUs + DAY_US };
      await store.rollup({ family, ...span, bucketUs: MINUTE_US, archive: true });
    }
  }
  const seconds = (performance.now() - startMs) / 1000;
  const { archiveBytes } = await store.usage();
  await store.close();
  const rollups = tables.map((family) => `${family}_rollup`);
  run.report(againstPrometheus('archived, Parquet', archiveBytes / values));
  run.report(alone(BENCH, 'rolled up by the minute', 'bytes/raw value', (await bytesOfCopy(path, rollups)) / values));
  run.report(alone(BENCH, 'rolled up and archived', 'values/s', values / seconds));
}

function againstPrometheus(name: string, bytes: number): BenchLine {
  return {
    ...alone(BENCH, name, UNIT, bytes),
    reference: PROMETHEUS.bytes,
    reference_name: PROMETHEUS.name,
    ratio: bytes / PROMETHEUS.bytes,
  };
}
