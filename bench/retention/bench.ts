import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bench, BenchError, type BenchRun } from '../harness/bench.ts';
import { type Cleanup, cleanly } from '../harness/cleanup.ts';
import type { Contained } from '../harness/contained.ts';
import { type Daemon, startDaemon } from '../harness/daemon.ts';
import { alone, median } from '../harness/line.ts';
import { processFile } from '../harness/paths.ts';
import { Consumer } from './consumer.ts';
import { DAYS, makePast } from './past.ts';

const BENCH = 'retention';
const CASE = 'cleanup';
const DAY_SECONDS = 86_400;
const MIB = 2 ** 20;
/** Enough samples to know this host's families and instances by. */
const RECORD_MS = 12_000;
/** Start-up and just-in-time compilation are over by then. */
const SETTLE_MS = 10_000;
/** The daemon alone, for comparison, before the clean-up begins. */
const QUIET_MS = 10_000;
const RSS_EVERY_MS = 200;
const DELAY_FLAGS = ['--import', processFile('loop-delay.mjs')];

/**
 * What a clean-up costs the daemon that goes on sampling, streaming and storing meanwhile, and those who listen to it. `--seconds` is how
 * much of each of the 30 days has rows.
 */
export const retention: Bench = {
  name: BENCH,
  cases: [CASE],
  defaultSeconds: DAY_SECONDS,
  run: (run) => cleanly((cleanup) => measureCleanup(run, cleanup)),
};

async function measureCleanup(run: BenchRun, cleanup: Cleanup): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tacho-bench-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const file = await sampleHost(join(folder, 'sampled'), run);
  const todaySeconds = Math.floor(Date.now() / 1_000 / DAY_SECONDS) * DAY_SECONDS;
  const past = await makePast(file, todaySeconds, Math.min(run.seconds, DAY_SECONDS));
  const dataDir = join(folder, 'tacho');
  await mkdir(dataDir, { mode: 0o700 });
  await rename(file, join(dataDir, 'series.duckdb'));
  const { size } = await stat(join(dataDir, 'series.duckdb'));
  run.note(
    `${past.rows} rows, ${past.values} values, ${(size / MIB).toFixed(0)} MiB: ${DAYS} days of this host at 1 s`,
  );
  run.note(`(${run.seconds} s of each day). The loop's delay is beyond its own timer's interval.`);
  await measure(run, await startDaemon(dataDir, { sampling_interval_seconds: 1 }, cleanup, DELAY_FLAGS));
}

/** Lets a daemon sample this host for a few seconds. @returns its series file, closed */
async function sampleHost(dataDir: string, { signal }: BenchRun): Promise<string> {
  await cleanly(async (cleanup) => {
    await startDaemon(dataDir, { sampling_interval_seconds: 1 }, cleanup);
    await sleep(RECORD_MS, undefined, { signal });
  });
  return join(dataDir, 'series.duckdb');
}

