import { useEffect, useState } from 'preact/hooks';
import type { Cell } from '../lib/cell.ts';
import { useCell } from '../lib/hooks.ts';
import { LatestRequest } from '../lib/request.ts';
import { AnswerView } from './answer.tsx';
import type { Operation } from './document.ts';
import { docsMessages } from './messages.ts';
import type { Composed } from './request.ts';
import type { Sent } from './send.ts';
import { send } from './send.ts';

const text = docsMessages.tryIt;

/** Sends the request that was filled in, and shows what comes back. */
export function TryIt(props: { operation: Operation; request: Composed; token: Cell<string> }) {
  const { operation, request, token } = props;
  const current = useCell(token);
  const [latest] = useState(() => new LatestRequest<Sent>());
  const state = useCell(latest);
  useEffect(() => () => latest.cancel(), [latest]);
  return (
    <section class="try-it" aria-label={text.title}>
      {operation.method !== 'GET' && <p class="warning">{text.changes}</p>}
      {operation.needsToken && current === '' && <p class="warning">{text.noToken}</p>}
      <button
        type="button"
        class="primary-button"
        onClick={() => void latest.run((signal) => send(request, operation.needsToken ? current : '', signal))}
      >
        {state.loading ? text.sending : `${text.send} ${operation.method}`}
      </button>
      <div aria-live="polite" data-testid="answer">
        {state.problem && <p class="field-problem">{state.problem}</p>}
        {!state.problem && state.value && <AnswerView sent={state.value} />}
      </div>
    </section>
  );
}
