import type { ComponentChildren } from 'preact';
import { FieldNote, TextField } from '../ui/text-field.tsx';
import type { Draft } from './fields.ts';
import { FIELDS } from './fields.ts';
import type { Outlook, SettingsForm } from './form.ts';
import { settingsMessages } from './messages.ts';
import type { Interval, SettingName } from './settings.ts';

const text = settingsMessages;

/** What every field of the form needs of it. */
export interface FormContext {
  form: SettingsForm;
  draft: Draft;
  outlook: Outlook;
  mayChange: boolean;
}

type NamesOf<T> = { [Name in SettingName]: Draft[Name] extends T ? Name : never }[SettingName];
type TypedName = Exclude<NamesOf<string>, 'downsample_interval'>;

interface FieldProps<Name> {
  name: Name;
  context: FormContext;
  hint?: ComponentChildren;
}

export function TypedField({ name, context, hint }: FieldProps<TypedName>) {
  const { form, draft, outlook, mayChange } = context;
  const field = FIELDS[name];
  const inputMode = field.kind !== 'number' ? 'text' : field.decimals > 0 ? 'decimal' : 'numeric';
  return (
    <TextField
      id={name}
      label={text.fields[name].label}
      unit={text.fields[name].unit}
      value={draft[name]}
      onValue={(value) => form.type(name, value)}
      hint={hint}
      problem={outlook.problems[name]}
      readOnly={!mayChange}
      changed={outlook.changed.includes(name)}
      input={{ inputMode, autocomplete: 'off', spellcheck: false }}
    />
  );
}

export function SwitchField({ name, context, hint }: FieldProps<NamesOf<boolean>>) {
  const { form, draft, outlook, mayChange } = context;
  const noteId = `${name}-note`;
  return (
    <div class="field field-switch" data-changed={outlook.changed.includes(name)}>
      <label for={name}>
        <input
          id={name}
          type="checkbox"
          role="switch"
          class="switch"
          checked={draft[name]}
          aria-checked={draft[name]}
          disabled={!mayChange}
          aria-describedby={noteId}
          data-testid={name}
          onChange={(event) => form.type(name, event.currentTarget.checked)}
        />
        {text.fields[name].label}
      </label>
      <FieldNote id={noteId} hint={hint} problem={outlook.problems[name]} />
    </div>
  );
}

export function IntervalField({ context }: { context: FormContext }) {
  const { form, draft, outlook, mayChange } = context;
  const name = 'downsample_interval';
  const noteId = `${name}-note`;
  return (
    <div class="field" data-changed={outlook.changed.includes(name)}>
      <label for={name}>{text.fields[name].label}</label>
      <div class="field-line">
        <select
          id={name}
          value={draft[name]}
          disabled={!mayChange}
          aria-describedby={noteId}
          data-testid={name}
          onChange={(event) => form.type(name, event.currentTarget.value as Interval)}
        >
          {FIELDS[name].choices.map((choice) => (
            <option key={choice} value={choice}>
              {text.interval(choice)}
            </option>
          ))}
        </select>
      </div>
      <FieldNote id={noteId} problem={outlook.problems[name]} />
    </div>
  );
}
