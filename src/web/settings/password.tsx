import { useState } from 'preact/hooks';
import { ApiError } from '../lib/api.ts';
import { Panel } from '../ui/panel.tsx';
import { TextField } from '../ui/text-field.tsx';
import { settingsMessages } from './messages.ts';
import type { SettingsApi } from './settings-api.ts';

const text = settingsMessages.password;

type Name = 'current' | 'next' | 'repeat';
type Entries = Record<Name, string>;
type Problems = Partial<Entries>;

const NAMES: readonly Name[] = ['current', 'next', 'repeat'];
const EMPTY: Entries = { current: '', next: '', repeat: '' };

/** What can be said about the entries without the daemon. */
export function passwordProblems(entries: Entries): Problems {
  const problems: Problems = {};
  for (const name of NAMES) if (entries[name] === '') problems[name] = text.missing;
  if (entries.next !== entries.repeat && entries.repeat !== '') problems.repeat = text.different;
  return problems;
}

/** Whose fault a refusal is: the daemon names the current password when that is wrong, else it is about the new one. */
export function passwordRefusal(error: ApiError): Problems | null {
  if (error.status !== 400) return null;
  return /current.password/i.test(error.message) ? { current: error.message } : { next: error.message };
}

/** Changes the password of whoever is logged in. */
export function PasswordPanel({ api, username }: { api: SettingsApi; username: string }) {
  const [entries, setEntries] = useState(EMPTY);
  const [problems, setProblems] = useState<Problems>({});
  const [notice, setNotice] = useState<{ good: boolean; text: string } | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    const found = passwordProblems(entries);
    setProblems(found);
    setNotice(null);
    if (Object.keys(found).length > 0) return;
    setBusy(true);
    try {
      await api.changePassword(entries.current, entries.next);
      setEntries(EMPTY);
      setNotice({ good: true, text: text.changed });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const refusal = passwordRefusal(error);
      if (refusal) setProblems(refusal);
      else setNotice({ good: false, text: noticeOf(error) });
    } finally {
      setBusy(false);
    }
  };

  return (
    <Panel id="password" title={settingsMessages.sections.password}>
      <form class="password-form" onSubmit={submit} noValidate>
        <input
          class="sr-only"
          name="username"
          autocomplete="username"
          value={username}
          readOnly
          tabIndex={-1}
          aria-hidden
        />
        {NAMES.map((name) => (
          <TextField
            key={name}
            id={`password-${name}`}
            label={text[name]}
            value={entries[name]}
            onValue={(value) => {
              setEntries({ ...entries, [name]: value });
              setProblems({ ...problems, [name]: undefined });
              setNotice(null);
            }}
            problem={problems[name]}
            secret
            input={{ autocomplete: name === 'current' ? 'current-password' : 'new-password' }}
          />
        ))}
        <p role="status" class={notice?.good ? 'good-news' : 'field-problem'} data-testid="password-notice">
          {notice?.text}
        </p>
        <button type="submit" class="plain-button" aria-disabled={busy}>
          {busy ? text.submitting : text.submit}
        </button>
      </form>
    </Panel>
  );
}

function noticeOf({ status, message, retryAfterSeconds }: ApiError): string {
  return status === 429 && retryAfterSeconds !== null ? text.throttled(retryAfterSeconds) : message;
}
