/** Comparisons over a store with known rows. */
import { describe, expect, test } from 'vitest';
import { isoFromUs } from '../../../src/api/time.ts';
import { MINUTE, SECOND, T0, type TestFrame } from '../../store/fixtures.ts';
import { startHistory } from './history-fixture.ts';

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

interface Period {
  start_time: string;
  end_time: string;
  data_points: { timestamp: string; data: Record<string, unknown> }[];
  count: number;
  truncated?: boolean;
}
interface Comparison {
  interval: string;
  current: Period;
  comparison: Period;
  summary: object;
  stale?: boolean;
}

/** Inside a bucket of every width but 5 s: T0 is a midnight. */
const NOW_US = T0 + 15 * MINUTE + 20 * SECOND;

async function start() {
  const history = await startHistory(NOW_US / 1_000);
  const compare = async (parameters: Record<string, string>) => {
    const { status, body } = await history.get('compare', parameters);
    expect(body).not.toHaveProperty('detail');
    expect(status).toBe(200);
    return body as unknown as Comparison;
  };
  return { ...history, compare };
}

function usage(timestampUs: number, percent: number): TestFrame {
  return { family: 'cpu', fields: ['usage_percent'], instances: ['all'], timestampUs, values: [[percent]] };
}

function pointsOf({ data_points }: Period): [string, unknown][] {
  return data_points.map(({ timestamp, data }) => [timestamp, data['usage_percent']]);
}

function custom(first: number, second: number, lengthUs: number): Record<string, string> {
  return {
    start_time_1: isoFromUs(first),
    end_time_1: isoFromUs(first + lengthUs),
    start_time_2: isoFromUs(second),
    end_time_2: isoFromUs(second + lengthUs),
  };
}

describe('relative periods', () => {
  test('cover the last hour and the same one a day before, at the same round offsets', async () => {
    const { compare, feeder } = await start();
    for (const shift of [0, DAY]) {
      const change = shift / DAY;
      await feeder.append([
        usage(NOW_US - HOUR - shift - 1, 99),
        usage(NOW_US - HOUR - shift, 10 + change),
        usage(NOW_US - 10 * MINUTE - shift, 20 + change),
        usage(NOW_US - shift, 99),
      ]);
    }
    const answer = await compare({ metric_type: 'cpu', period: 'hour', compare_to: 'yesterday' });
    expect(answer).toMatchObject({ metric_type: 'cpu', period: 'hour', compare_to: 'yesterday', interval: '1m' });
    const minute = (offset: number) => isoFromUs(T0 + 15 * MINUTE + offset);
    expect(answer.current).toMatchObject({
      start_time: isoFromUs(NOW_US - HOUR),
      end_time: isoFromUs(NOW_US),
      count: 2,
    });
    expect(pointsOf(answer.current)).toEqual([
      [minute(-HOUR), 10],
      [minute(-10 * MINUTE), 20],
    ]);
    expect(pointsOf(answer.comparison)).toEqual([
      [minute(-HOUR - DAY), 11],
      [minute(-10 * MINUTE - DAY), 21],
    ]);
    expect(answer.summary).toEqual({ current_avg: 15, comparison_avg: 16, change_percent: -6.25 });
  });

  test.each([
    ['hour', '1m'],
    ['day', '5m'],
    ['week', '1h'],
  ])('of a %s have an automatic interval of %s', async (period, interval) => {
    const { compare } = await start();
    expect(await compare({ metric_type: 'cpu', period, compare_to: 'last_week' })).toMatchObject({
      interval,
      current: { data_points: [], count: 0 },
      comparison: { data_points: [], count: 0 },
      summary: { current_avg: null, comparison_avg: null, change_percent: null },
    });
    const asked = { metric_type: 'cpu', period, compare_to: 'last_week', interval: '5s' };
    expect(await compare(asked)).toMatchObject({ interval: '5s' });
  });
});

