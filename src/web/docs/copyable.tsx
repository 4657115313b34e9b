import { useState } from 'preact/hooks';
import { docsMessages } from './messages.ts';

const text = docsMessages.curl;

/** A command, and a button that copies it. */
export function Copyable({ command }: { command: string }) {
  const [outcome, setOutcome] = useState<'copied' | 'failed' | null>(null);
  const copy = () => {
    // Over plain http to another host, browsers have no clipboard.
    const written = navigator.clipboard?.writeText(command) ?? Promise.reject(new Error('no clipboard'));
    written.then(
      () => setOutcome('copied'),
      () => setOutcome('failed'),
    );
  };
  return (
    <div class="copyable">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard has to reach it for that */}
      <pre tabIndex={0}>
        <code data-testid="command">{command}</code>
      </pre>
      <button type="button" class="plain-button" onClick={copy} onBlur={() => setOutcome(null)}>
        {outcome ? text[outcome] : text.copy}
      </button>
    </div>
  );
}
