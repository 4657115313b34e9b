import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { loadCatalogue } from '../../src/collect/frame-source.ts';
import { ACCOUNTING, accountingHere } from '../harness/account.ts';
import { type Bench, BenchError, type BenchRun } from '../harness/bench.ts';
import { type Cleanup, cleanly } from '../harness/cleanup.ts';
import { Contained } from '../harness/contained.ts';
import { type Daemon, startDaemon } from '../harness/daemon.ts';
import { compare, median } from '../harness/line.ts';
import { processFile } from '../harness/paths.ts';
import { type QueryCase, queryCases } from './cases.ts';
import { fill, RAW_DAYS } from './fill.ts';

const BENCH = 'query';
const HOUR_US = 3_600e6;
const DAY_US = 24 * HOUR_US;
/** Just-in-time compilation is over by then. */
const WARM_UP = 20;
/** Requests from one look at the CPU time to the next. */
const BATCH = 5;

const toUs = Math.floor((Date.now() * 1_000) / HOUR_US) * HOUR_US;
const CASES = queryCases(toUs, toUs - RAW_DAYS * DAY_US);

/** CPU time of the daemon per request, beside the SQL that one would write by hand for the same rows. */
export const query: Bench = {
  name: BENCH,
  cases: CASES.map(({ name }) => name),
  defaultSeconds: 20,
  run: (run) => cleanly((cleanup) => compareQueries(run, cleanup)),
};

/** Answers a case so many times. */
type Side = (queryCase: QueryCase, times: number) => Promise<void>;

async function compareQueries(run: BenchRun, cleanup: Cleanup): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tacho-bench-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const dataDir = join(folder, 'tacho');
  await mkdir(dataDir, { mode: 0o700 });
  const file = join(dataDir, 'series.duckdb');
  const rows = await fill(file, loadCatalogue(), toUs);
  run.note(`${rows} rows: of each second for ${RAW_DAYS} days, of each hour for the 23 days before.`);
  run.note(`CPU time by ${ACCOUNTING[accountingHere()]}, all threads, per request over one connection.`);
  const copy = join(folder, 'by-hand.duckdb');
  await copyFile(file, copy);
  // It samples next to nothing meanwhile.
  const daemon = await startDaemon(dataDir, { sampling_interval_seconds: 3_600 }, cleanup);
  const byHand = Contained.start(
    'by-hand',
    [process.execPath, '--disable-warning=ExperimentalWarning', processFile('query-by-hand.mjs'), copy],
    cleanup,
  );
  const ours = asking(daemon, run.signal);
  const reference = querying(byHand);
  for (const queryCase of CASES.filter(({ name }) => run.cases.includes(name))) {
    await ours(queryCase, WARM_UP);
    await reference(queryCase, WARM_UP);
    const samples = { ours: [] as number[], reference: [] as number[], again: [] as number[] };
    const endMs = performance.now() + run.seconds * 1_000;
    do {
      samples.ours.push(await cpuMs(daemon.tree, () => ours(queryCase, BATCH)));
      samples.reference.push(await cpuMs(byHand, () => reference(queryCase, BATCH)));
      samples.ours.push(await cpuMs(daemon.tree, () => ours(queryCase, BATCH)));
      samples.again.push(await cpuMs(byHand, () => reference(queryCase, BATCH)));
    } while (performance.now() < endMs);
    const label = { bench: BENCH, case: queryCase.name, unit: 'CPU ms/request', referenceName: 'SQL by hand' };
    run.report(compare({ ...label, ...samples }, median));
  }
}

async function cpuMs(tree: Contained, work: () => Promise<void>): Promise<number> {
  await tree.assertRunning();
  const beforeNs = tree.cpuNs();
  await work();
  return (tree.cpuNs() - beforeNs) / 1e6 / BATCH;
}

function asking({ url, token }: Daemon, signal: AbortSignal): Side {
  const headers = { authorization: `Bearer ${token}` };
  return async ({ name, path, points }, times) => {
    for (let n = 0; n < times; n++) {
      const response = await fetch(`${url}${path}`, { headers, signal });
      const text = await response.text();
      if (!response.ok) throw new BenchError(`${path} answered ${response.status}: ${text}`);
      const found = text.split('"timestamp":').length - 1;
      if (found !== points) throw new BenchError(`${name}: ${found} points instead of ${points}`);
    }
  };
}

function querying(byHand: Contained): Side {
  const answers = createInterface({ input: byHand.stdout });
  return async ({ sql }, times) => {
    for (let n = 0; n < times; n++) {
      const answer = once(answers, 'line');
      byHand.stdin.write(`${JSON.stringify(sql)}\n`);
      const ended = byHand.ended.then((errors) => Promise.reject(new BenchError(`by-hand ended: ${errors}`)));
      await Promise.race([answer, ended]);
    }
  };
}
