import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FrameSource } from '../../src/collect/frame-source.ts';
import { LayoutIndex } from '../../src/metrics/view.ts';

const INTERVAL_MS = 200;

const source = new FrameSource({ perfEvents: ['msr/tsc/', 'nonsense'] }, (error) => {
  throw error;
});
beforeAll(() => source.start());
afterAll(() => source.stop());

/** The next whole interval of a family: its instances, and a value by instance and field. */
function next(family: string) {
  const { promise, resolve } = Promise.withResolvers<{ instances: readonly string[]; value: typeof value }>();
  let figures: { index: LayoutIndex; values: Float64Array };
  const value = (instance: string, field: string) => figures.values[figures.index.offset(instance, field)] ?? NaN;
  let frames = 0;
  const subscription = source.subscribe(family, INTERVAL_MS, {
    frame: (frame) => {
      // The first is over the time since the subscription.
      frames += 1;
      if (frames !== 2) return;
      figures = { index: new LayoutIndex(frame.layout), values: frame.values.slice() };
      resolve({ instances: frame.layout.instances, value });
    },
  });
  return promise.finally(() => subscription.close());
}

function status(name: string) {
  return source.perfEvents().find((event) => event.name === name);
}

/** Whether the event is counted; if not, the host's reason has to be one. */
function counted(name: string): boolean {
  const { available, reason } = status(name) ?? {};
  if (!available) expect(reason).toMatch(/^(EACCES|EPERM|ENOENT): /);
  return available === true;
}

describe('perf events of this host', () => {
  test('every event has a status, and one that is not counted a reason', async () => {
    await next('perf');
    const events = source.perfEvents().filter(({ family }) => family === 'perf');
    expect(events.length).toBeGreaterThan(20);
    for (const { available, reason, name } of events) expect(available || reason !== '', name).toBe(true);
  });

  test('what the kernel counts agrees with /proc/stat', async () => {
    const [perf, system] = await Promise.all([next('perf'), next('system')]);
    if (!counted('context-switches')) return;
    const ours = perf.value('all', 'context_switches_per_sec');
    const theirs = system.value('', 'context_switches_per_sec');
    // Both count each switch; they are read some microseconds apart.
    expect(Math.abs(ours - theirs)).toBeLessThan(0.2 * theirs + 50);
    expect(perf.value('all', 'cpu_clock_ms_per_sec')).toBeCloseTo(1_000 * (perf.instances.length - 1), 0);
    expect(perf.value('all', 'running_ratio')).toBe(1);
  });

  test('an event of another PMU is counted by its name', async () => {
    const { value } = await next('perf_custom');
    if (!counted('msr/tsc/')) return;
    expect(value('msr/tsc/@0', 'value_per_sec')).toBeGreaterThan(1e8);
    expect(value('msr/tsc/', 'value_per_sec')).toBeGreaterThanOrEqual(value('msr/tsc/@0', 'value_per_sec'));
  });

  test('an event that makes no sense is not counted and says why', async () => {
    expect(status('nonsense')).toMatchObject({ available: false, reason: expect.stringContaining('PMU/EVENT/') });
  });

  test('counting follows its settings', async () => {
    if (!counted('cpu-clock')) return;
    source.configurePerf({ enabled: true, cpus: '0' });
    expect((await next('perf')).instances).toEqual(['all', '0']);
    source.configurePerf({ enabled: false, cpus: 'all' });
    expect((await next('perf')).value('all', 'cpu_clock_ms_per_sec')).toBeNaN();
    expect(source.stats().families.find(({ name }) => name === 'perf')?.available).toBe(false);
    expect(() => source.configurePerf({ enabled: true, cpus: '3-1' })).toThrow(
      expect.objectContaining({ code: 'TACHO_BAD_CPU_LIST' }),
    );
    source.configurePerf({ enabled: true, cpus: 'all' });
    expect((await next('perf')).instances.length).toBeGreaterThan(1);
  });
});
