import type { StateDatabase } from './database.ts';

export type Role = 'admin' | 'member';

export interface Membership {
  /** The organisation's id and name. */
  id: number;
  name: string;
  role: Role;
}

export class OrganisationTable {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  add(name: string, createdAt: string): number {
    return this.#database.run('INSERT INTO organisations (name, created_at) VALUES (?, ?)', name, createdAt).lastId;
  }

  idOf(name: string): number | null {
    return this.#database.first<{ id: number }>('SELECT id FROM organisations WHERE name = ?', name)?.id ?? null;
  }

  addMember(organisation: number, user: number, role: Role): void {
    this.#database.run('INSERT INTO memberships (organisation, user, role) VALUES (?, ?, ?)', organisation, user, role);
  }

  membershipsOf(user: number): Membership[] {
    return this.#database.all<{ id: number; name: string; role: Role }>(
      `SELECT organisations.id, organisations.name, memberships.role
       FROM memberships JOIN organisations ON organisations.id = memberships.organisation
       WHERE memberships.user = ? ORDER BY organisations.id`,
      user,
    );
  }
}
