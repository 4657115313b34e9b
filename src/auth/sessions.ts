import { randomUUID } from 'node:crypto';
import type { Membership } from '../state/organisations.ts';
import type { State } from '../state/state.ts';
import { isoSeconds } from '../state/time.ts';
import { TOKEN_KINDS, type TokenKind } from './tokens.ts';

export interface Session {
  id: string;
  userId: number;
  kind: string;
  createdAtMs: number;
  expiresAtMs: number;
}

/** Who a valid token speaks for. */
export interface Principal {
  userId: number;
  username: string;
  isAdmin: boolean;
  sessionId: string;
  organisations: readonly Membership[];
}

type EndListener = (sessionId: string) => void;

/**
 * Who is logged in. All of it is in memory, so that a request costs no read of the state file, and every change is written through:
 * the daemon is the only process that uses the file.
 */
export class Sessions {
  readonly #state: State;
  readonly #now: () => number;
  readonly #sessions = new Map<string, Session>();
  readonly #people = new Map<number, Omit<Principal, 'sessionId'>>();
  readonly #listeners = new Set<EndListener>();

  constructor(state: State, now: () => number = Date.now) {
    this.#state = state;
    this.#now = now;
    for (const record of state.sessions.active(isoSeconds(now()))) {
      this.#sessions.set(record.id, {
        id: record.id,
        userId: record.user,
        kind: record.kind,
        createdAtMs: Date.parse(record.createdAt),
        expiresAtMs: Date.parse(record.expiresAt),
      });
    }
  }

  open(userId: number, kind: TokenKind): Session {
    // Whole seconds, as tokens and the state file have them.
    const createdAtMs = Math.floor(this.#now() / 1000) * 1000;
    const expiresAtMs = createdAtMs + TOKEN_KINDS[kind].lifetimeSeconds * 1000;
    const session: Session = { id: randomUUID(), userId, kind, createdAtMs, expiresAtMs };
    this.#state.sessions.add({
      id: session.id,
      user: userId,
      kind,
      createdAt: isoSeconds(createdAtMs),
      expiresAt: isoSeconds(expiresAtMs),
    });
    this.#sessions.set(session.id, session);
    return session;
  }

  /** Null for one that has expired, was revoked or never was. */
  find(id: string): Session | null {
    const session = this.#sessions.get(id);
    return session && session.expiresAtMs > this.#now() ? session : null;
  }

  principalOf(session: Session): Principal | null {
    const { id: sessionId, userId } = session;
    const known = this.#people.get(userId);
    if (known) return { ...known, sessionId };
    const user = this.#state.users.byId(userId);
    if (!user) return null;
    const organisations = this.#state.organisations.membershipsOf(userId);
    const person = { userId, username: user.username, isAdmin: user.isAdmin, organisations };
    this.#people.set(userId, person);
    return { ...person, sessionId };
  }

  revoke(id: string): void {
    this.#revoke([id]);
  }

  /** Ends the user's sessions, all or all but one, and reads anew who they are when next asked. */
  revokeAllOf(userId: number, exceptId?: string): void {
    this.#people.delete(userId);
    const theirs = [...this.#sessions.values()].filter((session) => session.userId === userId);
    this.#revoke(theirs.map(({ id }) => id).filter((id) => id !== exceptId));
  }

  /** Ends the sessions that have run out. Their tokens are refused without this; their streams are still open. */
  endExpired(): void {
    const now = this.#now();
    const expired = [...this.#sessions.values()].filter((session) => session.expiresAtMs <= now);
    if (expired.length === 0) return;
    for (const { id } of expired) this.#end(id);
    this.#state.sessions.removeExpired(isoSeconds(now));
  }

  /** Calls `listener` with the id of each session that ends, however it does; the returned function ends that. */
  onEnd(listener: EndListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #revoke(ids: readonly string[]): void {
    const at = isoSeconds(this.#now());
    // Memory first: should the disk refuse, the caller hears of it and the session is over all the same.
    for (const id of ids) this.#end(id);
    this.#state.database.transaction(() => {
      for (const id of ids) this.#state.sessions.revoke(id, at);
    });
  }

  #end(id: string): void {
    if (!this.#sessions.delete(id)) return;
    for (const listener of this.#listeners) listener(id);
  }
}
