import type { ComponentChildren } from 'preact';

interface TextFieldProps {
  id: string;
  label: string;
  value: string;
  onValue: (value: string) => void;
  /** Stands behind the input. */
  unit?: string;
  hint?: ComponentChildren;
  problem?: string | undefined;
  readOnly?: boolean;
  changed?: boolean;
  secret?: boolean;
  input?: { inputMode?: 'text' | 'decimal' | 'numeric'; autocomplete?: string; spellcheck?: boolean };
}

/** A labelled input; its problem takes the place of the hint. */
export function TextField({ id, label, value, onValue, unit, hint, problem, ...rest }: TextFieldProps) {
  const noteId = `${id}-note`;
  return (
    <div class="field" data-changed={rest.changed} data-problem={problem !== undefined}>
      <label for={id}>{label}</label>
      <div class="field-line">
        <input
          id={id}
          {...(rest.secret ? { type: 'password' as const } : { type: 'text' as const })}
          {...rest.input}
          value={value}
          readOnly={rest.readOnly ?? false}
          aria-invalid={problem !== undefined}
          aria-describedby={noteId}
          data-testid={id}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
        {unit && <span class="field-unit">{unit}</span>}
      </div>
      <FieldNote id={noteId} hint={hint} problem={problem} />
    </div>
  );
}

/** What stands below a field: what is wrong with it, else what helps. */
export function FieldNote(props: { id: string; hint?: ComponentChildren; problem?: string | undefined }) {
  return (
    <p id={props.id} class={props.problem ? 'field-problem' : 'field-hint'} data-testid={props.id}>
      {props.problem ?? props.hint}
    </p>
  );
}
