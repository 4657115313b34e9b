import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { BenchError } from '../harness/bench.ts';
import { ROOT } from '../harness/paths.ts';
import type { Segment } from './protocol.ts';
import { hugepageFiles, nodeFiles, resourceFiles, sensorFiles } from './sensors.ts';

export interface FloorSegment {
  ticks: number;
  missed: number;
  cpu_ns: number;
  /** How many numbers were parsed. */
  numbers: number;
}

const BINARY = join(ROOT, '.build/target/release/floor');

/** The sampler reads slow sources aside, this often at most. */
const ASIDE_MS = 1000;
/** And control groups. */
const GROUPS_MS = 100;

type Words = (seen: Segment, periodMs: number) => readonly string[];

/** Sources of the sampler that are not a file under /proc, by the name of their reader: what the floor does instead. */
const OTHER_SOURCES: Readonly<Record<string, Words>> = {
  inet_diag: (_seen, periodMs) => ['--listening', `${periodMs}`],
  cgroup: ({ groupFiles }, periodMs) => groupFiles.map((file) => `${file}@${Math.max(periodMs, GROUPS_MS)}`),
  // Seven events of each CPU, where the floor counts five.
  perf: (_seen, periodMs) => ['--counters', `${periodMs}`],
  'cpuacct.usage_percpu': (_seen, periodMs) => [`/sys/fs/cgroup/cpuacct/cpuacct.usage_percpu@${periodMs}`],
  cpu_sensors: aside(() => sensorFiles('/sys')),
  resources: aside(() => resourceFiles('/proc', '/sys')),
  softirqs: aside(() => ['/proc/softirqs']),
  numa: aside(() => nodeFiles('/sys')),
  hugepages: aside(() => hugepageFiles('/sys')),
  filesystems: ({ mountpoints }, periodMs) =>
    mountpoints.flatMap((mountpoint) => ['--mount', `${mountpoint}@${Math.max(periodMs, ASIDE_MS)}`]),
};

function aside(files: () => readonly string[]): Words {
  return (_seen, periodMs) => files().map((file) => `${file}@${Math.max(periodMs, ASIDE_MS)}`);
}

/** Builds the floor; cargo does nothing when it is up to date. */
export async function buildFloor(signal: AbortSignal): Promise<void> {
  const args = ['build', '--release', '--locked', '--quiet', '--package', 'tacho-floor'];
  const cargo = spawn('cargo', args, { cwd: ROOT, stdio: 'inherit', signal });
  const [code] = await once(cargo, 'close');
  if (code !== 0) throw new BenchError('building the floor failed: cargo build --package tacho-floor');
}

/**
 * The floor's command line for what the sampler was seen to read: the same files and system calls, each as often.
 * @throws BenchError when the sampler reads something that the floor knows nothing of: then there is no comparing.
 */
export function floorSources(seen: Segment): string[] {
  // Left out: what was never read in this span, and what is not there.
  const active = seen.readers.filter(({ reads, errors }) => reads > errors);
  return active.flatMap(({ name, reads }) => {
    const period = periodMs(reads, seen);
    const words = OTHER_SOURCES[name];
    if (words) return words(seen, period);
    if (!existsSync(`/proc/${name}`)) throw new BenchError(`the sampler reads ${name}, which the floor does not know`);
    return [`/proc/${name}@${period}`];
  });
}

/** 0 for each tick; a reading or two may fall on the other side of the segment's ends. */
function periodMs(reads: number, seen: Segment): number {
  return reads >= seen.ticks * 0.95 - 1 ? 0 : Math.round((seen.seconds * 1000) / reads);
}

export interface FloorOptions {
  hz: number;
  seconds: number;
  /** Distance from the grid that the sampler ticks on, as a part of the interval. */
  phase: number;
  sources: readonly string[];
  signal: AbortSignal;
}

export async function runFloor({ hz, seconds, phase, sources, signal }: FloorOptions): Promise<FloorSegment> {
  const args = ['--hz', `${hz}`, '--seconds', `${seconds}`, '--phase', `${phase}`, ...sources];
  const floor = spawn(BINARY, args, { stdio: ['ignore', 'pipe', 'pipe'], signal });
  const [out, errors] = await Promise.all([text(floor.stdout), text(floor.stderr), once(floor, 'close')]);
  if (out === '') throw new BenchError(errors.trim());
  return JSON.parse(out) as FloorSegment;
}
