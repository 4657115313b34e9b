import { useLayoutEffect, useMemo, useState } from 'preact/hooks';
import { Cell } from '../lib/cell.ts';

/** What a chart shows: rows, and from where to where, in the units of its horizontal axis. */
export interface Frame {
  times: number[];
  columns: (number | null)[][];
  from: number;
  to: number;
}

/** Where a chart gets its rows from. */
export interface ChartSource {
  /** Calls `draw` at once and whenever there is something else to show, until the returned function is called. */
  register(draw: (frame: Frame) => void): () => void;
  /** Told when the pointer comes onto the chart, and when it leaves. */
  hover?(over: boolean): void;
}

/** A source of frames that a component makes itself. */
export function useFrameSource(frame: Frame): ChartSource {
  const [shown] = useState(() => new Cell(frame));
  useLayoutEffect(() => shown.set(frame));
  return useMemo(
    () => ({
      register(draw) {
        draw(shown.value);
        return shown.subscribe(draw);
      },
    }),
    [shown],
  );
}
