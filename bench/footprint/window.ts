import { setTimeout as sleep } from 'node:timers/promises';
import type { Contained } from '../harness/contained.ts';
import type { ThreadTime } from '../harness/threads.ts';

const MS = 1e6;
const MIB = 2 ** 20;

/** What one process tree did in one slice of the window. */
export interface Usage {
  /** CPU time in ms per second. */
  cpu: number;
  /** At the end of the slice, in MiB. */
  rss: number;
}

/**
 * The slices of a window: even in number, so that every second one makes a measurement of its own. As long as the daemon's
 * flush interval where the window allows it: each slice then holds one flush.
 */
export function sliceSeconds(seconds: number): number[] {
  const count = Math.max(2, Math.floor(seconds / 10 / 2) * 2);
  return Array.from({ length: count }, () => seconds / count);
}

/** Measures all of them over the same slices. One list of usages each, in the order given. */
export async function measureTogether(
  trees: readonly Contained[],
  slices: readonly number[],
  signal: AbortSignal,
): Promise<Usage[][]> {
  const usages: Usage[][] = trees.map(() => []);
  let before = trees.map((tree) => tree.cpuNs());
  let sinceMs = performance.now();
  for (const seconds of slices) {
    await sleep(seconds * 1000, undefined, { signal });
    const after = trees.map((tree) => tree.cpuNs());
    const elapsedSeconds = (performance.now() - sinceMs) / 1000;
    sinceMs = performance.now();
    for (const [index, tree] of trees.entries()) {
      await tree.assertRunning();
      const spentNs = (after[index] ?? 0) - (before[index] ?? 0);
      usages[index]?.push({ cpu: spentNs / MS / elapsedSeconds, rss: tree.rssBytes() / MIB });
    }
    before = after;
  }
  return usages;
}

/** CPU ms per second of a process's threads between two looks, by name, dearest first; threads of one name are one. */
export function threadShares(
  before: readonly ThreadTime[],
  after: readonly ThreadTime[],
  seconds: number,
): [string, number][] {
  const earlier = new Map(before.map(({ tid, cpuNs }) => [tid, cpuNs]));
  const shares = new Map<string, number>();
  for (const { tid, name, cpuNs } of after) {
    const spentMs = (cpuNs - (earlier.get(tid) ?? 0)) / MS / seconds;
    shares.set(name, (shares.get(name) ?? 0) + spentMs);
  }
  return [...shares].sort(([, a], [, b]) => b - a);
}