describe('given periods', () => {
  test('that lie apart by whole buckets have round timestamps', async () => {
    const { compare, feeder } = await start();
    await feeder.append([usage(T0 + 30 * SECOND, 1), usage(T0 + 7 * MINUTE, 2)]);
    const periods = custom(T0 + 10 * SECOND, T0 + 6 * MINUTE + 10 * SECOND, 2 * MINUTE);
    const { current, comparison } = await compare({ metric_type: 'cpu', interval: '1m', ...periods });
    expect(pointsOf(current)).toEqual([[isoFromUs(T0), 1]]);
    expect(pointsOf(comparison)).toEqual([[isoFromUs(T0 + 7 * MINUTE), 2]]);
  });

  test('that do not are divided from their starts, so that points stay in step', async () => {
    const { compare, feeder } = await start();
    const [first, second] = [T0 + 10 * SECOND, T0 + HOUR + 37 * SECOND];
    const offsets = [0, 59 * SECOND, 60 * SECOND, 119 * SECOND];
    for (const from of [first, second])
      await feeder.append(offsets.map((offset, index) => usage(from + offset, index)));
    const { current, comparison } = await compare({
      metric_type: 'cpu',
      interval: '1m',
      ...custom(first, second, 2 * MINUTE),
    });
    for (const [period, from] of [[current, first] as const, [comparison, second] as const]) {
      expect(pointsOf(period)).toEqual([
        [isoFromUs(from), 0.5],
        [isoFromUs(from + MINUTE), 2.5],
      ]);
    }
  });

  test('of a hundred years answer from what there is', async () => {
    const { compare, feeder } = await start();
    await feeder.append([usage(T0, 30), usage(T0 + 6 * SECOND, 60)]);
    const century = 36_500 * DAY;
    const answer = await compare({
      metric_type: 'cpu',
      interval: '5s',
      ...custom(T0 - century / 2, T0 + 30 * DAY, century),
    });
    expect(pointsOf(answer.current)).toEqual([
      [isoFromUs(T0), 30],
      [isoFromUs(T0 + 5 * SECOND), 60],
    ]);
    expect(answer.comparison).toMatchObject({ data_points: [], count: 0 });
    expect(answer.summary).toEqual({ current_avg: 45, comparison_avg: null, change_percent: null });
  });
});

test('what one period lacks is absent there, and a cut leaves the summary whole', async () => {
  const { compare, feeder } = await start();
  const [first, second] = [T0, T0 - DAY];
  await feeder.append([0, 1, 2, 3].map((minute) => usage(first + minute * MINUTE, 10 * minute)));
  await feeder.append([1, 3].map((minute) => usage(second + minute * MINUTE, 10)));
  const answer = await compare({
    metric_type: 'cpu',
    limit: '2',
    interval: '1m',
    ...custom(first, second, 5 * MINUTE),
  });
  expect(pointsOf(answer.current)).toEqual([
    [isoFromUs(first), 0],
    [isoFromUs(first + MINUTE), 10],
  ]);
  expect(answer.current).toMatchObject({ count: 2, truncated: true });
  expect(pointsOf(answer.comparison).map(([timestamp]) => timestamp)).toEqual([
    isoFromUs(second + MINUTE),
    isoFromUs(second + 3 * MINUTE),
  ]);
  expect(answer.comparison).not.toHaveProperty('truncated');
  expect(answer.summary).toEqual({ current_avg: 15, comparison_avg: 10, change_percent: 50 });
});

test('the summary weighs every sample alike, however they fall into buckets', async () => {
  const { compare, feeder } = await start();
  await feeder.append([1, 2, 3].map((second) => usage(T0 + second * SECOND, 0)));
  await feeder.append([usage(T0 + MINUTE, 100)]);
  const answer = await compare({ metric_type: 'cpu', interval: '1m', ...custom(T0, T0 - DAY, 5 * MINUTE) });
  expect(pointsOf(answer.current).map(([, value]) => value)).toEqual([0, 100]);
  expect(answer.summary).toMatchObject({ current_avg: 25 });
});

