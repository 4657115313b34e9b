import { dayOfMonth, monthAndYear } from '../lib/dates.ts';
import type { Zone } from '../lib/format.ts';
import { timeOfDay } from '../lib/format.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SHORTEST_MONTH = 28 * DAY;

/** A horizontal axis in seconds: of the time of day, or from the start of a period. */
export interface TimeAxis {
  /** Whether its values are moments (seconds since the Unix epoch), whose lines fall on whole days, months and years. */
  moments: boolean;
  /** Distances between lines to choose from, in seconds; without them those that suit moments. */
  steps?: number[];
  /** Lines of text of the labels. */
  rows: 1 | 2;
  labels(values: readonly number[], stepSeconds: number, zone: Zone): string[];
}

/** For spans of minutes: seconds only where the lines are closer than a minute. */
export const clockAxis: TimeAxis = {
  moments: true,
  steps: [5, 10, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE],
  rows: 1,
  labels(times, _step, zone) {
    const withSeconds = times.some((time) => time % MINUTE !== 0);
    return times.map((time) => timeOfDay(time * 1000, zone, withSeconds));
  },
};

/** For any span: the day stands below the first label and below the first one of each further day. */
export const calendarAxis: TimeAxis = {
  moments: true,
  rows: 2,
  labels(times, step, zone) {
    if (step >= SHORTEST_MONTH) return times.map((time) => monthAndYear(time * 1000, zone));
    const days = times.map((time) => dayOfMonth(time * 1000, zone));
    if (step >= DAY) return days;
    return times.map((time, index) => {
      const clock = timeOfDay(time * 1000, zone, step < MINUTE);
      return days[index] === days[index - 1] ? clock : `${clock}\n${days[index]}`;
    });
  },
};

/** For periods laid over each other: how long after the start. */
export const offsetAxis: TimeAxis = {
  moments: false,
  steps: [
    ...[1, 5, 10, 15, 30],
    ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
    ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
    ...[1, 2, 7, 28, 56, 168, 336].map((days) => days * DAY),
  ],
  rows: 1,
  labels: (offsets) => offsets.map(offsetText),
};

/** `0`, `+30 s`, `+5 min`, `+2 h`, `+2:15 h`, `+3 d`, `+1 d 12 h`. */
export function offsetText(seconds: number): string {
  if (seconds === 0) return '0';
  const [days, hours] = [Math.floor(seconds / DAY), Math.floor((seconds % DAY) / HOUR)];
  const [minutes, rest] = [Math.floor((seconds % HOUR) / MINUTE), Math.floor(seconds % MINUTE)];
  const twoDigits = (value: number) => String(value).padStart(2, '0');
  if (days === 0 && hours === 0) {
    if (minutes === 0) return `+${rest} s`;
    return rest === 0 ? `+${minutes} min` : `+${minutes}:${twoDigits(rest)} min`;
  }
  const clock = minutes === 0 ? `${hours} h` : `${hours}:${twoDigits(minutes)} h`;
  if (days === 0) return `+${clock}`;
  return hours === 0 && minutes === 0 ? `+${days} d` : `+${days} d ${clock}`;
}
