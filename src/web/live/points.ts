import type { Point } from '../chart/rows.ts';

/** Two points further apart than this many of their intervals have a gap between them. */
const GAP_INTERVALS = 2.5;
/** Old points are cut off when they are this much over the span that is kept, not one by one. */
const SLACK = 1.2;
const GAP = 0;

/**
 * The points of one chart, in columns as uPlot draws them, oldest first:
 *
 *   times      12.0  17.0  22.0  34.5  47.0   (seconds since the Unix epoch)
 *   column 0    1.5   2.0   1.0  null   3.0   (34.5 is no point but a gap: it breaks the line)
 *
 * Cutting and backfilling make new arrays and leave the old ones alone, for a paused chart goes on using those.
 */
export class Points {
  #times: number[] = [];
  #columns: (number | null)[][];
  /** The interval each point stands for, in ms; GAP marks the rows that are gaps. */
  #intervals: number[] = [];
  readonly #keepMs: number;

  constructor(columnCount: number, keepMs: number) {
    this.#columns = Array.from({ length: columnCount }, () => []);
    this.#keepMs = keepMs;
  }

  get times(): number[] {
    return this.#times;
  }

  get columns(): (number | null)[][] {
    return this.#columns;
  }

  get firstTimeMs(): number | null {
    const first = this.#times[0];
    return first === undefined ? null : first * 1000;
  }

  /** Adds the newest point. Points at or after its time go: the host's clock was set back. */
  push(point: Point, intervalMs: number): void {
    const timeSeconds = point.timeMs / 1000;
    while (this.#times.length > 0 && (this.#times.at(-1) ?? 0) >= timeSeconds) this.#pop();
    const gapMs = this.#gapBefore(point.timeMs, intervalMs);
    if (gapMs > 0) this.#append(point.timeMs - gapMs / 2, null, GAP);
    this.#append(point.timeMs, point.values, intervalMs);
    this.#trim(point.timeMs);
  }

  /** Adds older points, in order of time, where there are none yet: each stands for `intervalMs` and yields to a point closer than half of that. */
  backfill(older: readonly Point[], intervalMs: number): void {
    const known = this.#points();
    const merged: { point: Point; intervalMs: number }[] = [];
    let next = 0;
    for (const candidate of older) {
      for (let entry = known[next]; entry && entry.point.timeMs <= candidate.timeMs; entry = known[++next])
        merged.push(entry);
      const before = merged.at(-1)?.point.timeMs ?? Number.NEGATIVE_INFINITY;
      const after = known[next]?.point.timeMs ?? Number.POSITIVE_INFINITY;
      const closest = Math.min(candidate.timeMs - before, after - candidate.timeMs);
      if (closest >= intervalMs / 2) merged.push({ point: candidate, intervalMs });
    }
    merged.push(...known.slice(next));
    this.#times = [];
    this.#intervals = [];
    this.#columns = this.#columns.map(() => []);
    for (const entry of merged) this.push(entry.point, entry.intervalMs);
  }

  #points(): { point: Point; intervalMs: number }[] {
    const points = [];
    for (let row = 0; row < this.#times.length; row++) {
      const intervalMs = this.#intervals[row] ?? GAP;
      if (intervalMs === GAP) continue;
      const values = this.#columns.map((column) => column[row] ?? null);
      points.push({ point: { timeMs: (this.#times[row] ?? 0) * 1000, values }, intervalMs });
    }
    return points;
  }

  /** The length of the gap between the last point and one at `timeMs`, or 0. */
  #gapBefore(timeMs: number, intervalMs: number): number {
    const lastTime = this.#times.at(-1);
    const lastInterval = this.#intervals.at(-1);
    if (lastTime === undefined || lastInterval === undefined || lastInterval === GAP) return 0;
    const apartMs = timeMs - lastTime * 1000;
    return apartMs > GAP_INTERVALS * Math.max(intervalMs, lastInterval) ? apartMs : 0;
  }

  #append(timeMs: number, values: readonly (number | null)[] | null, intervalMs: number): void {
    this.#times.push(timeMs / 1000);
    this.#intervals.push(intervalMs);
    for (const [index, column] of this.#columns.entries()) column.push(values?.[index] ?? null);
  }

  #pop(): void {
    this.#times.pop();
    this.#intervals.pop();
    for (const column of this.#columns) column.pop();
  }

  #trim(newestMs: number): void {
    const first = this.firstTimeMs;
    if (first === null || newestMs - first <= this.#keepMs * SLACK) return;
    const oldestSeconds = (newestMs - this.#keepMs) / 1000;
    const keepFrom = this.#times.findIndex((time) => time >= oldestSeconds);
    this.#times = this.#times.slice(keepFrom);
    this.#intervals = this.#intervals.slice(keepFrom);
    this.#columns = this.#columns.map((column) => column.slice(keepFrom));
  }
}
