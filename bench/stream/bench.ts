import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bench, BenchError, type BenchRun } from '../harness/bench.ts';
import { cleanly } from '../harness/cleanup.ts';
import { type Daemon, startDaemon } from '../harness/daemon.ts';
import { alone } from '../harness/line.ts';
import { buildFloor, runFloor } from '../sampler/floor.ts';
import { missedLine, type Stretch } from './figures.ts';
import { Subscriber } from './subscriber.ts';

const CASES: Readonly<Record<string, number>> = { '1000Hz': 1_000 };

const FAMILIES = ['perf', 'network', 'disk'] as const;
/** What the sampler reads for them. The floor counts no perf events. */
const SOURCES = ['/proc/net/dev', '/proc/diskstats', '--counters', '0'];

/** Ticks half an interval behind ours, so that the two rarely want a CPU at once. */
const PHASE = 1 / 2;
/** The floor runs in so many stretches; every second one is measured against the others. At least one of each. */
const MOST_STRETCHES = 8;
const FEWEST_STRETCHES = 2;

/** Whether a subscriber gets each tick that can be sampled, and is told of every other. */
export const stream: Bench = {
  name: 'stream',
  cases: Object.keys(CASES),
  defaultSeconds: 60,
  async run(run) {
    if (run.seconds < FEWEST_STRETCHES) throw new BenchError(`--seconds is at least ${FEWEST_STRETCHES} here`);
    await buildFloor(run.signal);
    await cleanly(async (cleanup) => {
      const folder = await mkdtemp(join(tmpdir(), 'tacho-bench-'));
      cleanup.defer(() => rm(folder, { recursive: true, force: true }));
      const daemon = await startDaemon(folder, {}, cleanup);
      run.note(
        `one subscriber of ${FAMILIES.join(', ')}, beside a libc-only loop over /proc/net/dev, /proc/diskstats and perf counters`,
      );
      for (const name of run.cases) await runCase(name, daemon, run);
    });
  },
};

async function runCase(name: string, daemon: Daemon, run: BenchRun): Promise<void> {
  const hz = CASES[name];
  if (hz === undefined) throw new BenchError(`no case ${name}`);
  const subscriber = await Subscriber.connect(daemon, FAMILIES, hz);
  try {
    const count = Math.min(MOST_STRETCHES, run.seconds);
    const stretches: Stretch[] = [];
    const [startedMs, cpuBeforeNs] = [performance.now(), daemon.tree.cpuNs()];
    for (let stretch = 0; stretch < count; stretch += 1) {
      // The remainder goes to the last stretches.
      const seconds = Math.floor((run.seconds + stretch) / count);
      const before = subscriber.ticks();
      const floor = await runFloor({ hz, seconds, phase: PHASE, sources: SOURCES, signal: run.signal });
      stretches.push({ before, after: subscriber.ticks(), floor });
    }
    const cpuMs = (daemon.tree.cpuNs() - cpuBeforeNs) / 1e6;
    const elapsedSeconds = (performance.now() - startedMs) / 1_000;
    await daemon.tree.assertRunning();
    assertTold(subscriber);
    for (const family of FAMILIES) {
      const effectiveHz = 1e6 / (subscriber.intervalsUs.get(family) ?? Number.NaN);
      run.report(missedLine(`${name} ${family}`, family, stretches));
      run.report(alone('stream', `${name} ${family} in effect`, 'ticks/s', effectiveHz));
      for (const reason of ['overrun', 'slow_consumer']) {
        const dropped = subscriber.check.dropped(family, reason);
        if (dropped > 0) run.note(`${family}: ${dropped} of the missed ticks are told as ${reason}`);
      }
    }
    run.report(alone('stream', `${name} daemon`, 'CPU ms/s', cpuMs / elapsedSeconds));
  } finally {
    subscriber.close();
  }
}

/** @throws BenchError when a tick was neither sent nor told as dropped */
function assertTold({ check, families }: Subscriber): void {
  const [fault] = check.faults;
  if (fault !== undefined)
    throw new BenchError(`${check.faults.length} gaps were not told, or the clock was set: ${fault}`);
  const silent = families.find((family) => check.frames(family) === 0);
  if (silent !== undefined) throw new BenchError(`no frame of ${silent} came`);
}
