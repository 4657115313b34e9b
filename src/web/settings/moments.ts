import { dateAndTime, fullDay } from '../lib/dates.ts';
import type { Zone } from '../lib/format.ts';
import { timeOfDay } from '../lib/format.ts';

/** `1 Nov 2026`, and with the time where the zone's day does not begin then. */
export function dayText(iso: string, zone: Zone): string {
  const timeMs = Date.parse(iso);
  return timeOfDay(timeMs, zone) === '00:00:00' ? fullDay(timeMs, zone) : dateAndTime(timeMs, zone);
}

/** `23 Nov 2026 14:30`: here seconds say nothing. */
export function momentText(iso: string, zone: Zone): string {
  return dateAndTime(Math.floor(Date.parse(iso) / 60_000) * 60_000, zone);
}
