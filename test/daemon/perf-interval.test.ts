import { expect, test } from 'vitest';
import { getJson, logIn, startDaemon, temporaryFolder } from '../support/daemon.ts';
import { connectStream, nextMessage } from '../support/stream.ts';

interface PerfEvents {
  interval_ms: number;
  sample_time: string;
  events: Record<string, { value: number | null; unit: string }>;
  unsupported_events: string[];
  unsupported_reasons: Record<string, string>;
}

test('perf events are read every perf_events_interval_ms, and stored no more often than the rest', async () => {
  await using folder = await temporaryFolder();
  const daemon = await startDaemon({ dataDir: folder.path, args: ['--perf-events', 'msr/tsc/,nonsense'] });
  try {
    const token = await logIn(daemon.url);
    const config = { method: 'PUT', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } };
    const set = (settings: object) => fetch(`${daemon.url}/api/config`, { ...config, body: JSON.stringify(settings) });
    const socket = await connectStream(daemon.url, token);
    const next = async () => {
      const { timestamp, data } = await nextMessage(socket, 'metrics');
      return { timestamp, perf: (data as { perf_events: PerfEvents }).perf_events };
    };

    await set({ sampling_interval_seconds: 0.25, perf_events_interval_ms: 1_000 });
    const counted = await until(next, ({ perf }) => perf.events['cpu-clock']?.value !== null || !mayCount(perf));
    expect(Object.keys(counted.perf.unsupported_reasons)).toEqual(counted.perf.unsupported_events);
    expect(counted.perf.unsupported_reasons['nonsense']).toContain('PMU/EVENT/');
    if (!mayCount(counted.perf)) return;
    const rare = await many(next, 8);
    expect(new Set(rare.map(({ timestamp }) => timestamp)).size).toBe(8);
    for (const { perf } of rare) {
      expect(perf.interval_ms).toBe(1_000);
      expect(Date.parse(perf.sample_time) % 1_000).toBe(0);
    }
    // 8 messages of a quarter of a second see three readings at most.
    expect(new Set(rare.map(({ perf }) => perf.sample_time)).size).toBeLessThanOrEqual(3);
    const clockMs = rare.at(-1)?.perf.events['cpu-clock']?.value ?? 0;

    await set({ perf_events_interval_ms: 70 });
    const onOtherGrid = ({ perf }: { perf: PerfEvents }) => Date.parse(perf.sample_time) % 250 !== 0;
    const [first, second] = [await until(next, onOtherGrid), await until(next, onOtherGrid)];
    expect(first.perf.interval_ms).toBe(70);
    expect(Date.parse(first.perf.sample_time) % 70).toBe(0);
    expect(second.perf.sample_time).not.toBe(first.perf.sample_time);
    // The time counted in an interval of a fourteenth, by as many CPUs.
    expect(first.perf.events['cpu-clock']?.value).toBeLessThan(clockMs / 7);
    await many(next, 4);
    socket.close();

    expect(await storedTimes('cpu')).toContain(250);
    const perfGaps = await storedTimes('perf_events');
    expect(perfGaps).toContain(1_000);
    expect(perfGaps).toContain(250);
    expect(Math.min(...perfGaps)).toBe(250);

    /** The time between rows that follow each other, in ms. */
    async function storedTimes(metric_type: string): Promise<number[]> {
      const end_time = new Date(Date.now() + 60_000).toISOString();
      const query = new URLSearchParams({ metric_type, interval: 'raw', start_time: '2026-01-01', end_time });
      const { body } = await getJson(`${daemon.url}/api/history/metrics?${query}`, token);
      const times = (body as { data_points: { timestamp: string }[] }).data_points.map(({ timestamp }) =>
        Date.parse(timestamp),
      );
      return times.slice(1).map((time, index) => time - (times[index] ?? 0));
    }
  } finally {
    await daemon.stop();
  }
});

/** Whether this host lets anybody count: its tests may run without the permission. */
function mayCount({ unsupported_reasons }: PerfEvents): boolean {
  return !/^(EACCES|EPERM|ENOENT|ENOSYS)/.test(unsupported_reasons['cpu-clock'] ?? '');
}

async function until<T>(next: () => Promise<T>, wanted: (one: T) => boolean): Promise<T> {
  for (;;) {
    const one = await next();
    if (wanted(one)) return one;
  }
}

async function many<T>(next: () => Promise<T>, count: number): Promise<T[]> {
  const all: T[] = [];
  while (all.length < count) all.push(await next());
  return all;
}
