import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { FrameSource } from '../../src/collect/frame-source.ts';
import { type Bench, BenchError, type BenchRun } from '../harness/bench.ts';
import { alone } from '../harness/line.ts';
import { growth, type Moment } from './figures.ts';

const CASES: Readonly<Record<string, number>> = { '1000Hz': 1 };

/** Buffers grow to their size, and V8's heap and code to theirs; no more than a quarter of a short run. */
const WARM_UP_SECONDS = 60;
const LOOK_MS = 1_000;
const MIB = 2 ** 20;

/** Whether memory stays what it is while all families are sampled and drained as fast as can be. */
export const soak: Bench = {
  name: 'soak',
  cases: Object.keys(CASES),
  defaultSeconds: 600,
  async run(run) {
    if (run.seconds < 8) throw new BenchError('--seconds is at least 8 here');
    for (const name of run.cases) await runCase(name, run);
  },
};

async function runCase(name: string, run: BenchRun): Promise<void> {
  const intervalMs = CASES[name];
  if (intervalMs === undefined) throw new BenchError(`no case ${name}`);
  const source = new FrameSource({}, (error) => {
    throw error;
  });
  let frames = 0;
  const listener = {
    frame: () => {
      frames += 1;
    },
  };
  source.start();
  try {
    const families = source.catalogue.families.filter(({ optIn }) => !optIn);
    for (const { name: family } of families) source.subscribe(family, intervalMs, listener);
    await sleep(Math.min(WARM_UP_SECONDS, run.seconds / 4) * 1_000, undefined, { signal: run.signal });
    const [startedMs, framesBefore] = [performance.now(), frames];
    const moments: Moment[] = [];
    for (let atSeconds = 0; atSeconds < run.seconds; ) {
      await sleep(LOOK_MS, undefined, { signal: run.signal });
      atSeconds = (performance.now() - startedMs) / 1_000;
      moments.push({ atSeconds, rssMib: process.memoryUsage.rss() / MIB });
    }
    const seconds = (performance.now() - startedMs) / 1_000;
    run.report(alone('soak', `${name} frames`, 'frames/s', (frames - framesBefore) / seconds));
    for (const line of growth(name, moments)) run.report(line);
  } finally {
    source.stop();
  }
}
