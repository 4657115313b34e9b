import type { StateDatabase } from './database.ts';

export interface User {
  id: number;
  username: string;
  email: string | null;
  firstName: string;
  lastName: string;
  passwordHash: string;
  isAdmin: boolean;
  /** Times are ISO 8601 in UTC with whole seconds. */
  createdAt: string;
  lastLogin: string | null;
  passwordChangedAt: string;
}

export interface NewUser {
  username: string;
  email: string | null;
  passwordHash: string;
  isAdmin: boolean;
  createdAt: string;
}

type UserRow = {
  id: number;
  username: string;
  email: string | null;
  first_name: string;
  last_name: string;
  password_hash: string;
  is_admin: number;
  created_at: string;
  last_login: string | null;
  password_changed_at: string;
};

function fromRow(row: UserRow): User {
  return {
    id: row.id,
    username: row.username,
    email: row.email,
    firstName: row.first_name,
    lastName: row.last_name,
    passwordHash: row.password_hash,
    isAdmin: row.is_admin === 1,
    createdAt: row.created_at,
    lastLogin: row.last_login,
    passwordChangedAt: row.password_changed_at,
  };
}

/** Usernames and e-mail addresses are compared without regard to (ASCII) case. */
export class UserTable {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  list(): User[] {
    return this.#database.all<UserRow>('SELECT * FROM users ORDER BY username').map(fromRow);
  }

  byId(id: number): User | null {
    return this.#one('SELECT * FROM users WHERE id = ?', id);
  }

  byUsername(username: string): User | null {
    return this.#one('SELECT * FROM users WHERE username = ?', username);
  }

  /** Usernames hold no `@`, so a login is either a username or an e-mail address, never both. */
  byLogin(login: string): User | null {
    return this.#one(`SELECT * FROM users WHERE ${login.includes('@') ? 'email' : 'username'} = ?`, login);
  }

  byEmail(email: string): User | null {
    return this.#one('SELECT * FROM users WHERE email = ?', email);
  }

  add(user: NewUser): number {
    const { username, email, passwordHash, isAdmin, createdAt } = user;
    return this.#database.run(
      `INSERT INTO users (username, email, password_hash, is_admin, created_at, password_changed_at)
       VALUES (?, ?, ?, ?, ?, ?)`,
      ...[username, email, passwordHash, isAdmin ? 1 : 0, createdAt, createdAt],
    ).lastId;
  }

  /** False when the hash is no longer `previousHash`: somebody else changed the password meanwhile. */
  replacePassword(id: number, previousHash: string, passwordHash: string, changedAt: string): boolean {
    const { changes } = this.#database.run(
      'UPDATE users SET password_hash = ?, password_changed_at = ? WHERE id = ? AND password_hash = ?',
      ...[passwordHash, changedAt, id, previousHash],
    );
    return changes === 1;
  }

  recordLogin(id: number, at: string): void {
    this.#database.run('UPDATE users SET last_login = ? WHERE id = ?', at, id);
  }

  remove(id: number): void {
    this.#database.run('DELETE FROM users WHERE id = ?', id);
  }

  countAdmins(): number {
    return this.#database.first<{ n: number }>('SELECT count(*) AS n FROM users WHERE is_admin = 1')?.n ?? 0;
  }

  isEmpty(): boolean {
    return this.#database.first('SELECT 1 FROM users LIMIT 1') === null;
  }

  #one(sql: string, value: string | number): User | null {
    const row = this.#database.first<UserRow>(sql, value);
    return row && fromRow(row);
  }
}
