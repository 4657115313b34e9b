/** One moment of a chart; null is no value. */
export interface Point {
  timeMs: number;
  values: readonly (number | null)[];
}

export interface Rows {
  /** Seconds, ascending. */
  times: number[];
  columns: (number | null)[][];
}

export interface Spacing {
  /** How far apart points are where none is missing, in ms. */
  stepMs: number;
  /** Points further apart than this, in ms, have a gap between them. */
  gapMs: number;
  /** The span that is shown, in ms: where it reaches beyond the points there is a gap, too. */
  fromMs: number;
  toMs: number;
}

/**
 * Points (oldest first) in columns as uPlot draws them, with a row without values at either end of each gap:
 *
 *   times      12.0  17.0  22.0  42.0  47.0
 *   column 0    1.5   2.0  null  null   3.0
 *
 * The line breaks there, and the crosshair finds nothing in between. Points without any value count as missing.
 */
export function rowsWithGaps(points: readonly Point[], columnCount: number, spacing: Spacing): Rows {
  const times: number[] = [];
  const columns: (number | null)[][] = Array.from({ length: columnCount }, () => []);
  const append = (timeMs: number, values: readonly (number | null)[] | null) => {
    times.push(timeMs / 1000);
    for (const [index, column] of columns.entries()) column.push(values?.[index] ?? null);
  };
  const appendGap = (afterMs: number, beforeMs: number) => {
    if (beforeMs - afterMs <= spacing.gapMs) return;
    const first = afterMs + spacing.stepMs;
    const last = beforeMs - spacing.stepMs;
    append(Math.min(first, last), null);
    if (last > first) append(last, null);
  };
  let previousMs = spacing.fromMs - spacing.stepMs;
  for (const { timeMs, values } of points) {
    if (values.every((value) => value === null)) continue;
    appendGap(previousMs, timeMs);
    append(timeMs, values);
    previousMs = timeMs;
  }
  if (times.length > 0) appendGap(previousMs, spacing.toMs);
  return { times, columns };
}
