interface SegmentsProps<T extends string> {
  label: string;
  options: readonly { value: T; text: string; label?: string }[];
  /** null when none of them is chosen. */
  value: T | null;
  onChange(value: T): void;
}

/** A row of buttons of which one is pressed. */
export function Segments<T extends string>({ label, options, value, onChange }: SegmentsProps<T>) {
  return (
    <fieldset class="segments" aria-label={label}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          aria-label={option.label}
          onClick={() => onChange(option.value)}
        >
          {option.text}
        </button>
      ))}
    </fieldset>
  );
}
