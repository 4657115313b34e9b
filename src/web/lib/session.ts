import { Cell } from './cell.ts';

export interface Session {
  token: string;
  expiresAtMs: number;
}

/** Why a session ended: the person left, or the daemon no longer takes the token. */
export type SessionEnd = 'logout' | 'expired';

const KEY = 'tacho.session';
/** Browsers fire a longer timer at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface SessionDeps {
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  now(): number;
}

/** The login of this tab. It survives a reload, not the tab, and is never a cookie. */
export class SessionStore {
  readonly current: Cell<Session | null>;
  readonly lastEnd = new Cell<SessionEnd | null>(null);
  readonly #deps: SessionDeps;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
    this.current = new Cell(restore(deps));
    this.#watchExpiry();
  }

  begin(token: string, expiresInSeconds: number): void {
    const session = { token, expiresAtMs: this.#deps.now() + expiresInSeconds * 1000 };
    this.#deps.storage.setItem(KEY, JSON.stringify(session));
    this.lastEnd.set(null);
    this.current.set(session);
    this.#watchExpiry();
  }

  end(reason: SessionEnd): void {
    if (!this.current.value) return;
    clearTimeout(this.#timer);
    this.#deps.storage.removeItem(KEY);
    this.lastEnd.set(reason);
    this.current.set(null);
  }

  #watchExpiry(): void {
    clearTimeout(this.#timer);
    const session = this.current.value;
    if (!session) return;
    const leftMs = session.expiresAtMs - this.#deps.now();
    if (leftMs <= 0) this.end('expired');
    else this.#timer = setTimeout(() => this.#watchExpiry(), Math.min(leftMs, LONGEST_TIMER_MS));
  }
}

function restore({ storage, now }: SessionDeps): Session | null {
  const stored = storage.getItem(KEY);
  if (!stored) return null;
  try {
    const { token, expiresAtMs } = JSON.parse(stored) as Partial<Session>;
    if (typeof token === 'string' && typeof expiresAtMs === 'number' && expiresAtMs > now())
      return { token, expiresAtMs };
  } catch {
    // Not ours, or cut off: the same as no session.
  }
  storage.removeItem(KEY);
  return null;
}
