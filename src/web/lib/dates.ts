import type { Zone } from './format.ts';
import { timeOfDay } from './format.ts';

/** Dates and moments as text. Every time is milliseconds since the Unix epoch. */

const formats = new Map<string, Intl.DateTimeFormat>();

function formatted(timeMs: number, zone: Zone, options: Intl.DateTimeFormatOptions): string {
  const key = `${zone} ${Object.values(options).join()}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', { ...options, ...(zone === 'utc' ? { timeZone: 'UTC' } : {}) });
    formats.set(key, format);
  }
  return format.format(timeMs);
}

/** `23 Nov` */
export function dayOfMonth(timeMs: number, zone: Zone): string {
  return formatted(timeMs, zone, { day: 'numeric', month: 'short' });
}

/** `Nov 2026` */
export function monthAndYear(timeMs: number, zone: Zone): string {
  return formatted(timeMs, zone, { month: 'short', year: 'numeric' });
}

/** `Mon 23 Nov` */
function weekday(timeMs: number, zone: Zone): string {
  return formatted(timeMs, zone, { weekday: 'short', day: 'numeric', month: 'short' }).replace(',', '');
}

/** `23 Nov 2026` */
export function fullDay(timeMs: number, zone: Zone): string {
  return formatted(timeMs, zone, { day: 'numeric', month: 'short', year: 'numeric' });
}

/** `Mon 23 Nov 14:30`, with seconds where there are any. */
export function moment(timeMs: number, zone: Zone): string {
  return `${weekday(timeMs, zone)} ${timeOfDay(timeMs, zone, timeMs % 60_000 !== 0)}`;
}

/** `23 Nov 14:30`, with seconds where there are any. */
export function shortMoment(timeMs: number, zone: Zone): string {
  return `${dayOfMonth(timeMs, zone)} ${timeOfDay(timeMs, zone, timeMs % 60_000 !== 0)}`;
}

/** `23 Nov 2026 14:30`, with seconds where there are any. */
export function dateAndTime(timeMs: number, zone: Zone): string {
  return `${fullDay(timeMs, zone)} ${timeOfDay(timeMs, zone, timeMs % 60_000 !== 0)}`;
}

/** Of longer spans, seconds would be in the way. */
const SECONDS_MATTER_MS = 30 * 60_000;

/** `23 Nov 10:00 – 16:00`, `22 Nov 18:00 – 23 Nov 06:00`; the years only when they aren't all the current one. */
export function span(fromMs: number, toMs: number, zone: Zone, nowMs: number): string {
  const withSeconds = toMs - fromMs < SECONDS_MATTER_MS && (fromMs % 60_000 !== 0 || toMs % 60_000 !== 0);
  const clock = (timeMs: number) => timeOfDay(timeMs, zone, withSeconds);
  const year = (timeMs: number) => formatted(timeMs, zone, { year: 'numeric' });
  const thisYear = year(nowMs);
  const day = year(fromMs) === thisYear && year(toMs) === thisYear ? dayOfMonth : fullDay;
  const sameDay = fullDay(fromMs, zone) === fullDay(toMs, zone);
  const end = sameDay ? clock(toMs) : `${day(toMs, zone)} ${clock(toMs)}`;
  return `${day(fromMs, zone)} ${clock(fromMs)} – ${end}`;
}

const twoDigits = (value: number) => String(value).padStart(2, '0');

/** As `<input type="datetime-local">` takes it: `2026-11-23T14:30:00`. */
export function toInputValue(timeMs: number, zone: Zone): string {
  const date = new Date(timeMs);
  if (zone === 'utc') return date.toISOString().slice(0, 19);
  const day = [date.getFullYear(), twoDigits(date.getMonth() + 1), twoDigits(date.getDate())].join('-');
  return `${day}T${timeOfDay(timeMs, zone)}`;
}

/** What such an input holds; null when that is no moment. */
export function fromInputValue(text: string, zone: Zone): number | null {
  const timeMs = Date.parse(zone === 'utc' ? `${text}Z` : text);
  return Number.isNaN(timeMs) ? null : timeMs;
}
