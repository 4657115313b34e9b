import type { Zone } from '../../lib/format.ts';
import { timeOfDay } from '../../lib/format.ts';

/** Where the vertical axis ends and how far apart its lines are. */
export interface Scale {
  top: number;
  step: number;
}

const LINES = 4;

/** An axis of bytes from 0 to at least `max`: the lines fall on powers of two, which read as whole KiB and MiB. */
export function byteScale(max: number): Scale {
  const step = 2 ** Math.ceil(Math.log2(Math.max(max, 1024) / LINES));
  return { top: Math.ceil(Math.max(max, 1024) / step) * step, step };
}

export function splits({ top, step }: Scale): number[] {
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, index) => index * step);
}

/** Labels of the time axis, with seconds only where the lines are closer than a minute. */
export function timeLabels(timesSeconds: readonly number[], zone: Zone): string[] {
  const withSeconds = timesSeconds.some((time) => time % 60 !== 0);
  return timesSeconds.map((time) => timeOfDay(time * 1000, zone, withSeconds));
}
