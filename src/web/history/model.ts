import { Cell } from '../lib/cell.ts';
import type { Interval, Resolution } from './interval.ts';
import { askResolution, autoInterval, fits } from './interval.ts';
import { HistoryLoader } from './loader.ts';
import type { HistoryQuery } from './query.ts';
import type { Span } from './range.ts';
import { parseTime, spanOf } from './range.ts';

/** What is asked of the daemon for the query of the moment. */
export interface Shown {
  query: HistoryQuery;
  span: Span;
  interval: Interval;
  /** What would be chosen for this span. */
  automatic: Interval;
  resolution: Resolution;
  /** The host's time when the span was worked out. */
  nowMs: number;
}

export interface ModelDeps {
  get<T>(path: string, signal?: AbortSignal): Promise<T>;
  /** The host's clock. */
  now(): number;
}

/** Turns queries into spans and intervals, and has them loaded. */
export class HistoryModel {
  readonly shown = new Cell<Shown | null>(null);
  readonly loader: HistoryLoader;
  readonly #deps: ModelDeps;
  #query: HistoryQuery | null = null;
  #resolution: Promise<Resolution> | null = null;

  constructor(deps: ModelDeps) {
    this.#deps = deps;
    this.loader = new HistoryLoader(deps.get);
  }

  async show(query: HistoryQuery): Promise<void> {
    this.#query = query;
    this.#resolution ??= askResolution(this.#deps.get);
    const resolution = await this.#resolution;
    const oldestMs = query.range.kind === 'all' ? await this.oldest() : null;
    if (this.#query !== query) return;
    const nowMs = this.#deps.now();
    const span = spanOf(query.range, nowMs, oldestMs);
    const automatic = autoInterval(span, resolution, nowMs);
    // An interval that was chosen for a short span must not cut a long one off.
    const interval = query.interval && fits(query.interval, span) ? query.interval : automatic;
    this.shown.set({ query, span, interval, automatic, resolution, nowMs });
    this.loader.load({ span, interval });
  }

  /** The same query again: a range that ends now has moved on. */
  refresh(): void {
    if (this.#query) void this.show(this.#query);
  }

  stop(): void {
    this.#query = null;
    this.loader.stop();
  }

  /** When the first record was made; null when there is none, or no answer. */
  oldest(): Promise<number | null> {
    const details = this.#deps.get<{ oldest_record: string | null }>('/api/config/retention');
    return details.then(
      ({ oldest_record }) => parseTime(oldest_record),
      () => null,
    );
  }
}
