import type { StateDatabase } from './database.ts';

export interface SessionRecord {
  /** The token's `jti`. */
  id: string;
  user: number;
  kind: string;
  /** ISO 8601 in UTC with whole seconds. */
  createdAt: string;
  expiresAt: string;
}

type SessionRow = { id: string; user: number; kind: string; created_at: string; expires_at: string };

export class SessionTable {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  add(session: SessionRecord): void {
    const { id, user, kind, createdAt, expiresAt } = session;
    this.#database.run(
      'INSERT INTO sessions (id, user, kind, created_at, expires_at) VALUES (?, ?, ?, ?, ?)',
      ...[id, user, kind, createdAt, expiresAt],
    );
  }

  /** Those that are neither expired nor revoked. */
  active(now: string): SessionRecord[] {
    return this.#database
      .all<SessionRow>('SELECT * FROM sessions WHERE revoked_at IS NULL AND expires_at > ?', now)
      .map((row) => ({
        id: row.id,
        user: row.user,
        kind: row.kind,
        createdAt: row.created_at,
        expiresAt: row.expires_at,
      }));
  }

  revoke(id: string, at: string): void {
    this.#database.run('UPDATE sessions SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL', at, id);
  }

  /** Forgets sessions whose tokens have expired anyway. */
  removeExpired(now: string): void {
    this.#database.run('DELETE FROM sessions WHERE expires_at <= ?', now);
  }
}
