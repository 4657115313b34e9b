import { StateError } from '../state/errors.ts';
import type { State } from '../state/state.ts';
import { isoSeconds } from '../state/time.ts';
import type { User } from '../state/users.ts';
import { assertAcceptable, generatePassword, hashPassword, isPassword } from './passwords.ts';
import { type Principal, Sessions } from './sessions.ts';
import type { SigningKey } from './signing-key.ts';
import { LoginThrottle } from './throttle.ts';
import { issueToken, TOKEN_KINDS, type TokenClaims, type TokenKind, verifyToken } from './tokens.ts';

export interface Login {
  token: string;
  expiresInSeconds: number;
  user: User;
}

export interface AuthOptions {
  state: State;
  key: SigningKey;
  /** ms since the Unix epoch; tests move it. */
  now?: () => number;
}

const EXPIRY_CHECK_MS = 30_000;
/** Tokens whose signature need not be checked again: more than are in use at a time, at some 500 bytes each. */
const REMEMBERED_TOKENS = 4_096;

/** Logins, tokens and passwords: one for all contracts. */
export class AuthService {
  readonly sessions: Sessions;
  readonly #state: State;
  readonly #key: SigningKey;
  readonly #now: () => number;
  readonly #throttle = new LoginThrottle();
  readonly #verified = new Map<string, TokenClaims>();
  readonly #decoyHash: string;
  readonly #expiryCheck: NodeJS.Timeout;

  private constructor({ state, key, now = Date.now }: AuthOptions, decoyHash: string) {
    this.#state = state;
    this.#key = key;
    this.#now = now;
    this.#decoyHash = decoyHash;
    this.sessions = new Sessions(state, now);
    this.#expiryCheck = setInterval(() => this.#endExpired(), EXPIRY_CHECK_MS).unref();
  }

  static async create(options: AuthOptions): Promise<AuthService> {
    return new AuthService(options, await hashPassword(generatePassword()));
  }

  close(): void {
    clearInterval(this.#expiryCheck);
  }

  /**
   * Opens a session of the given kind for whoever `login` (a username or an e-mail address) and `password` fit; else null, after the
   * same time whether the user exists or not. Throws a ThrottledError when too many attempts have failed.
   */
  logIn(login: string, password: string, address: string, kind: TokenKind): Promise<Login | null> {
    const account = accountOf(this.#state.users.byLogin(login), login);
    return this.#throttle.attempt(account, address, async () => {
      const user = this.#state.users.byLogin(login);
      const matches = await isPassword(user?.passwordHash ?? this.#decoyHash, password);
      // Read again: the user may have been removed, or the password changed, while the hash was computed.
      if (!user || !matches || this.#state.users.byId(user.id)?.passwordHash !== user.passwordHash) return null;
      const session = this.#state.database.transaction(() => {
        this.#state.users.recordLogin(user.id, isoSeconds(this.#now()));
        return this.sessions.open(user.id, kind);
      });
      const claims = {
        kind,
        sessionId: session.id,
        userId: user.id,
        issuedAt: session.createdAtMs / 1000,
        expiresAt: session.expiresAtMs / 1000,
      };
      const token = await issueToken(this.#key, claims);
      this.#remember(token, claims);
      return { token, expiresInSeconds: TOKEN_KINDS[kind].lifetimeSeconds, user };
    });
  }

  /** Null unless the token is ours, unexpired, and its session still open. Answers at once for a token it has seen before. */
  authenticate(token: string): Principal | null | Promise<Principal | null> {
    const claims = this.#verified.get(token);
    return claims ? this.#principalOf(claims) : this.#verify(token);
  }

  async #verify(token: string): Promise<Principal | null> {
    const claims = await verifyToken(this.#key, token, this.#now());
    if (!claims) return null;
    const principal = this.#principalOf(claims);
    if (principal) this.#remember(token, claims);
    return principal;
  }

  #principalOf(claims: TokenClaims): Principal | null {
    if (claims.expiresAt * 1000 <= this.#now()) return null;
    const session = this.sessions.find(claims.sessionId);
    if (!session || session.userId !== claims.userId || session.kind !== claims.kind) return null;
    return this.sessions.principalOf(session);
  }

  /** Signatures cost 50 µs to check and never change; expiry and session are looked at each time. */
  #remember(token: string, claims: TokenClaims): void {
    if (this.#verified.size >= REMEMBERED_TOKENS) {
      const [oldest] = this.#verified.keys();
      if (oldest !== undefined) this.#verified.delete(oldest);
    }
    this.#verified.set(token, claims);
  }

  /** The account itself, as it is now. */
  userOf(principal: Principal): User | null {
    return this.#state.users.byId(principal.userId);
  }

  logOut(sessionId: string): void {
    this.sessions.revoke(sessionId);
  }

  /**
   * Replaces the caller's password and ends their other sessions. False when `current` is wrong; wrong ones count as failed logins.
   * Throws a PasswordRefusedError for a new one that is too short or too long, and a ThrottledError as `logIn` does.
   */
  async changePassword(principal: Principal, current: string, next: string, address: string): Promise<boolean> {
    assertAcceptable(next);
    const changed = await this.#throttle.attempt(`#${principal.userId}`, address, async () => {
      const user = this.#state.users.byId(principal.userId);
      if (!user || !(await isPassword(user.passwordHash, current))) return null;
      const hash = await hashPassword(next);
      // Whoever was logged out or overtaken while the hashes were computed changes nothing.
      if (!this.sessions.find(principal.sessionId)) return null;
      return this.#state.users.replacePassword(user.id, user.passwordHash, hash, isoSeconds(this.#now())) || null;
    });
    if (changed) this.sessions.revokeAllOf(principal.userId, principal.sessionId);
    return changed !== null;
  }

  #endExpired(): void {
    try {
      this.sessions.endExpired();
    } catch (error) {
      // The sessions are over in memory; their rows wait for a disk that takes writes, and readiness tells of it meanwhile.
      if (!(error instanceof StateError)) throw error;
    }
  }
}

/** One account whichever of its names is used. Unknown names count alike, so that the limits do not tell which exist. */
function accountOf(user: User | null, login: string): string {
  return user ? `#${user.id}` : login.toLowerCase();
}
