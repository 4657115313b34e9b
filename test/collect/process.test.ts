import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FrameSource } from '../../src/collect/frame-source.ts';
import { LayoutIndex } from '../../src/metrics/view.ts';

const INTERVAL_MS = 1_000;
/** Clock ticks per second, in which every kernel tells programs of CPU time. */
const TICKS_PER_SECOND = 100;
/** The first frame is over the time since the subscription, and a process is ranked by I/O once two looks at it compare. */
const FRAMES_TO_SETTLE = 3;
const FRAMES_TO_COMPARE = 4;

interface Used {
  atMs: number;
  cpuSeconds: number;
  writtenBytes: number;
}

interface Comparison {
  instance: string;
  /** What each frame said. */
  ours: Record<string, number>[];
  /** What the kernel told the test at the first of these frames, and at the last. */
  from: Used;
  to: Used;
}

function used(pid: number): Used {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [, written] = /^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8')) ?? [];
  return {
    atMs: performance.now(),
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    writtenBytes: Number(written),
  };
}

/** What the family says of a process of this test while it is at work. */
async function watch(start: () => ChildProcess): Promise<Comparison> {
  const source = new FrameSource({}, (error) => {
    throw error;
  });
  const child = start();
  const pid = child.pid ?? 0;
  const seen: { instance: string; figures: Record<string, number>; theirs: Used }[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  source.start();
  try {
    source.subscribe('process', INTERVAL_MS, {
      frame: ({ layout, values }) => {
        const instance = layout.instances.find((name) => name.startsWith(`${pid} `));
        if (instance === undefined) return;
        const index = new LayoutIndex(layout);
        const figures = layout.fields.map((field) => [field, values[index.offset(instance, field)] ?? Number.NaN]);
        seen.push({ instance, figures: Object.fromEntries(figures), theirs: used(pid) });
        if (seen.length === FRAMES_TO_SETTLE + FRAMES_TO_COMPARE) resolve();
      },
    });
    await promise;
    const compared = seen.slice(FRAMES_TO_SETTLE - 1);
    const [first, ...others] = compared;
    const last = others.at(-1);
    if (first === undefined || last === undefined) throw new Error('nothing was seen');
    return {
      instance: last.instance,
      ours: others.map(({ figures }) => figures),
      from: first.theirs,
      to: last.theirs,
    };
  } finally {
    child.kill('SIGKILL');
    source.stop();
  }
}

function meanOf(ours: readonly Record<string, number>[], field: string): number {
  return ours.reduce((sum, figures) => sum + (figures[field] ?? Number.NaN), 0) / ours.length;
}

describe('processes of this host', () => {
  test('a busy one appears with its pid, user and name, and the CPU time that the kernel accounts to it', async () => {
    let pid = 0;
    const { instance, ours, from, to } = await watch(() => {
      const child = spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' });
      pid = child.pid ?? 0;
      return child;
    });
    expect(instance).toBe(`${pid} ${userInfo().username} sh`);
    const theirs = (100 * (to.cpuSeconds - from.cpuSeconds)) / ((to.atMs - from.atMs) / 1_000);
    const mean = meanOf(ours, 'cpu_percent');
    expect(mean).toBeGreaterThan(5);
    // They were read some milliseconds before the frames came.
    expect(Math.abs(mean - theirs)).toBeLessThan(15);
    for (const figures of ours) {
      expect(figures['user_id']).toBe(userInfo().uid);
      expect(figures['threads']).toBe(1);
      expect(figures['memory_bytes']).toBeGreaterThan(100_000);
      expect(figures['memory_percent']).toBeLessThan(5);
    }
    expect(new Set(ours.map(({ started_seconds }) => started_seconds)).size).toBe(1);
  });

  test('one that writes a file and waits for the disk appears with what it wrote', async () => {
    // On a disk, unlike /tmp on some hosts.
    const folder = mkdtempSync('/var/tmp/tacho-test-');
    const script = `
      const { openSync, writeSync, fsyncSync } = require('node:fs');
      const file = openSync(${JSON.stringify(join(folder, 'file'))}, 'w');
      const block = Buffer.alloc(1 << 20, 'x');
      for (;;) {
        writeSync(file, block, 0, block.length, 0);
        fsyncSync(file);
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
      }`;
    try {
      const { ours, from, to } = await watch(() => spawn(process.execPath, ['-e', script], { stdio: 'ignore' }));
      const theirs = (to.writtenBytes - from.writtenBytes) / ((to.atMs - from.atMs) / 1_000);
      const mean = meanOf(ours, 'write_bytes_per_sec');
      expect(mean).toBeGreaterThan(100_000);
      expect(Math.abs(mean - theirs) / theirs).toBeLessThan(0.3);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
