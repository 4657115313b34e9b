import type { Api } from '../lib/api.ts';
import { Cell } from '../lib/cell.ts';
import type { Channel, ChannelName } from './channels.ts';
import { CHANNELS } from './channels.ts';
import type { LiveMessage } from './metrics.ts';
import { parseMessage } from './metrics.ts';
import { Points } from './points.ts';
import type { StreamSocket } from './stream.ts';
import { LiveStream } from './stream.ts';
import { LONGEST_WINDOW_MS, Timeline } from './timeline.ts';

const HISTORY_INTERVAL = '5s';
const HISTORY_INTERVAL_MS = 5_000;
const CADENCE_SAMPLES = 5;
const ASSUMED_CADENCE_MS = 5_000;
/** No eye reads figures that change faster; the charts get every point. */
const SHOW_EVERY_MS = 200;

/** Everything the live view shows: the latest message, the points of each chart and the state of the connection. */
export class LiveFeed {
  readonly latest = new Cell<LiveMessage | null>(null);
  /** When the latest message came, on this browser's clock. */
  readonly arrivedMs = new Cell<number | null>(null);
  /** The daemon's sampling interval, as its messages come. */
  readonly cadenceMs = new Cell(ASSUMED_CADENCE_MS);
  readonly timeline = new Timeline();
  readonly points: Record<ChannelName, Points>;
  readonly stream: LiveStream;
  readonly #api: Api;
  /** The time of the newest point on the host's clock, and when figures were last shown on this browser's. */
  #newestMs = 0;
  #shownMs = 0;
  #recentGapsMs: number[] = [];
  /** Until the first message of a connection: what was missed before it comes from the history. */
  #fresh = true;
  #stopped = new AbortController();

  constructor(api: Api, token: string) {
    this.#api = api;
    const newPoints = (channel: { columns: number }) => new Points(channel.columns, LONGEST_WINDOW_MS);
    this.points = {
      cpu: newPoints(CHANNELS.cpu),
      memory: newPoints(CHANNELS.memory),
      network: newPoints(CHANNELS.network),
      disk: newPoints(CHANNELS.disk),
    };
    const address = new URL('/api/ws/metrics', location.href.replace(/^http/, 'ws'));
    address.searchParams.set('token', token);
    this.stream = new LiveStream(
      {
        connect: () => new WebSocket(address) as StreamSocket,
        now: () => Date.now(),
        setTimer: (task, delayMs) => setTimeout(task, delayMs),
        clearTimer: (timer) => clearTimeout(timer),
        random: Math.random,
      },
      {
        onMessage: (text) => this.#receive(text),
        // A browser doesn't say why an upgrade failed; this request does, and a 401 ends the session.
        onRefused: () => void api.me().catch(() => undefined),
      },
    );
    this.stream.state.subscribe(({ name }) => {
      if (name !== 'open') this.#fresh = true;
    });
    this.timeline.windowMs.subscribe((windowMs) => this.#backfillWindow(windowMs));
  }

  start(): void {
    const { signal } = this.#stopped;
    addEventListener('online', () => this.stream.online(), { signal });
    addEventListener('offline', () => this.stream.offline(), { signal });
    // From the back-forward cache a page returns with its socket closed.
    addEventListener('pageshow', () => this.stream.wake(), { signal });
    document.addEventListener('visibilitychange', () => document.hidden || this.stream.wake(), { signal });
    this.stream.start();
  }

  stop(): void {
    this.#stopped.abort();
    this.stream.stop();
  }

  #receive(text: string): void {
    const message = parseMessage(text);
    if (!message) return;
    const previousMs = this.#newestMs;
    if (!this.#fresh) this.#learnCadence(message.timestampMs - previousMs);
    this.#newestMs = message.timestampMs;
    for (const channel of Object.values(CHANNELS)) {
      const point = { timeMs: message.timestampMs, values: channel.values(message.data) };
      this.points[channel.block].push(point, this.cadenceMs.value);
    }
    this.timeline.note(message.timestampMs, this.cadenceMs.value);
    this.#show(message);
    if (!this.#fresh) return;
    this.#fresh = false;
    this.timeline.refresh();
    const windowStartMs = message.timestampMs - this.timeline.windowMs.value;
    this.#backfill(Math.max(windowStartMs, previousMs), message.timestampMs);
  }

  #show(message: LiveMessage): void {
    const now = Date.now();
    this.arrivedMs.set(now);
    if (now - this.#shownMs < SHOW_EVERY_MS) return;
    this.#shownMs = now;
    this.latest.set(message);
  }

  /** The median of the last few distances: neither a late message nor the off-beat one of a new connection changes it. */
  #learnCadence(gapMs: number): void {
    if (gapMs <= 0) return;
    this.#recentGapsMs = [...this.#recentGapsMs, gapMs].slice(-CADENCE_SAMPLES);
    const sorted = this.#recentGapsMs.toSorted((a, b) => a - b);
    this.cadenceMs.set(sorted[Math.floor(sorted.length / 2)] ?? gapMs);
  }

  #backfillWindow(windowMs: number): void {
    const firstMs = this.points.cpu.firstTimeMs;
    if (firstMs !== null) this.#backfill(this.#newestMs - windowMs, firstMs);
  }

  #backfill(fromMs: number, toMs: number): void {
    if (toMs - fromMs < HISTORY_INTERVAL_MS) return;
    for (const channel of Object.values(CHANNELS)) void this.#backfillChannel(channel, fromMs, toMs);
  }

  /** A daemon that has no history to give leaves the charts to fill by themselves. */
  async #backfillChannel(channel: Channel, fromMs: number, toMs: number): Promise<void> {
    const history = await this.#api
      .history(channel.block, fromMs, toMs, HISTORY_INTERVAL)
      .catch(() => ({ data_points: [] }));
    if (this.#stopped.signal.aborted || history.data_points.length === 0) return;
    const older = history.data_points.map(({ timestamp, data }) => ({
      timeMs: Date.parse(timestamp),
      values: channel.values({ [channel.block]: data }),
    }));
    this.points[channel.block].backfill(older, HISTORY_INTERVAL_MS);
    this.timeline.refresh();
  }
}