async function measure(run: BenchRun, daemon: Daemon): Promise<void> {
  const { tree } = daemon;
  const consumer = await Consumer.connect(daemon);
  const delays = new LoopDelays(tree);
  await sleep(SETTLE_MS, undefined, run);
  await delays.take();
  const rss = new RssWatch(tree);
  const quietFrom = timesOf(tree);
  await sleep(QUIET_MS, undefined, run);
  const quiet = { ...(await delays.take()), ...perSecond(tree, quietFrom), rssMib: rss.median() };
  const busyFrom = timesOf(tree);
  const result = await cleanUp(daemon, run.signal);
  const busy = { ...(await delays.take()), ...perSecond(tree, busyFrom) };
  const { seconds } = busy;
  const { received, missed } = consumer.since(busyFrom.atMs, 1_000);
  consumer.close();
  rss.stop();
  await tree.assertRunning();
  run.note(
    `${received} live messages came in meanwhile. Quiet, the loop's p99 was ${quiet.p99.toFixed(2)} ms, and the main thread waited ` +
      `${quiet.waitMs.toFixed(1)} ms/s for a CPU: the more of that, the more the figures tell of other programs here.`,
  );
  const figures: [string, string, number][] = [
    ['duration', 's', seconds],
    ['rows condensed', 'rows', result.downsampled_count],
    ['rows archived', 'rows', result.archived_count],
    ['rows archived', 'rows/s', result.archived_count / seconds],
    ['archive', 'MiB', result.archive_bytes / MIB],
    ['CPU', 'ms/s', busy.cpuMs],
    ['CPU, quiet', 'ms/s', quiet.cpuMs],
    ['main thread CPU', 'ms/s', busy.mainMs],
    ['main thread waits for a CPU', 'ms/s', busy.waitMs],
    ['RSS before', 'MiB', quiet.rssMib],
    ['RSS growth', 'MiB', rss.peak() - quiet.rssMib],
    ['event loop p99', 'ms', busy.p99],
    ['event loop max', 'ms', busy.max],
    ['live messages missed', 'messages', missed],
  ];
  for (const [name, unit, value] of figures) run.report(alone(BENCH, name, unit, value));
}

interface Times {
  atMs: number;
  cpuMs: number;
  /** Of the main thread: on a CPU, and ready to run but without one. */
  mainMs: number;
  waitMs: number;
}

function timesOf(tree: Contained): Times {
  // What is said of a process there is said of its first thread (Documentation/scheduler/sched-stats.rst).
  const [mainNs, waitNs] = readFileSync(`/proc/${tree.pid}/schedstat`, 'utf8').split(' ').map(Number) as [
    number,
    number,
  ];
  return { atMs: Date.now(), cpuMs: tree.cpuNs() / 1e6, mainMs: mainNs / 1e6, waitMs: waitNs / 1e6 };
}

/** What came since, by the second. */
function perSecond(tree: Contained, from: Times): Omit<Times, 'atMs'> & { seconds: number } {
  const to = timesOf(tree);
  const seconds = (to.atMs - from.atMs) / 1_000;
  const rate = (name: 'cpuMs' | 'mainMs' | 'waitMs') => (to[name] - from[name]) / seconds;
  return { seconds, cpuMs: rate('cpuMs'), mainMs: rate('mainMs'), waitMs: rate('waitMs') };
}

interface CleanupAnswer {
  downsampled_count: number;
  archived_count: number;
  archive_bytes: number;
}

/** Not with fetch, which gives an answer up that takes more than five minutes. */
async function cleanUp({ url, token }: Daemon, signal: AbortSignal): Promise<CleanupAnswer> {
  const headers = { authorization: `Bearer ${token}`, 'content-length': '0' };
  const call = request(`${url}/api/retention/cleanup`, { method: 'POST', headers, signal }).end();
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const answer = await text(response);
  if (response.statusCode !== 200) throw new BenchError(`the clean-up answered ${response.statusCode}: ${answer}`);
  return JSON.parse(answer);
}

/** Asks the daemon how late its event loop was since the last time; see loop-delay.mjs. */
class LoopDelays {
  readonly #tree: Contained;
  readonly #lines: ReturnType<typeof createInterface>;

  constructor(tree: Contained) {
    this.#tree = tree;
    this.#lines = createInterface({ input: tree.stdout });
  }

  async take(): Promise<{ p99: number; max: number }> {
    const answer = once(this.#lines, 'line') as Promise<[string]>;
    process.kill(this.#tree.pid, 'SIGUSR2');
    const [line] = await answer;
    return JSON.parse(line.replace('loop-delay ', ''));
  }
}

/** Resident memory, from when it is made. */
class RssWatch {
  readonly #mib: number[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(tree: Contained) {
    this.#timer = setInterval(() => this.#mib.push(tree.rssBytes() / MIB), RSS_EVERY_MS);
  }

  median(): number {
    return median(this.#mib);
  }

  peak(): number {
    return Math.max(...this.#mib);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
