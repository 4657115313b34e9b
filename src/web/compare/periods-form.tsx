import { useRef, useState } from 'preact/hooks';
import { useApp } from '../app-context.ts';
import { rangeProblem } from '../history/range.ts';
import { dateAndTime, fromInputValue, toInputValue } from '../lib/dates.ts';
import { useCell } from '../lib/hooks.ts';
import { useFeed } from '../live/feed-context.ts';
import { messages } from '../messages.ts';
import { DateTimeField } from '../ui/date-time-field.tsx';
import type { CustomPeriods } from './query.ts';

const text = messages.compare;
const HOUR_MS = 3_600_000;

/** Two spans: both ends of the one, and the start of the other, whose end follows. */
export function PeriodsForm({
  periods,
  onApply,
}: {
  periods: CustomPeriods | null;
  onApply(periods: CustomPeriods): void;
}) {
  const { zone } = useApp();
  const { timeline } = useFeed();
  const currentZone = useCell(zone);
  const [first] = useState(() => periods ?? lastHourAndDayBefore(timeline.hostNowMs()));
  const [end, setEnd] = useState<number | null>(endOf(first));
  const [problem, setProblem] = useState<string | null>(null);
  const fields = {
    from: useRef<HTMLInputElement>(null),
    to: useRef<HTMLInputElement>(null),
    before: useRef<HTMLInputElement>(null),
  };
  const read = () => {
    const timeOf = (name: keyof typeof fields) => fromInputValue(fields[name].current?.value ?? '', currentZone);
    const [fromMs, toMs, beforeMs] = [timeOf('from'), timeOf('to'), timeOf('before')];
    const wrong = beforeMs === null ? 'incomplete' : rangeProblem(fromMs, toMs);
    if (wrong || fromMs === null || toMs === null || beforeMs === null) return wrong ?? 'incomplete';
    return { fromMs, toMs, beforeMs };
  };
  const follow = () => {
    const typed = read();
    setEnd(typeof typed === 'string' ? null : endOf(typed));
  };
  const submit = (event: Event) => {
    event.preventDefault();
    const typed = read();
    if (typeof typed === 'string') setProblem(messages.history.rangeProblem[typed]);
    else onApply(typed);
  };
  return (
    <form class="range-form" key={currentZone} onSubmit={submit} onInput={follow} noValidate>
      <DateTimeField label={text.firstStart} value={toInputValue(first.fromMs, currentZone)} input={fields.from} />
      <DateTimeField label={text.firstEnd} value={toInputValue(first.toMs, currentZone)} input={fields.to} />
      <DateTimeField label={text.secondStart} value={toInputValue(first.beforeMs, currentZone)} input={fields.before} />
      <p class="date-time-field">
        <span>{text.secondEnd}</span>
        <output data-testid="second-end">{end === null ? messages.noValue : dateAndTime(end, currentZone)}</output>
      </p>
      <p class="form-note">{messages.history.inZone(messages.history.zones[currentZone])}</p>
      <p class="problem" role="alert">
        {problem}
      </p>
      <button type="submit" class="primary-button">
        {text.apply}
      </button>
    </form>
  );
}

function endOf({ fromMs, toMs, beforeMs }: CustomPeriods): number {
  return beforeMs + (toMs - fromMs);
}

function lastHourAndDayBefore(nowMs: number): CustomPeriods {
  const toMs = Math.floor(nowMs / 60_000) * 60_000;
  return { fromMs: toMs - HOUR_MS, toMs, beforeMs: toMs - 25 * HOUR_MS };
}
