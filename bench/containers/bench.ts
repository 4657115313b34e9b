import { type Bench, BenchError, type BenchRun } from '../harness/bench.ts';
import { cleanly } from '../harness/cleanup.ts';
import { alone, compare, median } from '../harness/line.ts';
import { buildFloor, runFloor } from '../sampler/floor.ts';
import { Subject } from '../sampler/subject.ts';
import { makeContainers } from './population.ts';

/** A pass of the sampler rests for 19 times as long as it takes: in these intervals a pass is always due, on a busy host too. */
const CASES: Readonly<Record<string, { containers: number; intervalMs: number }>> = {
  '10': { containers: 10, intervalMs: 1_000 },
  '100': { containers: 100, intervalMs: 1_000 },
  '1000': { containers: 1_000, intervalMs: 2_000 },
};
const REST = 20;
/** Limits are read this often, and not kept open. */
const LIMITS_MS = 10_000;
/** Turns of the floor, the sampler, and the floor again. */
const ROUNDS = 2;

export const containers: Bench = {
  name: 'containers',
  cases: Object.keys(CASES),
  defaultSeconds: 48,
  async run(run) {
    if (process.getuid?.() !== 0) throw new BenchError('only root may make containers');
    await buildFloor(run.signal);
    run.note(
      'CPU time of the threads that sample, per container and pass, against a libc-only loop over the same files',
    );
    run.note('each container: groups of its own, a task that sleeps, a network namespace');
    for (const name of run.cases) await runCase(name, run);
  },
};

async function runCase(name: string, run: BenchRun): Promise<void> {
  const chosen = CASES[name];
  if (!chosen) throw new BenchError(`no case ${name}`);
  const { intervalMs } = chosen;
  // Whole passes only.
  const passes = Math.max(1, Math.floor((run.seconds * 1_000) / ROUNDS / intervalMs));
  const seconds = (passes * intervalMs) / 1_000;
  await cleanly(async (cleanup) => {
    const limits = await makeContainers(chosen.containers, cleanup, run.signal);
    const subject = new Subject();
    cleanup.defer(() => subject.stop());
    const segment = (length: number) =>
      subject.segment({ intervalMs, seconds: length, families: ['container'] }, run.signal);
    const { groupFiles } = await segment(intervalMs / 1_000);
    const sources = [
      ...groupFiles.map((file) => `${file}@${intervalMs}`),
      ...limits.map((file) => `${file}@${LIMITS_MS}`),
    ];
    const floor = async () => {
      const { cpu_ns } = await runFloor({ hz: 1, seconds, phase: 1 / 3, sources, signal: run.signal });
      return cpu_ns / passes / chosen.containers / 1_000;
    };
    const ours = async () => {
      const passNs = (await segment(seconds)).samplerCpuNs / passes;
      if (passNs * REST > intervalMs * 1e6)
        throw new BenchError(`a pass takes ${passNs / 1e6} ms: too long to be made each time`);
      return passNs / chosen.containers / 1_000;
    };
    const rounds = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      rounds.push({ reference: await floor(), ours: await ours(), again: await floor() });
    }
    const costs = {
      ...{ bench: 'containers', case: name, referenceName: 'floor', unit: 'µs/container' },
      ours: rounds.map((round) => round.ours),
      reference: rounds.map((round) => round.reference),
      again: rounds.map((round) => round.again),
    };
    run.report(compare(costs, median));
    run.report(alone('containers', `${name} files kept open`, 'per container', groupFiles.length / chosen.containers));
  });
}
