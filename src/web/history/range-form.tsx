import { useRef, useState } from 'preact/hooks';
import { useApp } from '../app-context.ts';
import { fromInputValue, toInputValue } from '../lib/dates.ts';
import { useCell } from '../lib/hooks.ts';
import { messages } from '../messages.ts';
import { DateTimeField } from '../ui/date-time-field.tsx';
import type { Span } from './range.ts';
import { rangeProblem } from './range.ts';

const text = messages.history;

interface RangeFormProps {
  /** What stands in the fields at first. */
  span: Span;
  onApply(fromMs: number, toMs: number): void;
}

/** Two moments in the chosen time zone. Nothing is asked for before they are sent off. */
export function RangeForm({ span, onApply }: RangeFormProps) {
  const { zone } = useApp();
  const currentZone = useCell(zone);
  const from = useRef<HTMLInputElement>(null);
  const to = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  // What was being typed stays when the charts move on behind the form.
  const [first] = useState(span);
  const submit = (event: Event) => {
    event.preventDefault();
    const fromMs = fromInputValue(from.current?.value ?? '', currentZone);
    const toMs = fromInputValue(to.current?.value ?? '', currentZone);
    const wrong = rangeProblem(fromMs, toMs);
    setProblem(wrong && text.rangeProblem[wrong]);
    if (!wrong && fromMs !== null && toMs !== null) onApply(fromMs, toMs);
  };
  return (
    // The zone is the key: with another one the same moments are written otherwise.
    <form class="range-form" key={currentZone} onSubmit={submit} noValidate>
      <DateTimeField label={text.from} value={toInputValue(first.fromMs, currentZone)} input={from} />
      <DateTimeField label={text.to} value={toInputValue(first.toMs, currentZone)} input={to} />
      <p class="form-note">{text.inZone(text.zones[currentZone])}</p>
      <p class="problem" role="alert">
        {problem}
      </p>
      <button type="submit" class="primary-button">
        {text.apply}
      </button>
    </form>
  );
}
