interface SelectProps {
  label: string;
  value: string;
  options: readonly { value: string; text: string; disabled?: boolean }[];
  onChange(value: string): void;
  testId?: string;
}

/** A choice in a toolbar or a heading; its label is for the ear. */
export function Select({ label, value, options, onChange, testId }: SelectProps) {
  return (
    <select
      class="tool select"
      aria-label={label}
      title={label}
      value={value}
      data-testid={testId}
      onChange={(event) => onChange(event.currentTarget.value)}
    >
      {options.map((option) => (
        <option key={option.value} value={option.value} disabled={option.disabled}>
          {option.text}
        </option>
      ))}
    </select>
  );
}
