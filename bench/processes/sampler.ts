// The sampler in a bare Node process: all families at one interval, drained by the code that the daemon drains with.
import { readdirSync, readlinkSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { FrameSource } from '../../src/collect/frame-source.ts';
import { isGone, threadTimes } from '../harness/threads.ts';
import type { Segment, SegmentReply, SegmentRequest } from '../sampler/protocol.ts';

/** Threads of the sampler's own; the others are Node's. */
const SAMPLER_THREADS = 'tacho-';
/** The first ticks touch memory for the first time; so many of them, but no less than so long, are not counted. */
const WARM_UP_TICKS = 5;
const WARM_UP_MS = 1_000;

interface Snapshot {
  atMs: number;
  samplerCpuNs: number;
  drainCpuNs: number;
  stats: ReturnType<FrameSource['stats']>;
}

function snapshot(source: FrameSource): Snapshot {
  const threads = threadTimes('self');
  const sumOf = (chosen: typeof threads) => chosen.reduce((sum, { cpuNs }) => sum + cpuNs, 0);
  return {
    atMs: performance.now(),
    samplerCpuNs: sumOf(threads.filter(({ name }) => name.startsWith(SAMPLER_THREADS))),
    drainCpuNs: sumOf(threads.filter(({ name }) => name === 'main')),
    stats: source.stats(),
  };
}

/** Sleeps for so long, then on to the middle between two grid points, so that no tick is cut in two. */
async function sleepToMidTick(atLeastMs: number, intervalMs: number): Promise<void> {
  const wakeMs = Date.now() + atLeastMs;
  await sleep(atLeastMs + ((intervalMs * 1.5 - (wakeMs % intervalMs)) % intervalMs));
}

async function measure({ intervalMs, seconds, families }: SegmentRequest): Promise<Segment> {
  const source = new FrameSource({}, (error) => {
    throw error;
  });
  const mountpoints = new Set<string>();
  source.start();
  try {
    const listener = {
      frame: ({ layout }: { layout: { family: string; instances: readonly string[] } }) => {
        if (layout.family !== 'filesystem') return;
        for (const instance of layout.instances) mountpoints.add(instance);
      },
    };
    const usual = source.catalogue.families.filter(({ optIn }) => !optIn).map(({ name }) => name);
    for (const family of families ?? usual) source.subscribe(family, intervalMs, listener);
    await sleepToMidTick(Math.max(WARM_UP_MS, WARM_UP_TICKS * intervalMs), intervalMs);
    const before = snapshot(source);
    await sleepToMidTick(seconds * 1000 - intervalMs / 2, intervalMs);
    return { ...difference(before, snapshot(source)), mountpoints: [...mountpoints], groupFiles: openGroupFiles() };
  } finally {
    source.stop();
  }
}

/** Control groups are the only thing of which there may be thousands: their files are seen rather than listed once more. */
function openGroupFiles(): string[] {
  const targets = readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      // Files of /proc often say so although they are there: the kernel forgets their names.
      return [readlinkSync(`/proc/self/fd/${descriptor}`).replace(/^(\/proc\/.*) \(deleted\)$/, '$1')];
    } catch (error) {
      if (isGone(error)) return [];
      throw error;
    }
  });
  return targets.filter((target) => /^(\/sys\/fs\/cgroup\/.+\/.+\/.|\/proc\/\d+\/net\/dev$)/.test(target)).sort();
}

function difference(before: Snapshot, after: Snapshot): Omit<Segment, 'mountpoints' | 'groupFiles'> {
  const readers = after.stats.readers.map((reader, index) => {
    const earlier = before.stats.readers[index];
    if (earlier?.name !== reader.name) throw new Error(`the sampler's readers changed: ${reader.name}`);
    // What is idle has nothing to ask, and so reads nothing.
    const reads = reader.idle ? 0 : reader.reads - earlier.reads;
    return { name: reader.name, reads, errors: reader.errors - earlier.errors };
  });
  return {
    seconds: (after.atMs - before.atMs) / 1000,
    // A file is read at most once a wake-up, and some file is read at each.
    ticks: Math.max(...readers.map(({ reads }) => reads)),
    frames: after.stats.ticks - before.stats.ticks,
    missed: after.stats.missed - before.stats.missed,
    samplerCpuNs: after.samplerCpuNs - before.samplerCpuNs,
    drainCpuNs: after.drainCpuNs - before.drainCpuNs,
    readers,
  };
}

function reply(message: SegmentReply): void {
  process.send?.(message);
}

process.on('message', (request: SegmentRequest) => {
  measure(request).then(
    (segment) => reply({ segment }),
    (error: unknown) => reply({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
