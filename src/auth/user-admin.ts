import type { Role } from '../state/organisations.ts';
import type { State } from '../state/state.ts';
import { isoSeconds } from '../state/time.ts';
import type { User } from '../state/users.ts';
import { DEFAULT_ORGANISATION } from './bootstrap.ts';
import { hashPassword } from './passwords.ts';
import type { Sessions } from './sessions.ts';

/** A user as the command line and the control socket show them. */
export interface UserSummary {
  id: number;
  username: string;
  email: string | null;
  is_admin: boolean;
  created_at: string;
  last_login: string | null;
  organisations: { name: string; role: Role }[];
}

export interface UserToAdd {
  username: string;
  password: string;
  email: string | null;
  is_admin: boolean;
}

/**
 * What the command line does with users: in this process, or through the running daemon. Throws UserAdminError, PasswordRefusedError.
 */
export interface UserAdmin {
  add(user: UserToAdd): Promise<UserSummary>;
  list(): Promise<UserSummary[]>;
  setPassword(username: string, password: string): Promise<void>;
  remove(username: string): Promise<void>;
}

export type UserAdminErrorCode =
  | 'TACHO_NO_SUCH_USER'
  | 'TACHO_USER_EXISTS'
  | 'TACHO_LAST_ADMIN'
  | 'TACHO_BAD_USERNAME'
  | 'TACHO_BAD_EMAIL';

/** A change of users that is refused; the message is one line for the person who asked. */
export class UserAdminError extends Error {
  override readonly name = 'UserAdminError';
  readonly code: UserAdminErrorCode;

  constructor(code: UserAdminErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** No `@`, so that no username is another user's e-mail address. */
const USERNAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;
/** Enough to catch what is no address; only a delivered mail proves one. */
const EMAIL = /^[^\s@]{1,64}@[^\s@]{1,189}$/;

export class LocalUserAdmin implements UserAdmin {
  readonly #state: State;
  readonly #sessions: Sessions;

  constructor(state: State, sessions: Sessions) {
    this.#state = state;
    this.#sessions = sessions;
  }

  async add({ username, password, email, is_admin: isAdmin }: UserToAdd): Promise<UserSummary> {
    if (!USERNAME.test(username)) {
      const rule = '1 to 64 letters, digits, "_", "." or "-", and starts with none of the last two';
      throw new UserAdminError('TACHO_BAD_USERNAME', `a username has ${rule}`);
    }
    if (email !== null && !EMAIL.test(email)) {
      throw new UserAdminError('TACHO_BAD_EMAIL', 'the e-mail address must look like name@example.org');
    }
    const passwordHash = await hashPassword(password);
    const createdAt = isoSeconds(Date.now());
    return this.#state.database.transaction(() => {
      this.#assertFree(username, email);
      const id = this.#state.users.add({ username, email, passwordHash, isAdmin, createdAt });
      const organisation = this.#state.organisations.idOf(DEFAULT_ORGANISATION);
      if (organisation !== null) this.#state.organisations.addMember(organisation, id, isAdmin ? 'admin' : 'member');
      return this.#summary(this.#existing(username));
    });
  }

  async list(): Promise<UserSummary[]> {
    return this.#state.users.list().map((user) => this.#summary(user));
  }

  async setPassword(username: string, password: string): Promise<void> {
    this.#existing(username);
    const passwordHash = await hashPassword(password);
    // Found anew, because the user may have changed while the hash was computed.
    const user = this.#existing(username);
    this.#state.users.replacePassword(user.id, user.passwordHash, passwordHash, isoSeconds(Date.now()));
    this.#sessions.revokeAllOf(user.id);
  }

  async remove(username: string): Promise<void> {
    const user = this.#existing(username);
    if (user.isAdmin && this.#state.users.countAdmins() === 1) {
      throw new UserAdminError('TACHO_LAST_ADMIN', `${user.username} is the last administrator and cannot be removed`);
    }
    this.#sessions.revokeAllOf(user.id);
    this.#state.users.remove(user.id);
  }

  #existing(username: string): User {
    const user = this.#state.users.byUsername(username);
    if (!user) throw new UserAdminError('TACHO_NO_SUCH_USER', `there is no user ${JSON.stringify(username)}`);
    return user;
  }

  #assertFree(username: string, email: string | null): void {
    if (this.#state.users.byUsername(username)) {
      throw new UserAdminError('TACHO_USER_EXISTS', `there is a user ${username} already`);
    }
    if (email !== null && this.#state.users.byEmail(email)) {
      throw new UserAdminError('TACHO_USER_EXISTS', `there is a user with the e-mail address ${email} already`);
    }
  }

  #summary(user: User): UserSummary {
    const organisations = this.#state.organisations.membershipsOf(user.id).map(({ name, role }) => ({ name, role }));
    return {
      id: user.id,
      username: user.username,
      email: user.email,
      is_admin: user.isAdmin,
      created_at: user.createdAt,
      last_login: user.lastLogin,
      organisations,
    };
  }
}
