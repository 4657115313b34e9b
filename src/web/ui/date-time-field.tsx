import type { RefObject } from 'preact';
import { useId } from 'preact/hooks';

interface DateTimeFieldProps {
  label: string;
  /** `2026-11-23T14:30:00` */
  value: string;
  input: RefObject<HTMLInputElement | null>;
}

/** A date and a time of day, to the second. */
export function DateTimeField({ label, value, input }: DateTimeFieldProps) {
  const id = useId();
  return (
    <div class="date-time-field">
      <label for={id}>{label}</label>
      <input id={id} type="datetime-local" step="1" defaultValue={value} ref={input} />
    </div>
  );
}
