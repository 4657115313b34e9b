import { type Bench, BenchError, type BenchRun } from '../harness/bench.ts';
import { cleanly } from '../harness/cleanup.ts';
import { compareToFloor, type Round } from './figures.ts';
import { buildFloor, type FloorSegment, floorSources, runFloor } from './floor.ts';
import type { Segment } from './protocol.ts';
import { Subject } from './subject.ts';

interface Case {
  hz: number;
  /**
   * At one tick a second the three take turns within each second, since each of them sleeps most of the time: a third of the
   * waiting. Faster ones take turns in segments, so that none finds what another has just brought into the caches.
   */
  sideBySide: boolean;
  /** All but those that one opts in to where there are none. */
  families?: readonly string[];
}

const CASES: Readonly<Record<string, Case>> = {
  '1Hz': { hz: 1, sideBySide: true },
  '100Hz': { hz: 100, sideBySide: false },
  '1000Hz': { hz: 1000, sideBySide: false },
  '1000Hz-network-disk-perf': { hz: 1000, sideBySide: false, families: ['network', 'disk', 'perf'] },
};

/** Long enough to see how often each source is read, those that are read once a second included. */
const CALIBRATION_SECONDS = 4;
/** A side's time is cut into so many segments at most; the median of them is what counts. */
const MOST_ROUNDS = 8;

export const sampler: Bench = {
  name: 'sampler',
  cases: Object.keys(CASES),
  defaultSeconds: 40,
  async run(run) {
    await buildFloor(run.signal);
    await cleanly(async (cleanup) => {
      const subject = new Subject();
      cleanup.defer(() => subject.stop());
      run.note(
        'CPU time of the threads that sample (schedstat) against a libc-only loop over the same files (bench/floor)',
      );
      for (const name of run.cases) await runCase(name, subject, run);
    });
  },
};

async function runCase(name: string, subject: Subject, run: BenchRun): Promise<void> {
  const chosen = CASES[name];
  if (!chosen) throw new BenchError(`no case ${name}`);
  const intervalMs = 1000 / chosen.hz;
  const wanted = { intervalMs, ...(chosen.families ? { families: chosen.families } : {}) };
  const seen = await subject.segment({ ...wanted, seconds: CALIBRATION_SECONDS }, run.signal);
  const sources = floorSources(seen);
  const rounds: Round[] = [];
  // Side by side, the two floors are measured at the same time anyway, and a new start would cost ticks of warming up.
  const count = chosen.sideBySide ? 1 : Math.min(MOST_ROUNDS, run.seconds);
  for (let round = 0; round < count; round += 1) {
    const seconds = Math.floor(run.seconds / count);
    const floor = (phase: number) => runFloor({ hz: chosen.hz, seconds, phase, sources, signal: run.signal });
    const ours = () => subject.segment({ ...wanted, seconds }, run.signal);
    rounds.push(await (chosen.sideBySide ? together(floor, ours) : inTurn(floor, ours)));
  }
  for (const line of compareToFloor(name, rounds)) run.report(line);
}

type RunFloor = (phase: number) => Promise<FloorSegment>;
type RunOurs = () => Promise<Segment>;

async function together(runFloor: RunFloor, runOurs: RunOurs): Promise<Round> {
  const [floor, ours, again] = await Promise.all([runFloor(1 / 3), runOurs(), runFloor(2 / 3)]);
  return { floor, ours, again };
}

async function inTurn(runFloor: RunFloor, runOurs: RunOurs): Promise<Round> {
  const floor = await runFloor(1 / 3);
  const ours = await runOurs();
  return { floor, ours, again: await runFloor(1 / 3) };
}
