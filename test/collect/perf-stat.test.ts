import { execFile, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { FrameSource } from '../../src/collect/frame-source.ts';
import { LayoutIndex } from '../../src/metrics/view.ts';

/** Without permission it counts nothing system-wide; without a second CPU nothing migrates. */
const usable =
  spawnSync('perf', ['stat', '-a', '-e', 'cpu-clock', '--', 'true']).status === 0 &&
  spawnSync('python3', ['--version']).status === 0 &&
  availableParallelism() > 1;
const MISSING = 'needs perf (apt install linux-perf) that may count system-wide, python3, and two CPUs';

const WORKLOAD = fileURLToPath(new URL('perf_workload.py', import.meta.url));
/** So many of each that what else the host does in the moments before and after does not matter. */
const EVENTS = 200_000;
const INTERVAL_MS = 50;
const TOLERANCE = 0.02;

/** The fields that count what `perf stat` calls so. */
const FIELDS = {
  'context-switches': 'context_switches_per_sec',
  'cpu-migrations': 'cpu_migrations_per_sec',
  'page-faults': 'page_faults_per_sec',
  'minor-faults': 'minor_page_faults_per_sec',
} as const;

/** Rates added up over the time between readings. */
class Sums {
  readonly sums = new Map<string, number>();
  seconds = 0;
  #lastUs = 0;
  #awaited: { us: number; reached(): void } | null = null;

  /** Resolves once rates are in that were taken after this moment. */
  reach(us: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#awaited = { us, reached: resolve };
    return promise;
  }

  /** A frame's rates of all CPUs together, over the time since the frame before. */
  add(takenUs: number, rates: Readonly<Record<string, number>>): void {
    const seconds = this.#lastUs === 0 ? 0 : (takenUs - this.#lastUs) / 1e6;
    this.#lastUs = takenUs;
    this.seconds += seconds;
    for (const [name, rate] of Object.entries(rates)) {
      this.sums.set(name, (this.sums.get(name) ?? 0) + (Number.isFinite(rate) ? rate * seconds : 0));
    }
    if (this.#awaited && takenUs > this.#awaited.us) this.#awaited.reached();
  }
}

function expectAlmostOne(ratio: number, event: string): void {
  expect(Math.abs(ratio - 1), `${event}: ${ratio}`).toBeLessThan(TOLERANCE);
}

/** What `perf stat -x,` prints: the count of each event, and for how long it was counted on all CPUs together, ns. */
function parsePerf(text: string): Map<string, { count: number; countedNs: number }> {
  const lines = text.split('\n').map((line) => line.split(','));
  return new Map(
    lines
      .filter((cells) => cells.length > 3)
      .map(([count, , event = '', countedNs]) => [event, { count: Number(count), countedNs: Number(countedNs) }]),
  );
}

describe('what perf stat counts over the same time', () => {
  test.skipIf(!usable)(`is what the perf families count, within 2 % (${MISSING})`, async () => {
    const source = new FrameSource({ perfEvents: ['msr/tsc/'] }, (error) => {
      throw error;
    });
    const [perf, custom] = [new Sums(), new Sums()];
    source.start();
    try {
      const begun = Promise.withResolvers<void>();
      source.subscribe('perf', INTERVAL_MS, {
        frame({ timestampUs, latenessUs, layout, values }) {
          const index = new LayoutIndex(layout);
          const of = (field: string) => values[index.offset('all', field)] ?? Number.NaN;
          const rates = Object.fromEntries(Object.entries(FIELDS).map(([event, field]) => [event, of(field)]));
          perf.add(timestampUs + latenessUs, { ...rates, 'cpu-clock': of('cpu_clock_ms_per_sec') });
          begun.resolve();
        },
      });
      source.subscribe('perf_custom', INTERVAL_MS, {
        frame({ timestampUs, latenessUs, layout, values }) {
          const offset = new LayoutIndex(layout).offset('msr/tsc/', 'value_per_sec');
          custom.add(timestampUs + latenessUs, { tsc: values[offset] ?? Number.NaN });
        },
      });
      await begun.promise;
      const events = [...Object.keys(FIELDS), 'cpu-clock', 'msr/tsc/'].join();
      const workload = ['python3', WORKLOAD, `${EVENTS}`];
      const { stderr } = await promisify(execFile)('perf', ['stat', '-a', '-x,', '-e', events, '--', ...workload]);
      const ended = Date.now() * 1_000;
      await Promise.all([perf.reach(ended), custom.reach(ended)]);
      const counted = parsePerf(stderr);
      for (const event of Object.keys(FIELDS)) {
        const theirs = counted.get(event)?.count ?? Number.NaN;
        expect(theirs, event).toBeGreaterThan(10_000);
        expectAlmostOne((perf.sums.get(event) ?? 0) / theirs, event);
      }
      // What goes on whatever the host does compares by its rate: our time is a little longer than theirs.
      const perCpuSecond = (event: string) => {
        const { count, countedNs } = counted.get(event) ?? { count: Number.NaN, countedNs: 1 };
        return count / (countedNs / 1e9);
      };
      const cpus = availableParallelism();
      expectAlmostOne((perf.sums.get('cpu-clock') ?? 0) / perf.seconds / cpus / perCpuSecond('cpu-clock'), 'cpu-clock');
      const tsc = counted.get('msr/tsc/');
      if (tsc && tsc.count > 0) {
        expectAlmostOne((custom.sums.get('tsc') ?? 0) / custom.seconds / cpus / perCpuSecond('msr/tsc/'), 'msr/tsc/');
      }
    } finally {
      source.stop();
    }
  });
});
