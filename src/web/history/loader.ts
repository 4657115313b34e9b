import type { History } from '../lib/api.ts';
import { LatestRequest } from '../lib/request.ts';
import type { Block, BlockName } from './blocks.ts';
import { BLOCK_NAMES } from './blocks.ts';
import type { Interval } from './interval.ts';
import { MOST_POINTS, wholeBuckets } from './interval.ts';
import type { Span } from './range.ts';

export interface BlockPoint<B = Block> {
  timeMs: number;
  data: B;
}

/** One block's answer for one span. */
export interface BlockHistory {
  span: Span;
  interval: Interval;
  /** Oldest first; spans without figures have none. */
  points: readonly BlockPoint[];
  /** There were more points than an answer holds; the oldest are given. */
  truncated: boolean;
  /** The newest samples may be missing. */
  stale: boolean;
}

export interface LoadRequest {
  span: Span;
  interval: Interval;
}

type Get = <T>(path: string, signal: AbortSignal) => Promise<T>;

/** The history of each block; asking for another span cancels what is on its way. */
export class HistoryLoader {
  readonly blocks: Record<BlockName, LatestRequest<BlockHistory>>;
  readonly #get: Get;
  #request: LoadRequest | null = null;

  constructor(get: Get) {
    this.#get = get;
    this.blocks = Object.fromEntries(BLOCK_NAMES.map((name) => [name, new LatestRequest<BlockHistory>()])) as Record<
      BlockName,
      LatestRequest<BlockHistory>
    >;
  }

  load(request: LoadRequest): void {
    this.#request = request;
    for (const block of BLOCK_NAMES) this.retry(block);
  }

  /** Asks for one block again. */
  retry(block: BlockName): void {
    const request = this.#request;
    if (request) void this.blocks[block].run((signal) => this.#load(block, request, signal));
  }

  stop(): void {
    for (const request of Object.values(this.blocks)) request.cancel();
  }

  async #load(block: BlockName, { span, interval }: LoadRequest, signal: AbortSignal): Promise<BlockHistory> {
    const { fromMs, toMs } = wholeBuckets(span, interval);
    const query = new URLSearchParams({
      metric_type: block,
      start_time: new Date(fromMs).toISOString(),
      end_time: new Date(toMs).toISOString(),
      interval,
      limit: String(MOST_POINTS),
    });
    const answer = await this.#get<History>(`/api/history/metrics?${query}`, signal);
    const points = answer.data_points.map(({ timestamp, data }) => ({ timeMs: Date.parse(timestamp), data }));
    return { span, interval, points, truncated: answer.truncated ?? false, stale: answer.stale ?? false };
  }
}
