import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { ControlGroup } from '../../bench/harness/control-group.ts';
import { FrameSource } from '../../src/collect/frame-source.ts';
import { LayoutIndex } from '../../src/metrics/view.ts';
import { HandMadeContainer, type HogReport } from '../support/hand-made-container.ts';

const MIB = 1 << 20;
const root = process.getuid?.() === 0;
const ROOT_NEEDED = 'only root may make control groups and network namespaces';

interface Seen {
  timestampUs: number;
  /** By field; undefined where the frame has no such container. */
  figures: Record<string, number> | undefined;
}

/** Frames of one container as they come. */
class Watch {
  readonly #close: () => void;
  #next = Promise.withResolvers<Seen>();

  constructor(source: FrameSource, instance: string, intervalMs: number) {
    const subscription = source.subscribe('container', intervalMs, {
      frame: ({ layout, values, timestampUs }) => {
        const index = new LayoutIndex(layout);
        const value = (field: string) => values[index.offset(instance, field)] ?? Number.NaN;
        const figures = layout.instances.includes(instance)
          ? Object.fromEntries(layout.fields.map((field) => [field, value(field)]))
          : undefined;
        this.#next.resolve({ timestampUs, figures });
        this.#next = Promise.withResolvers();
      },
    });
    this.#close = () => subscription.close();
  }

  next(): Promise<Seen> {
    return this.#next.promise;
  }

  /** The next frame that is as wanted, and how many came until then. */
  async until(wanted: (figures: Seen['figures']) => boolean): Promise<Required<Seen> & { frames: number }> {
    for (let frames = 1; ; frames += 1) {
      const seen = await this.next();
      if (wanted(seen.figures)) return { ...seen, frames };
    }
  }

  close(): void {
    this.#close();
  }
}

let source: FrameSource;
let watch: Watch | undefined;

beforeEach(() => {
  source = new FrameSource({}, (error) => {
    throw error;
  });
  source.start();
});

afterEach(() => {
  watch?.close();
  source.stop();
});

/** Of a group that is gone when the test is over, however it ends. */
function makeGroup(name: string): ControlGroup {
  const group = new ControlGroup(`tacho-test-${process.pid}-${name}`);
  onTestFinished(() => group.close());
  return group;
}

