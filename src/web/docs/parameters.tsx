import type { Parameter } from './document.ts';
import { docsMessages } from './messages.ts';
import { limitsOf, typeOf } from './schema.ts';

const text = docsMessages.operation;

interface ParametersProps {
  operationId: string;
  parameters: readonly Parameter[];
  values: Readonly<Record<string, string>>;
  onValue: (name: string, value: string) => void;
}

/** Every parameter with what it takes, and an input for "Try it". */
export function Parameters({ operationId, parameters, values, onValue }: ParametersProps) {
  return (
    <ul class="parameters">
      {parameters.map((parameter) => {
        const { name, required, description, schema } = parameter;
        const id = `${operationId}-${name}`;
        return (
          <li key={name}>
            <div class="parameter-facts">
              <label for={id}>
                <code class="name">{name}</code>
              </label>
              <span class={required ? 'required' : 'optional'}>{required ? text.required : text.optional}</span>
              <span class="type">{typeOf(schema)}</span>
              <span class="place">{text[parameter.in]}</span>
              {limitsOf(schema).map((limit) => (
                <span key={limit} class="limit">
                  {limit}
                </span>
              ))}
              {description && <p>{description}</p>}
            </div>
            <ParameterInput id={id} parameter={parameter} value={values[name] ?? ''} onValue={onValue} />
          </li>
        );
      })}
    </ul>
  );
}

interface InputProps {
  id: string;
  parameter: Parameter;
  value: string;
  onValue: (name: string, value: string) => void;
}

function ParameterInput({ id, parameter: { name, schema, required }, value, onValue }: InputProps) {
  const choices = schema.type === 'boolean' ? ['true', 'false'] : schema.enum?.map(String);
  if (choices) {
    return (
      <div class="field">
        <select id={id} value={value} onChange={(event) => onValue(name, event.currentTarget.value)}>
          {!required && <option value="" />}
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      </div>
    );
  }
  return (
    <div class="field">
      <input
        id={id}
        value={value}
        placeholder={schema.default === undefined ? '' : String(schema.default)}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => onValue(name, event.currentTarget.value)}
      />
    </div>
  );
}
