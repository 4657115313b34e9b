import { bytes } from '../lib/format.ts';
import { docsMessages } from './messages.ts';
import type { Sent } from './send.ts';
import { formatted } from './send.ts';

const text = docsMessages.tryIt;
/** More text than this makes a page slow, and nobody reads it here. */
const SHOWN_CHARACTERS = 200_000;

export function AnswerView({ sent }: { sent: Sent }) {
  const body = formatted(sent.body);
  const shown = body.slice(0, SHOWN_CHARACTERS);
  return (
    <div class="answer">
      <p class="answer-facts">
        <StatusBadge status={String(sent.status)} />
        <span data-testid="answer-time">{text.took(sent.elapsedMs.toFixed(0))}</span>
        <span>{text.size(bytes(sent.bytes))}</span>
      </p>
      <details class="answer-headers">
        <summary class="headers-line">{text.headers(sent.headers.length)}</summary>
        <dl>
          {sent.headers.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </details>
      {body === '' ? (
        <p class="field-hint">{text.empty}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard has to reach it for that
        <pre class="answer-body" tabIndex={0} data-testid="answer-body">
          <code>{shown}</code>
        </pre>
      )}
      {shown.length < body.length && <p class="field-hint">{text.cut(bytes(shown.length), bytes(body.length))}</p>}
    </div>
  );
}

export function StatusBadge({ status }: { status: string }) {
  return (
    <span class="status-badge" data-class={status.charAt(0)}>
      {status}
    </span>
  );
}
