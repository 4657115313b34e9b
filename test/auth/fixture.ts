import { onTestFinished } from 'vitest';
import { bootstrapState } from '../../src/auth/bootstrap.ts';
import { AuthService } from '../../src/auth/service.ts';
import { loadSigningKey } from '../../src/auth/signing-key.ts';
import { LocalUserAdmin } from '../../src/auth/user-admin.ts';
import { statePaths } from '../../src/state/data-dir.ts';
import { openState } from '../../src/state/state.ts';
import { temporaryFolder } from '../state/temporary.ts';

export const ADMIN_PASSWORD = 'correct horse battery';
export const HERE = '192.0.2.1';

/** Logins on a real state file, with a clock that the test moves. `restart` opens the same folder again. */
export async function startAuth(dataDir = temporaryFolder()) {
  const clock = { nowMs: Date.now() };
  const state = openState(dataDir);
  await bootstrapState(state, ADMIN_PASSWORD);
  const key = await loadSigningKey(statePaths(dataDir).signingKey);
  const auth = await AuthService.create({ state, key, now: () => clock.nowMs });
  const users = new LocalUserAdmin(state, auth.sessions);
  const stop = (): void => {
    auth.close();
    state.close();
  };
  onTestFinished(stop);
  const restart = () => {
    stop();
    return startAuth(dataDir);
  };
  /** A token of a login that has to succeed. */
  const tokenOf = async (login = 'admin', password = ADMIN_PASSWORD): Promise<string> => {
    const result = await auth.logIn(login, password, HERE, 'perfwatch');
    if (!result) throw new Error(`${login} was not let in`);
    return result.token;
  };
  return { auth, state, users, key, clock, restart, tokenOf };
}
