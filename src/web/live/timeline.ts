import { Cell } from '../lib/cell.ts';

export const WINDOW_MINUTES = [2, 10, 30] as const;
export const LONGEST_WINDOW_MS = 30 * 60_000;

/** The charts move on when a pixel's worth of time has passed; about what a chart's width comes to. */
const STEPS_PER_WINDOW = 800;
const SHORTEST_STEP_MS = 100;
/** The charts trail by one sample so that the line slides in at the edge, but never by more than this. */
const LONGEST_LAG_MS = 5_000;
/** The edge never steps back for jitter; for more than this the host's clock was set back, and it follows. */
const CLOCK_STEP_MS = 5_000;

type Draw = (fromMs: number, toMs: number) => void;

interface Loop {
  timer: ReturnType<typeof setTimeout> | undefined;
  frame: number;
}

/** The common time axis of the charts, which moves with the host's clock. */
export class Timeline {
  readonly windowMs = new Cell(10 * 60_000);
  /** Stopped by the pause button. */
  readonly paused = new Cell(false);
  /** Stopped while the pointer is on a chart. */
  readonly hovered = new Cell(false);
  readonly #charts = new Set<Draw>();
  /** From this browser's clock to the host's; null until its first sample. */
  #offsetMs: number | null = null;
  #lagMs = 0;
  #edgeMs = Date.now();
  #loop: Loop | null = null;

  constructor() {
    this.windowMs.subscribe(() => this.#drawAll());
    this.paused.subscribe((paused) => paused || this.#drawAll());
    this.hovered.subscribe((hovered) => hovered || this.#drawAll());
  }

  /** Calls `draw` with the span to show, at once and whenever it moves, until the returned function is called. */
  register(draw: Draw): () => void {
    this.#charts.add(draw);
    draw(...this.#span());
    this.#loop ??= this.#run();
    return () => {
      this.#charts.delete(draw);
      if (this.#charts.size === 0) this.#stop();
    };
  }

  /** A sample of `timestampMs` on the host's clock has just arrived; the next is due in `cadenceMs`. */
  note(timestampMs: number, cadenceMs: number): void {
    this.#lagMs = Math.min(cadenceMs, LONGEST_LAG_MS);
    // Every sample is older than it could be by its way here, the first of a connection by up to a whole interval:
    // the youngest tells the clock.
    const offsetMs = timestampMs - Date.now();
    const setBack = this.#offsetMs !== null && offsetMs < this.#offsetMs - CLOCK_STEP_MS - cadenceMs;
    if (this.#offsetMs === null || offsetMs > this.#offsetMs || setBack) this.#offsetMs = offsetMs;
  }

  /** The host's clock, as far as its messages tell. */
  hostNowMs(): number {
    return Date.now() + (this.#offsetMs ?? 0);
  }

  /** Draws now rather than at the next step: points have come that are not at the edge. Where the charts stand still, so does the edge. */
  refresh(): void {
    this.#drawAll();
  }

  #stopped(): boolean {
    return this.paused.value || this.hovered.value;
  }

  #span(): [number, number] {
    const target = this.hostNowMs() - this.#lagMs;
    const clockStepped = target < this.#edgeMs - CLOCK_STEP_MS;
    if (!this.#stopped() && (target > this.#edgeMs || clockStepped)) this.#edgeMs = target;
    return [this.#edgeMs - this.windowMs.value, this.#edgeMs];
  }

  #drawAll(): void {
    const span = this.#span();
    for (const draw of this.#charts) draw(...span);
  }

  #run(): Loop {
    const loop: Loop = { timer: undefined, frame: 0 };
    const step = () => {
      if (!this.#stopped()) this.#drawAll();
      const stepMs = Math.max(SHORTEST_STEP_MS, this.windowMs.value / STEPS_PER_WINDOW);
      loop.timer = setTimeout(() => {
        // A hidden page gets no frames, and so draws nothing.
        loop.frame = requestAnimationFrame(step);
      }, stepMs);
    };
    step();
    return loop;
  }

  #stop(): void {
    clearTimeout(this.#loop?.timer);
    cancelAnimationFrame(this.#loop?.frame ?? 0);
    this.#loop = null;
  }
}
