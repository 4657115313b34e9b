import { messages } from '../messages.ts';

/** A figure that may be missing: null is "no value", which is never shown as 0. */
export type Figure = number | null | undefined;

export type Zone = 'utc' | 'local';

const DASH = messages.noValue;
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;
const COUNT_UNITS = ['', 'k', 'M', 'G', 'T'] as const;

function isMissing(value: Figure): value is null | undefined {
  return value === null || value === undefined || !Number.isFinite(value);
}

/** Three significant digits, so that a figure keeps its width while it moves: 1.25, 12.5, 125. */
function threeDigits(value: number): string {
  const size = Math.abs(value);
  if (size >= 99.95) return value.toFixed(0);
  if (size >= 9.995) return value.toFixed(1);
  return value.toFixed(2);
}

/** `value` in the largest unit of `units` (each `base` times the one before) that it reaches after rounding. */
function scaled(value: number, base: number, units: readonly string[]): { text: string; unit: string } {
  let index = 0;
  let rest = value;
  while (index < units.length - 1 && Math.abs(rest) >= base - 0.5) {
    rest /= base;
    index++;
  }
  const whole = index === 0 && Number.isInteger(rest);
  return { text: whole ? String(rest) : threeDigits(rest), unit: units[index] ?? '' };
}

/** `45.2%` */
export function percent(value: Figure): string {
  return isMissing(value) ? DASH : `${value.toFixed(1)}%`;
}

/** `1.25 MiB`, in powers of 1024. */
export function bytes(value: Figure): string {
  if (isMissing(value)) return DASH;
  const { text, unit } = scaled(value < 1 ? Math.round(value) : value, 1024, BYTE_UNITS);
  return `${text} ${unit}`;
}

/** `1.25 MiB/s` */
export function byteRate(value: Figure): string {
  return isMissing(value) ? DASH : `${bytes(value)}/s`;
}

/** `126 k`, in powers of 1000; below 1000 the number itself. */
export function count(value: Figure): string {
  if (isMissing(value)) return DASH;
  const { text, unit } = scaled(value, 1000, COUNT_UNITS);
  return unit ? `${text} ${unit}` : text;
}

/** `126 k/s` */
export function countRate(value: Figure): string {
  return isMissing(value) ? DASH : `${count(value)}/s`;
}

/** A latency given in milliseconds: `0.50 ms`, `1.20 s`. */
export function milliseconds(value: Figure): string {
  if (isMissing(value)) return DASH;
  return value >= 999.5 ? `${threeDigits(value / 1000)} s` : `${threeDigits(value)} ms`;
}

/** A plain number with two decimals: load averages, instructions per cycle. */
export function decimal(value: Figure): string {
  return isMissing(value) ? DASH : value.toFixed(2);
}

/** How long ago, from milliseconds: `now`, `12 s`, `3 min`, `2 h`. */
export function age(elapsedMs: number): string {
  const seconds = Math.max(0, Math.floor(elapsedMs / 1000));
  if (seconds < 1) return messages.now;
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h`;
}

const twoDigits = (value: number) => String(value).padStart(2, '0');

/** Time of day, `14:30:05` (`14:30` without seconds), of milliseconds since the Unix epoch. */
export function timeOfDay(timeMs: number, zone: Zone, withSeconds = true): string {
  const date = new Date(timeMs);
  const parts =
    zone === 'utc'
      ? [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()]
      : [date.getHours(), date.getMinutes(), date.getSeconds()];
  return (withSeconds ? parts : parts.slice(0, 2)).map(twoDigits).join(':');
}

/** Splits `1.25 MiB/s` or `45.2%` into number and unit, which are set in different sizes. */
export function splitUnit(text: string): { value: string; unit: string } {
  const value = /^[^\s%]+/.exec(text)?.[0] ?? '';
  return { value, unit: text.slice(value.length).trimStart() };
}
