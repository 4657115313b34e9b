import type { Figure } from '../lib/format.ts';
import { percent } from '../lib/format.ts';

/** `+14.2%`, `−3.0%` with a real minus, `0.0%`; a dash for no value. */
export function signedPercent(value: Figure): string {
  if (value === null || value === undefined) return percent(value);
  const size = percent(Math.abs(value));
  // What rounds to nothing has no sign.
  if (Number.parseFloat(size) === 0) return size;
  return `${value > 0 ? '+' : '−'}${size}`;
}