test('so it does where a part is rolled up', async () => {
  const { compare, feeder, store } = await start();
  await feeder.append([1, 2, 3].map((second) => usage(T0 + second * SECOND, 0)));
  await feeder.append([usage(T0 + MINUTE, 100)]);
  await store.rollup({ family: 'cpu', fromUs: T0, toUs: T0 + MINUTE, bucketUs: MINUTE, archive: false });
  const answer = await compare({ metric_type: 'cpu', interval: '1m', ...custom(T0, T0 - DAY, 5 * MINUTE) });
  expect(pointsOf(answer.current).map(([, value]) => value)).toEqual([0, 100]);
  expect(answer.summary).toMatchObject({ current_avg: 25 });
});

test.each<[string, TestFrame[], number]>([
  ['memory', [{ family: 'memory', fields: ['usage_percent'], timestampUs: T0, values: [[62.4]] }], 62.4],
  [
    'network',
    [
      {
        family: 'network',
        fields: ['bytes_sent_per_sec', 'bytes_received_per_sec'],
        instances: ['all', 'eth0'],
        timestampUs: T0,
        values: [
          [1_000, 2_500],
          [7, 7],
        ],
      },
    ],
    3_500,
  ],
  [
    'disk',
    [
      {
        family: 'disk',
        fields: ['read_bytes_per_sec', 'write_bytes_per_sec'],
        instances: ['all', 'sda'],
        timestampUs: T0,
        values: [
          [4_096, 512],
          [1, 1],
        ],
      },
    ],
    4_608,
  ],
  [
    'memory_bandwidth',
    [{ family: 'memory_bandwidth', fields: ['page_io_bytes_per_sec'], timestampUs: T0, values: [[8_192]] }],
    8_192,
  ],
  [
    'memory_bandwidth',
    [
      {
        family: 'memory_bandwidth',
        fields: ['total_bytes_per_sec', 'page_io_bytes_per_sec'],
        timestampUs: T0,
        values: [[1.5e9, 8_192]],
      },
    ],
    1.5e9,
  ],
  [
    'perf_events',
    [{ family: 'perf', fields: ['cpu_clock_ms_per_sec'], instances: ['all'], timestampUs: T0, values: [[500]] }],
    500,
  ],
  [
    'perf',
    [
      {
        family: 'perf',
        fields: ['instructions_per_cycle', 'cycles_per_sec', 'cpu_clock_ms_per_sec'],
        instances: ['all', '0'],
        timestampUs: T0,
        values: [
          [1.25, 2e9, 500],
          [9, 1, 1],
        ],
      },
    ],
    1.25,
  ],
])('the primary figure of %s', async (metric_type, frames, expected) => {
  const { compare, feeder } = await start();
  await feeder.append(frames);
  const { current, summary } = await compare({ metric_type, ...custom(T0, T0 - DAY, HOUR) });
  expect(current.count).toBe(1);
  expect(summary).toEqual({ current_avg: expected, comparison_avg: null, change_percent: null });
});

test.each(['perf', 'perf_events'])('%s has no points and no means while nothing is counted', async (metric_type) => {
  const { compare } = await start();
  expect(await compare({ metric_type, period: 'hour', compare_to: 'yesterday' })).toMatchObject({
    metric_type,
    current: { data_points: [] },
    summary: { current_avg: null, comparison_avg: null, change_percent: null },
  });
});

test('says so when the store is behind', async () => {
  const { compare, clock, outbox } = await start();
  clock.nowMs = Date.now();
  const parameters = { metric_type: 'cpu', period: 'hour', compare_to: 'yesterday' };
  expect(await compare(parameters)).not.toHaveProperty('stale');
  outbox.stale = true;
  expect(await compare(parameters)).toMatchObject({ stale: true });
});