function watching(group: ControlGroup | string, intervalMs: number): Watch {
  watch = new Watch(source, typeof group === 'string' ? group : group.path, intervalMs);
  return watch;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function expectWithin5Percent(ours: number, theirs: number, what: string): void {
  expect(Math.abs(ours / theirs - 1), `${what}: ${ours} for ${theirs}`).toBeLessThan(0.05);
}

/** What was used from one time to the other, per second, as far as the reports tell. */
function cpuPercent(reports: readonly HogReport[], fromUs: number, toUs: number): number {
  const nearest = (atUs: number) =>
    reports.reduce((best, report) => (Math.abs(report.atUs - atUs) < Math.abs(best.atUs - atUs) ? report : best));
  const [from, to] = [nearest(fromUs), nearest(toUs)];
  return (100 * (to.cpuUs - from.cpuUs)) / (to.atUs - from.atUs);
}

/** A shell's command in the group; it is killed when the test is over. */
function runIn(group: ControlGroup, command: string): { pid: number; exited: Promise<unknown> } {
  const child = spawn('/bin/sh', ['-c', `${group.enter}${command}`], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return { pid: child.pid ?? 0, exited };
}

/** Always with cgroup v2; v1 has a line for each device that is counted. */
function ioIsCounted(group: ControlGroup): boolean {
  return /^\d/m.test(group.read('io.stat') ?? group.read('blkio.throttle.io_service_bytes_recursive') ?? '');
}

/** Files of this process that are open below the group's folders. */
function openFiles(group: ControlGroup): string[] {
  const targets = readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/self/fd/${descriptor}`)];
    } catch {
      // The descriptor that the listing was read through.
      return [];
    }
  });
  return targets.filter((target) => target.includes(`/${group.path}/`));
}

describe.skipIf(!root)(`containers made by hand (${ROOT_NEEDED})`, () => {
  test('CPU, memory and network are what the container used', async () => {
    const frames = 5;
    const container = new HandMadeContainer(`tacho-test-${process.pid}-hog`);
    onTestFinished(() => container.close());
    container.group.limitMemory(1024 * MIB);
    container.group.limitTasks(100);
    await container.start();
    const watch = watching(container.group, 1_000);
    const before = await watch.until((figures) => Number.isFinite(figures?.['network_sent_bytes_total']));
    await container.allocate(256 * MIB);

    const seen = [{ ...(await watch.next()), traffic: container.traffic() }];
    while (seen.length <= frames) seen.push({ ...(await watch.next()), traffic: container.traffic() });
    const [first, last] = [seen[0], seen.at(-1)];
    if (!(first?.figures && last?.figures && before.figures)) throw new Error('the container was not seen');
    const values = (field: string) => seen.slice(1).map(({ figures }) => figures?.[field] ?? Number.NaN);

    const theirs = cpuPercent(container.reports, first.timestampUs, last.timestampUs);
    const cpu = mean(values('cpu_percent'));
    expectWithin5Percent(cpu, theirs, 'CPU time');
    expectWithin5Percent(mean(values('cpu_user_percent')) + mean(values('cpu_system_percent')), cpu, 'its two parts');
    expect(last.figures['cpu_limit_cores']).toBeNaN();

    for (const field of ['memory_bytes', 'memory_usage_bytes', 'memory_anon_bytes']) {
      expectWithin5Percent((last.figures[field] ?? 0) - (before.figures[field] ?? 0), 256 * MIB, field);
    }
    expect(last.figures['memory_limit_bytes']).toBe(1024 * MIB);
    expect(last.figures['memory_percent']).toBeCloseTo((last.figures['memory_bytes'] ?? 0) / (10.24 * MIB), 6);
    expect(last.figures['pids_limit']).toBe(100);
    expect(last.figures['pids']).toBe(Number(container.group.read('pids.current')));

    const seconds = (last.timestampUs - first.timestampUs) / 1e6;
    for (const [direction, key] of [
      ['received', 'receivedBytes'],
      ['sent', 'sentBytes'],
    ] as const) {
      const counted = last.traffic[key] - first.traffic[key];
      expect(counted).toBeGreaterThan(50_000);
      const total = `network_${direction}_bytes_total`;
      expectWithin5Percent((last.figures[total] ?? 0) - (first.figures[total] ?? 0), counted, total);
      expectWithin5Percent(mean(values(`network_${direction}_bytes_per_sec`)), counted / seconds, direction);
    }
  });

  test('one that is held at its limit says so', async () => {
    const group = makeGroup('limited');
    group.limitCpu(0.1);
    const { pid } = runIn(group, 'while :; do :; done');
    const usedNs = () => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ', 1)[0]);
    const watch = watching(group, 1_000);
    const first = await watch.until((figures) => (figures?.['cpu_throttled_percent'] ?? 0) > 0);
    const startNs = usedNs();
    const seen = [await watch.next(), await watch.next(), await watch.next(), await watch.next()];
    const elapsedNs = ((seen.at(-1)?.timestampUs ?? 0) - first.timestampUs) * 1_000;
    const used = (100 * (usedNs() - startNs)) / elapsedNs;
    const values = (field: string) => seen.map(({ figures }) => figures?.[field] ?? Number.NaN);
    // It gets its tenth in steps of a tenth of a second.
    expect(Math.abs(mean(values('cpu_percent')) - used)).toBeLessThan(2);
    expect(values('cpu_limit_cores')).toEqual([0.1, 0.1, 0.1, 0.1]);
    expectWithin5Percent(mean(values('cpu_limit_percent')), mean(values('cpu_percent')) / 0.1, 'share of the limit');
    expect(mean(values('cpu_throttled_percent'))).toBeGreaterThan(50);
    expect(mean(values('cpu_throttled_us_per_sec'))).toBeGreaterThan(100_000);
    // It has no network of its own.
    expect(values('network_sent_bytes_total').every(Number.isNaN)).toBe(true);
  });

  test('what a group below writes is its own, where the kernel counts it', async () => {
    const group = makeGroup('io');
    const inner = makeGroup('io/inner');
    const file = `/var/tmp/tacho-test-${process.pid}`;
    onTestFinished(() => rmSync(file, { force: true }));
    const watch = watching(group, 1_000);
    await watch.until((figures) => Number.isFinite(figures?.['cpu_percent']));
    const writing = runIn(inner, `exec dd if=/dev/zero of=${file} bs=1M count=16 oflag=direct`);
    const seen = [await watch.next(), await watch.next(), await watch.next()];
    await writing.exited;
    const written = seen.reduce((sum, { figures }) => sum + (figures?.['write_bytes_per_sec'] ?? Number.NaN), 0);
    if (ioIsCounted(group)) expectWithin5Percent(written, 16 * MIB, 'written bytes');
    else expect(written).toBeNaN();
  });

  test('a task that is killed for want of memory is counted', async () => {
    const group = makeGroup('oom');
    group.limitMemory(16 * MIB);
    const watch = watching(group, 1_000);
    expect((await watch.until((figures) => figures !== undefined)).figures?.['oom_kills_total']).toBe(0);
    // It keeps everything until there is a line's end.
    await runIn(group, 'exec tail /dev/zero').exited;
    const { figures } = await watch.until((figures) => (figures?.['oom_kills_total'] ?? 0) > 0);
    expect(figures?.['oom_kills_total']).toBe(1);
  });

  test('one that comes is seen within a second, and one that goes is closed within a second', async () => {
    const last = `tacho-test-${process.pid}-guest-7`;
    const watch = watching(last, 100);
    expect((await watch.next()).figures).toBeUndefined();
    const groups = Array.from({ length: 8 }, (_, index) => makeGroup(`guest-${index}`));
    const complete = await watch.until((figures) =>
      ['cpu_percent', 'memory_bytes', 'pids'].every((field) => Number.isFinite(figures?.[field])),
    );
    expect(complete.frames).toBeLessThanOrEqual(10);
    expect(source.containers()).toContainEqual({ id: last, kind: 'cgroup', cgroup: last, podUid: '' });
    for (const group of groups) expect(openFiles(group).length).toBeGreaterThan(2);
    await Promise.all(groups.map((group) => group.close()));
    expect((await watch.until((figures) => figures === undefined)).frames).toBeLessThanOrEqual(10);
    expect(groups.flatMap(openFiles)).toEqual([]);
    expect(source.containers().map(({ id }) => id)).not.toContain(last);
  });

  test('nothing is open while nobody samples containers', async () => {
    const group = makeGroup('unwanted');
    const watch = watching(group, 100);
    await watch.until((figures) => figures !== undefined);
    expect(openFiles(group).length).toBeGreaterThan(2);
    watch.close();
    await expect.poll(() => openFiles(group)).toEqual([]);
    expect(source.containers()).toEqual([]);
  });
});
