import { settingsMessages } from './messages.ts';

const text = settingsMessages.hints;

/** How often something is sampled that is sampled every `intervalSeconds`: `12 readings a minute`, `200 readings a second`. */
export function rateOf(intervalSeconds: number | undefined): string {
  if (intervalSeconds === undefined) return '';
  if (intervalSeconds <= 1) return text.rate(inDigits(1 / intervalSeconds), 'second');
  if (intervalSeconds <= 60) return text.rate(inDigits(60 / intervalSeconds), 'minute');
  return text.rate(inDigits(3_600 / intervalSeconds), 'hour');
}

function inDigits(value: number): string {
  return String(Number(value.toPrecision(3)));
}

const MINUTES = { week: 10_080, day: 1_440, hour: 60, minute: 1 } as const;

/** `Once a day, counted from 03:00 UTC` */
export function scheduleOf(minutes: number | undefined): string {
  if (minutes === undefined) return '';
  return text.schedule(everyOf(minutes));
}

function everyOf(minutes: number): string {
  for (const [span, length] of Object.entries(MINUTES))
    if (minutes === length) return text.once(text.spans[span as keyof typeof MINUTES]);
  if (minutes % MINUTES.day === 0) return text.everyDays(minutes / MINUTES.day);
  if (minutes % MINUTES.hour === 0) return text.everyHours(minutes / MINUTES.hour);
  return text.everyMinutes(minutes);
}
