import { useState } from 'preact/hooks';
import type { Cell } from '../lib/cell.ts';
import { useCell } from '../lib/hooks.ts';
import { TextField } from '../ui/text-field.tsx';
import { docsMessages } from './messages.ts';

const text = docsMessages.token;

/** The token of "Try it": typed in, or fetched by logging in. It is kept nowhere but in `token`. */
export function TokenPanel({ token }: { token: Cell<string> }) {
  const current = useCell(token);
  return (
    <details class="token" data-testid="token">
      <summary>
        <span class="token-title">{text.title}</span>
        <span class="token-state" data-set={current !== ''} role="status" data-testid="token-state">
          {current === '' ? text.none : text.set}
        </span>
      </summary>
      <p class="field-hint">{text.hint}</p>
      <form class="token-fields" onSubmit={(event) => event.preventDefault()}>
        <TextField
          id="token-value"
          label={text.field}
          value={current}
          onValue={(value) => token.set(value.trim())}
          secret
          input={{ autocomplete: 'off', spellcheck: false }}
        />
        {current !== '' && (
          <button type="button" class="plain-button" onClick={() => token.set('')}>
            {text.forget}
          </button>
        )}
      </form>
      {current === '' && <LoginForm onToken={(value) => token.set(value)} />}
    </details>
  );
}

function LoginForm({ onToken }: { onToken: (token: string) => void }) {
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(undefined);
    const outcome = await logIn(username, password);
    setBusy(false);
    if ('token' in outcome) onToken(outcome.token);
    else setProblem(outcome.problem);
  };
  return (
    <form onSubmit={submit}>
      <p class="token-or">{text.or}</p>
      <div class="token-fields">
        <TextField
          id="token-username"
          label={text.username}
          value={username}
          onValue={setUsername}
          input={{ autocomplete: 'username', spellcheck: false }}
        />
        <TextField
          id="token-password"
          label={text.password}
          value={password}
          onValue={setPassword}
          problem={problem}
          secret
          input={{ autocomplete: 'current-password' }}
        />
        <button type="submit" class="plain-button" aria-disabled={busy}>
          {busy ? text.loggingIn : text.logIn}
        </button>
      </div>
    </form>
  );
}

async function logIn(username: string, password: string): Promise<{ token: string } | { problem: string }> {
  try {
    const response = await fetch('/api/auth/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password }),
    });
    const { access_token: token, detail } = (await response.json()) as { access_token?: string; detail?: string };
    return token ? { token } : { problem: detail ?? docsMessages.status(response.status) };
  } catch {
    return { problem: docsMessages.unreachable };
  }
}
