import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ACCOUNTING, accountingHere } from '../harness/account.ts';
import type { Bench, BenchRun } from '../harness/bench.ts';
import { type Cleanup, cleanly } from '../harness/cleanup.ts';
import type { Contained } from '../harness/contained.ts';
import { startDaemon } from '../harness/daemon.ts';
import { alone, alternating, type BenchLine, compare, mean, median } from '../harness/line.ts';
import { threadTimes } from '../harness/threads.ts';
import { nodeExporter } from './exporter.ts';
import { netdata } from './netdata.ts';
import { duckdbByHand, idleNode, systemInformation } from './nodes.ts';
import type { Peer } from './peer.ts';
import { measureTogether, sliceSeconds, threadShares, type Usage } from './window.ts';

/** The bare bones first, then the peers. */
const PEERS: readonly Peer[] = [idleNode, duckdbByHand, netdata, nodeExporter, systemInformation];
const BENCH = 'footprint';
const CPU = 'CPU ms/s';
const RSS = 'RSS MiB';

/** Start-up, just-in-time compilation and the first flushes are over by then. */
const SETTLE_SECONDS = 30;
/** A smoke run (`--seconds` below the default) settles in proportion. */
const DEFAULT_SECONDS = 180;

export const footprint: Bench = {
  name: BENCH,
  cases: PEERS.map(({ name }) => name),
  defaultSeconds: DEFAULT_SECONDS,
  run: (run) => cleanly((cleanup) => compareFootprints(run, cleanup)),
};

async function compareFootprints(run: BenchRun, cleanup: Cleanup): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tacho-bench-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  run.note(
    `CPU time by ${ACCOUNTING[accountingHere()]}; RSS is VmRSS summed over the process tree, shared pages included.`,
  );
  run.note('All are light: they run side by side and are measured over the same seconds.');
  const peers: { peer: Peer; tree: Contained }[] = [];
  for (const peer of PEERS.filter(({ name }) => run.cases.includes(name))) {
    const missing = peer.missing();
    if (missing === undefined) peers.push({ peer, tree: await peer.start({ folder, cleanup, signal: run.signal }) });
    else run.note(`${peer.name} is not installed and left out: ${missing}`);
  }
  // Sampling and storing all families each second.
  const { tree: daemon } = await startDaemon(join(folder, 'tacho'), { sampling_interval_seconds: 1 }, cleanup);
  await sleep(Math.min(SETTLE_SECONDS, (SETTLE_SECONDS * run.seconds) / DEFAULT_SECONDS) * 1000, undefined, run);
  const threadsBefore = threadTimes(daemon.pid);
  const trees = [daemon, ...peers.map(({ tree }) => tree)];
  const [ours = [], ...references] = await measureTogether(trees, sliceSeconds(run.seconds), run.signal);
  const threads = threadShares(threadsBefore, threadTimes(daemon.pid), run.seconds);
  for (const [index, { peer }] of peers.entries()) {
    for (const line of compareUsage(peer.name, ours, references[index] ?? [])) run.report(line);
  }
  for (const [name, share] of threads) run.report(alone(BENCH, `tacho thread ${name}`, CPU, share));
}

/** Mean CPU time, which comes in bursts, and median RSS. */
function compareUsage(name: string, ours: readonly Usage[], peer: readonly Usage[]): BenchLine[] {
  const line = (unit: string, pick: (usage: Usage) => number, centre: (values: readonly number[]) => number) => {
    const [reference, again] = alternating(peer.map(pick));
    const label = { bench: BENCH, case: name, unit, referenceName: name };
    return compare({ ...label, ours: ours.map(pick), reference, again }, centre);
  };
  return [line(CPU, ({ cpu }) => cpu, mean), line(RSS, ({ rss }) => rss, median)];
}
