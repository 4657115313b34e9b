import { useMemo, useState } from 'preact/hooks';
import type { Cell } from '../lib/cell.ts';
import { StatusBadge } from './answer.tsx';
import { Copyable } from './copyable.tsx';
import type { Answer, Operation } from './document.ts';
import { docsMessages } from './messages.ts';
import { Parameters } from './parameters.tsx';
import { compose, curlOf, firstInputs } from './request.ts';
import { SchemaTree } from './schema-tree.tsx';
import { TryIt } from './try-it.tsx';

const text = docsMessages.operation;

interface OperationProps {
  operation: Operation;
  open: boolean;
  onToggle: (open: boolean) => void;
  token: Cell<string>;
}

/** One operation: a line, and everything about it when that is opened. */
export function OperationView({ operation, open, onToggle, token }: OperationProps) {
  const { id, method, path, summary, isSocket, needsToken } = operation;
  return (
    <details
      id={id}
      class="operation"
      open={open}
      data-testid={id}
      onToggle={(event) => {
        if (event.currentTarget.open !== open) onToggle(event.currentTarget.open);
      }}
    >
      <summary>
        <MethodBadge method={isSocket ? 'WS' : method} />
        <code class="path">{path}</code>
        <span class="summary-text">{summary}</span>
        <span class="access" data-token={needsToken}>
          {needsToken ? text.needsToken : text.public}
        </span>
      </summary>
      {open && <Details operation={operation} token={token} />}
    </details>
  );
}

export function MethodBadge({ method }: { method: string }) {
  return (
    <span class="method" data-method={method}>
      {method}
    </span>
  );
}

function Details({ operation, token }: { operation: Operation; token: Cell<string> }) {
  const { parameters, body, description, answers, isSocket, needsToken } = operation;
  const [inputs, setInputs] = useState(() => firstInputs(operation, Date.now()));
  const request = useMemo(() => compose(operation, inputs), [operation, inputs]);
  const setValue = (name: string, value: string) =>
    setInputs({ ...inputs, values: { ...inputs.values, [name]: value } });
  const bodyId = `${operation.id}-body`;
  return (
    <div class="operation-details">
      {description && <p class="description">{description}</p>}
      {parameters.length > 0 && (
        <>
          <h4>{text.parameters}</h4>
          <Parameters operationId={operation.id} parameters={parameters} values={inputs.values} onValue={setValue} />
        </>
      )}
      {body && (
        <>
          <h4>{text.body}</h4>
          <SchemaTree schema={body} />
        </>
      )}
      <h4>{text.answers}</h4>
      <ul class="answers">
        {answers.map((answer) => (
          <AnswerLine key={answer.status} answer={answer} />
        ))}
      </ul>
      <h4>{docsMessages.tryIt.title}</h4>
      {isSocket ? (
        <>
          <p class="field-hint">{docsMessages.tryIt.socket}</p>
          <Copyable command={socketAddress(request.address)} />
        </>
      ) : (
        <>
          {body && (
            <div class="field">
              <label for={bodyId}>{docsMessages.tryIt.body}</label>
              <textarea
                id={bodyId}
                rows={Math.min(16, inputs.body.split('\n').length + 1)}
                spellcheck={false}
                value={inputs.body}
                onInput={(event) => setInputs({ ...inputs, body: event.currentTarget.value })}
              />
            </div>
          )}
          <Copyable command={curlOf(request, needsToken, location.origin)} />
          <TryIt operation={operation} request={request} token={token} />
        </>
      )}
    </div>
  );
}

function socketAddress(address: string): string {
  const origin = location.origin.replace(/^http/, 'ws');
  return `${origin}${address}${address.includes('?') ? '&' : '?'}token=$TOKEN`;
}

function AnswerLine({ answer: { status, description, schema } }: { answer: Answer }) {
  const line = (
    <>
      <StatusBadge status={status} /> {description}
    </>
  );
  if (!schema) return <li class="answer-line">{line}</li>;
  return (
    <li>
      <details open={status.startsWith('2')}>
        <summary class="answer-line">{line}</summary>
        <SchemaTree schema={schema} />
      </details>
    </li>
  );
}
