import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FrameSource } from '../../src/collect/frame-source.ts';
import { LiveHub, type LiveSnapshot } from '../../src/pipeline/live.ts';
import { PYTHON_MISSING, python } from '../support/python.ts';

const SCRIPT = fileURLToPath(new URL('../clients/host_figures.py', import.meta.url));
const FAMILIES = ['cpu', 'system', 'memory', 'swap', 'network', 'disk', 'filesystem'];

type Io = Record<string, number>;

interface HostFigures {
  cpu: Io;
  memory: { total: number; available: number; buffers: number; cached: number };
  swap: { total: number; used: number };
  network: Record<string, Io>;
  disk: Record<string, Io>;
  root: { total: number; used: number; percent: number };
  load: [number, number, number];
}

/** Our figures at two ticks, and what the other side said between them. */
interface Comparison {
  before: Record<string, number>;
  theirs: HostFigures;
  after: Record<string, number>;
  proc: { stat: number[]; meminfo: string };
}

function copy(view: LiveSnapshot, source: FrameSource): Record<string, number> {
  const figures: Record<string, number> = {};
  for (const family of FAMILIES) {
    for (const instance of view.instances(family)) {
      for (const { name } of source.catalogue.family(family).fields) {
        figures[`${family}/${instance}/${name}`] = view.value(family, instance, name);
      }
    }
  }
  return figures;
}

function cpuTicks(): number[] {
  const line = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0] ?? '';
  return line.trim().split(/\s+/).slice(1, 9).map(Number);
}

/** A load of its own for the time of the comparison, so that percentages are not all 0. */
function burnOneCpu(): Disposable {
  const child = spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' });
  return { [Symbol.dispose]: () => child.kill('SIGKILL') };
}

async function compare(): Promise<Comparison[]> {
  using _load = burnOneCpu();
  const peer = spawn(python ?? 'python3', [SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
  const source = new FrameSource({}, (error) => {
    throw error;
  });
  const hub = new LiveHub(source, FAMILIES);
  const ticks: { ours: Record<string, number>; theirs: Promise<HostFigures>; proc: Comparison['proc'] }[] = [];
  const done = Promise.withResolvers<void>();
  source.start();
  hub.follow(2_000);
  hub.onTick((view) => {
    const proc = { stat: cpuTicks(), meminfo: readFileSync('/proc/meminfo', 'utf8') };
    peer.stdin.write('now\n');
    const theirs = answers.next().then(({ value }) => JSON.parse(value) as HostFigures);
    ticks.push({ ours: copy(view, source), theirs, proc });
    if (ticks.length >= 5) done.resolve();
  });
  await done.promise;
  hub.stop();
  source.stop();
  peer.stdin.end();
  // The first tick is the early one that primes the hub; its window is short.
  const kept = ticks.slice(1);
  return Promise.all(
    kept.slice(0, -1).map(async (tick, index) => ({
      before: tick.ours,
      theirs: await tick.theirs,
      after: kept[index + 1]?.ours ?? {},
      proc: tick.proc,
    })),
  );
}

describe.skipIf(!python)(`figures agree with psutil and /proc (${PYTHON_MISSING})`, () => {
  let comparisons: Comparison[] = [];
  beforeAll(async () => {
    comparisons = await compare();
  });
  afterAll(() => {
    comparisons = [];
  });

  test('running totals of interfaces and disks lie between ours before and after', () => {
    const pairs: [string, string, string][] = [
      ['network', 'bytes_sent_total', 'bytes_sent'],
      ['network', 'bytes_received_total', 'bytes_recv'],
      ['network', 'packets_received_total', 'packets_recv'],
      ['network', 'errors_received_total', 'errin'],
      ['disk', 'read_bytes_total', 'read_bytes'],
      ['disk', 'write_bytes_total', 'write_bytes'],
      ['disk', 'writes_total', 'write_count'],
      ['disk', 'write_time_ms_total', 'write_time'],
    ];
    let compared = 0;
    for (const { before, theirs, after } of comparisons) {
      for (const [family, ours, name] of pairs) {
        for (const [instance, io] of Object.entries(family === 'network' ? theirs.network : theirs.disk)) {
          const low = before[`${family}/${instance}/${ours}`];
          const high = after[`${family}/${instance}/${ours}`];
          if (low === undefined || high === undefined) continue;
          expect(io[name], `${instance} ${name}`).toBeGreaterThanOrEqual(low);
          expect(io[name], `${instance} ${name}`).toBeLessThanOrEqual(high);
          compared += 1;
        }
      }
    }
    expect(compared).toBeGreaterThan(8);
  });

  test('every interface and disk that psutil lists with traffic is there', () => {
    const { before, theirs } = comparisons[0] as Comparison;
    for (const name of Object.keys(theirs.network)) expect(before).toHaveProperty([`network/${name}/bytes_sent_total`]);
    for (const [name, io] of Object.entries(theirs.disk)) {
      const isWholeDevice = !/^(loop|ram|zram|sr)/.test(name) && !/\d$/.test(name);
      if (isWholeDevice && (io['read_count'] ?? 0) > 0) expect(before).toHaveProperty([`disk/${name}/reads_total`]);
    }
  });

  test('CPU percentages follow psutil and /proc/stat over the same window', () => {
    for (const [index, current] of comparisons.entries()) {
      const previous = comparisons[index - 1];
      if (!previous) continue;
      const deltas = current.proc.stat.map((ticks, column) => ticks - (previous.proc.stat[column] ?? 0));
      const sum = deltas.reduce((total, delta) => total + delta, 0);
      const share = (column: number) => (100 * (deltas[column] ?? 0)) / sum;
      const ours = (name: string) => current.before[`cpu/all/${name}`];
      expect(ours('user_percent')).toBeCloseTo(share(0), -0.7);
      expect(ours('system_percent')).toBeCloseTo(share(2), -0.7);
      expect(ours('idle_percent')).toBeCloseTo(share(3), -0.7);
      expect(ours('usage_percent')).toBeCloseTo(100 - share(3) - share(4), -0.7);
      const psutilUser = (current.theirs.cpu['user'] ?? 0) - (previous.theirs.cpu['user'] ?? 0);
      const names = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'];
      const psutilSum = names.reduce(
        (total, name) => total + (current.theirs.cpu[name] ?? 0) - (previous.theirs.cpu[name] ?? 0),
        0,
      );
      expect(ours('user_percent')).toBeCloseTo((100 * psutilUser) / psutilSum, -0.7);
    }
  });

  test('memory, swap, load and the root filesystem are the same', () => {
    const { before, theirs, proc } = comparisons[0] as Comparison;
    const total = Number(/MemTotal:\s+(\d+)/.exec(proc.meminfo)?.[1]) * 1_024;
    expect(before['memory//total_bytes']).toBe(total);
    expect(before['memory//total_bytes']).toBe(theirs.memory.total);
    expect(before['swap//total_bytes']).toBe(theirs.swap.total);
    const tolerance = 0.01 * total;
    expect(Math.abs((before['memory//available_bytes'] ?? 0) - theirs.memory.available)).toBeLessThan(tolerance);
    expect(Math.abs((before['memory//cached_bytes'] ?? 0) - theirs.memory.cached)).toBeLessThan(tolerance);
    expect(Math.abs((before['system//load1'] ?? 0) - theirs.load[0])).toBeLessThan(0.5);
    expect(before['filesystem///total_bytes']).toBe(theirs.root.total);
    expect(before['filesystem///usage_percent']).toBeCloseTo(theirs.root.percent, 0);
  });
});
