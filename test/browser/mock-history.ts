import type { MockHost } from './mock-metrics.ts';
import { mockMetrics } from './mock-metrics.ts';

type Metrics = ReturnType<typeof mockMetrics>;

const INTERVALS_MS: Record<string, number> = { '5s': 5_000, '1m': 60_000, '5m': 300_000, '1h': 3_600_000 };
const FINEST_MS = 5_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const PERIODS_MS: Record<string, number> = { hour: HOUR_MS, day: DAY_MS, week: 7 * DAY_MS };
const SHIFTS_MS: Record<string, number> = { yesterday: DAY_MS, last_week: 7 * DAY_MS };

interface Answer {
  status: number;
  body: object;
}

/** The past of the mock host. */
export class MockHistory {
  /** Spans without figures, in ms since the Unix epoch. */
  gaps: { fromMs: number; toMs: number }[] = [];
  /** Metric types that answer with 503. */
  readonly failing = new Set<string>();
  /** Changes every answer before it goes out. */
  change: (body: object) => object = (body) => body;
  readonly #host: MockHost;

  constructor(host: MockHost) {
    this.#host = host;
  }

  /** Null for a path that is not the history's. */
  answer({ pathname, searchParams }: URL): Answer | null {
    const type = searchParams.get('metric_type') ?? '';
    if (pathname !== '/api/history/metrics' && pathname !== '/api/history/compare') return null;
    if (this.failing.has(type)) return { status: 503, body: { detail: 'The store is not available' } };
    const body = pathname.endsWith('compare') ? this.#compare(type, searchParams) : this.#metrics(type, searchParams);
    return { status: 200, body: this.change(body) };
  }

  #metrics(type: string, query: URLSearchParams) {
    const [fromMs, toMs] = [Date.parse(query.get('start_time') ?? ''), Date.parse(query.get('end_time') ?? '')];
    const interval = query.get('interval') ?? '5s';
    return {
      metric_type: type,
      interval,
      data_points: this.#points(type, fromMs, Math.min(toMs, Date.now()), interval),
    };
  }

  #compare(type: string, query: URLSearchParams) {
    const nowMs = Date.now();
    const relative = query.has('period');
    const time = (name: string) => Date.parse(query.get(name) ?? '');
    const lengthMs = relative
      ? (PERIODS_MS[query.get('period') ?? ''] ?? 0)
      : time('end_time_1') - time('start_time_1');
    const fromMs = relative ? nowMs - lengthMs : time('start_time_1');
    const beforeMs = relative ? fromMs - (SHIFTS_MS[query.get('compare_to') ?? ''] ?? 0) : time('start_time_2');
    const interval = lengthMs <= 12 * HOUR_MS ? '1m' : lengthMs <= 3 * DAY_MS ? '5m' : '1h';
    const period = (startMs: number) => ({
      start_time: new Date(startMs).toISOString(),
      end_time: new Date(startMs + lengthMs).toISOString(),
      data_points: this.#points(type, startMs, startMs + lengthMs, interval),
    });
    return {
      metric_type: type,
      interval,
      current: period(fromMs),
      comparison: period(beforeMs),
      summary: { current_avg: 38.4, comparison_avg: 33.6, change_percent: 14.285714 },
    };
  }

  /** Whatever the interval, the figures move as much from one point to the next. */
  #points(type: string, fromMs: number, toMs: number, interval: string) {
    const stepMs = INTERVALS_MS[interval] ?? FINEST_MS;
    const points = [];
    for (let timeMs = Math.ceil(fromMs / stepMs) * stepMs; timeMs < toMs; timeMs += stepMs) {
      if (this.gaps.some((gap) => timeMs >= gap.fromMs && timeMs < gap.toMs)) continue;
      const metrics = mockMetrics(timeMs / (stepMs / FINEST_MS), this.#host);
      points.push({ timestamp: new Date(timeMs).toISOString(), data: blockOf(type, metrics) });
    }
    return points;
  }
}

function blockOf(type: string, metrics: Metrics): object {
  if (type !== 'perf_events') return metrics[type as keyof Metrics];
  const { unsupported_reasons: _, ...events } = metrics.perf_events;
  return { ...metrics.perf, ...events };
}
