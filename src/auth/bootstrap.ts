import { hostname } from 'node:os';
import type { State } from '../state/state.ts';
import { isoSeconds } from '../state/time.ts';
import { generatePassword, hashPassword } from './passwords.ts';

export const DEFAULT_ORGANISATION = 'default';
/** This host's own collector. */
export const LOCAL_COLLECTOR = 1;

/**
 * On an empty state: makes organisation `default`, collector 1 (this host) and the administrator `admin`, all or none.
 * Returns the password it generated when none was given, to be shown once; null otherwise.
 */
export async function bootstrapState(state: State, adminPassword: string | null): Promise<string | null> {
  if (!state.users.isEmpty()) return null;
  const generated = adminPassword === null ? generatePassword() : null;
  const passwordHash = await hashPassword(adminPassword ?? generated ?? '');
  const createdAt = isoSeconds(Date.now());
  state.database.transaction(() => {
    const organisation = state.organisations.add(DEFAULT_ORGANISATION, createdAt);
    state.collectors.add({ organisation, name: hostname(), hostname: hostname(), createdAt });
    const admin = state.users.add({ username: 'admin', email: null, passwordHash, isAdmin: true, createdAt });
    state.organisations.addMember(organisation, admin, 'admin');
  });
  return generated;
}
