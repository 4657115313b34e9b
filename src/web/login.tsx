import { useEffect, useRef, useState } from 'preact/hooks';
import { useApp } from './app-context.ts';
import { ApiError } from './lib/api.ts';
import { useTicks } from './lib/hooks.ts';
import { messages } from './messages.ts';
import { Logo } from './ui/logo.tsx';
import { ThemeButton } from './ui/theme-button.tsx';

const text = messages.login;

export function LoginView() {
  const { api, session, theme } = useApp();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const wait = useCountdown();
  const waiting = wait.leftSeconds > 0;
  const username = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);

  useEffect(() => {
    document.title = `${text.title} · ${messages.product}`;
    username.current?.focus();
  }, []);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy || waiting) return;
    setBusy(true);
    setError(null);
    try {
      await api.login(username.current?.value ?? '', password.current?.value ?? '');
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure;
      setBusy(false);
      if (failure.status !== 429) setError(failure.message);
      else if (failure.retryAfterSeconds === null) setError(text.throttledForAWhile);
      else wait.start(failure.retryAfterSeconds);
      password.current?.select();
    }
  };

  const notice = { expired: text.expired, logout: text.loggedOut };
  const end = session.lastEnd.value;
  const shown = waiting ? text.throttled(wait.leftSeconds) : error;
  // Said once: a live region that counts down would talk all the time.
  const spoken = waiting ? text.throttled(wait.totalSeconds) : error;
  return (
    <main class="login">
      <div class="login-theme">
        <ThemeButton theme={theme} />
      </div>
      <div class="login-card">
        <Logo />
        <h1>{text.title}</h1>
        <p class="login-tagline">{text.tagline}</p>
        <form onSubmit={submit} aria-describedby="login-problem">
          <label for="username">{text.username}</label>
          <input
            id="username"
            name="username"
            ref={username}
            required
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
          />
          <label for="password">{text.password}</label>
          <input
            id="password"
            name="password"
            type="password"
            ref={password}
            required
            autocomplete="current-password"
          />
          <p id="login-problem" class="sr-only" role="alert">
            {spoken}
          </p>
          <p class={shown ? 'problem' : 'notice'} aria-hidden={shown !== null} data-testid="login-problem">
            {shown ?? (end ? notice[end] : '')}
          </p>
          <button type="submit" class="primary-button" aria-disabled={busy || waiting}>
            {busy ? text.submitting : text.submit}
          </button>
        </form>
      </div>
    </main>
  );
}

/** A wait that counts down once a second. */
function useCountdown() {
  const [totalSeconds, setTotalSeconds] = useState(0);
  const [untilMs, setUntilMs] = useState(0);
  const leftSeconds = Math.max(0, Math.ceil((untilMs - Date.now()) / 1000));
  useTicks(leftSeconds > 0 ? 250 : null);
  const start = (seconds: number) => {
    setTotalSeconds(seconds);
    setUntilMs(Date.now() + seconds * 1000);
  };
  return { totalSeconds, leftSeconds, start };
}
