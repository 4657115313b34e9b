/** Which time the history shows: a span up to now that moves on, everything there is, or a fixed one. */
export type Range =
  | { kind: 'last'; minutes: number }
  | { kind: 'all' }
  | { kind: 'fixed'; fromMs: number; toMs: number };

export interface Span {
  fromMs: number;
  toMs: number;
}

const MINUTE_MS = 60_000;
const HOUR = 60;
const DAY = 24 * HOUR;

export const PRESETS: readonly { id: string; range: Range }[] = [
  { id: '1h', range: { kind: 'last', minutes: HOUR } },
  { id: '6h', range: { kind: 'last', minutes: 6 * HOUR } },
  { id: '24h', range: { kind: 'last', minutes: DAY } },
  { id: '7d', range: { kind: 'last', minutes: 7 * DAY } },
  { id: '30d', range: { kind: 'last', minutes: 30 * DAY } },
  { id: 'all', range: { kind: 'all' } },
];

/** Closer than this there is no zooming in: a span has to hold a few samples. */
const SHORTEST_MS = 30_000;
const LONGEST_MINUTES = 10 * 366 * DAY;
const LONGEST_MS = LONGEST_MINUTES * MINUTE_MS;

export function sameRange(a: Range, b: Range): boolean {
  if (a.kind === 'fixed' && b.kind === 'fixed') return a.fromMs === b.fromMs && a.toMs === b.toMs;
  if (a.kind === 'last' && b.kind === 'last') return a.minutes === b.minutes;
  return a.kind === b.kind;
}

/** @param oldestMs when the first record was made; null as long as that is not known or there is none */
export function spanOf(range: Range, nowMs: number, oldestMs: number | null): Span {
  if (range.kind === 'fixed') return { fromMs: range.fromMs, toMs: range.toMs };
  const longestMs = range.kind === 'last' ? range.minutes * MINUTE_MS : nowMs - (oldestMs ?? nowMs);
  return { fromMs: nowMs - Math.max(SHORTEST_MS, longestMs), toMs: nowMs };
}

/** The span before (-1) or after (1) this one, of the same length; none of it lies in the future. */
export function stepped({ fromMs, toMs }: Span, direction: -1 | 1, nowMs: number): Range {
  const lengthMs = toMs - fromMs;
  const shiftMs = Math.min(direction * lengthMs, nowMs - toMs);
  return fixed(fromMs + shiftMs, toMs + shiftMs);
}

/** Twice as long: up to now what ends now, else around the same middle and not into the future. */
export function zoomedOut(range: Range, span: Span, nowMs: number): Range {
  if (range.kind === 'all') return range;
  if (range.kind === 'last') return { kind: 'last', minutes: Math.min(LONGEST_MINUTES, range.minutes * 2) };
  const lengthMs = Math.min(LONGEST_MS, (span.toMs - span.fromMs) * 2);
  const toMs = Math.max(span.toMs, Math.min(nowMs, (span.fromMs + span.toMs + lengthMs) / 2));
  return fixed(toMs - lengthMs, toMs);
}

/** A span that was selected on a chart, made at least as long as there is something to see in. */
export function zoomedInto(fromMs: number, toMs: number): Range {
  const missingMs = Math.max(0, SHORTEST_MS - (toMs - fromMs));
  return fixed(fromMs - missingMs / 2, toMs + missingMs / 2);
}

/** Addresses hold whole seconds. */
function fixed(fromMs: number, toMs: number): Range {
  const wholeSecond = (timeMs: number) => Math.max(0, Math.round(timeMs / 1000)) * 1000;
  return { kind: 'fixed', fromMs: wholeSecond(fromMs), toMs: wholeSecond(toMs) };
}

/** What is wrong with two ends that a person gave; null for nothing. */
export function rangeProblem(fromMs: number | null, toMs: number | null): 'incomplete' | 'order' | 'long' | null {
  if (fromMs === null || toMs === null || fromMs < 0) return 'incomplete';
  if (toMs <= fromMs) return 'order';
  return toMs - fromMs > LONGEST_MS ? 'long' : null;
}

const UNITS: readonly { letter: string; minutes: number }[] = [
  { letter: 'd', minutes: DAY },
  { letter: 'h', minutes: HOUR },
  { letter: 'm', minutes: 1 },
];

/** `6h`, `7d`, `90m` of a `last` range. */
export function durationText(minutes: number): string {
  // A single day is called 24h.
  const unit = UNITS.find(({ minutes: each }) => minutes % each === 0 && (each !== DAY || minutes > DAY));
  return unit ? `${minutes / unit.minutes}${unit.letter}` : `${minutes}m`;
}

/** The range in the parameters of an address; null when there is none, or none that makes sense. */
export function parseRange(parameters: URLSearchParams): Range | null {
  const range = parameters.get('range');
  if (range === 'all') return { kind: 'all' };
  if (range !== null) {
    const [, count = '', letter] = /^(\d{1,7})([mhd])$/.exec(range) ?? [];
    const minutes = Number(count) * (UNITS.find((unit) => unit.letter === letter)?.minutes ?? 0);
    return minutes > 0 && minutes <= LONGEST_MINUTES ? { kind: 'last', minutes } : null;
  }
  const fromMs = parseTime(parameters.get('from'));
  const toMs = parseTime(parameters.get('to'));
  return fromMs === null || toMs === null || rangeProblem(fromMs, toMs) ? null : { kind: 'fixed', fromMs, toMs };
}

export function rangeParameters(range: Range): [string, string][] {
  if (range.kind === 'all') return [['range', 'all']];
  if (range.kind === 'last') return [['range', durationText(range.minutes)]];
  return [
    ['from', timeText(range.fromMs)],
    ['to', timeText(range.toMs)],
  ];
}

/** `2026-11-23T14:30:00Z`, as addresses hold it. */
export function timeText(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}

export function parseTime(text: string | null): number | null {
  const timeMs = Date.parse(text ?? '');
  return Number.isNaN(timeMs) ? null : timeMs;
}
