import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { BenchError } from '../harness/bench.ts';
import type { Cleanup } from '../harness/cleanup.ts';
import { ControlGroup } from '../harness/control-group.ts';

const LIMITS = ['cpu.max', 'memory.max', 'cpu.cfs_quota_us', 'cpu.cfs_period_us', 'memory.limit_in_bytes', 'pids.max'];

/** Containers with a sleeping task in a network namespace of its own, which go when the clean-up runs. Gives the files of their limits. */
export async function makeContainers(count: number, cleanup: Cleanup, signal: AbortSignal): Promise<string[]> {
  const limits: string[] = [];
  // A slice only holds others.
  const slice = new ControlGroup(`tacho-bench-${process.pid}.slice`);
  cleanup.defer(() => slice.close());
  for (let number = 0; number < count; number += 1) {
    signal.throwIfAborted();
    const group = new ControlGroup(`${slice.path}/${number}`);
    cleanup.defer(() => group.close());
    limits.push(...LIMITS.flatMap((file) => group.find(file) ?? []));
    await startTask(group, cleanup);
  }
  return limits;
}

async function startTask(group: ControlGroup, cleanup: Cleanup): Promise<void> {
  // It says so from inside its namespace.
  const script = `${group.enter}exec unshare --net -- sh -c 'echo ready; exec sleep infinity'`;
  const task = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(task, 'exit');
  cleanup.defer(async () => {
    task.kill('SIGKILL');
    await exited;
  });
  const ended = exited.then(() => {
    throw new BenchError(`a task of ${group.path} has ended`);
  });
  ended.catch(() => {});
  await Promise.race([once(createInterface({ input: task.stdout }), 'line'), ended]);
}
