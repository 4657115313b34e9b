import { HttpError } from './errors.ts';
import type { Access, Principal } from './route.ts';

/** Whose token it is; null when it is nobody's (any more). */
export type Authenticate = (token: string) => Principal | null | Promise<Principal | null>;

/** The token of `Authorization: Bearer …` (RFC 6750 §2.1; the scheme in any case); null when there is none. */
export function bearerToken(headers: ReadonlyMap<string, string>): string | null {
  return /^bearer +([^\s]+) *$/i.exec(headers.get('authorization') ?? '')?.[1] ?? null;
}

/**
 * Finds out who asks and whether they may, and hands on the principal (null on public routes), in this very turn where
 * `authenticate` answers in it.
 */
export function admit(
  access: Access,
  token: string | null,
  authenticate: Authenticate,
  onAdmitted: (principal: Principal | null) => void,
  onRefused: (error: unknown) => void,
): void {
  if (access === 'public') {
    onAdmitted(null);
    return;
  }
  const decide = (principal: Principal | null): void => {
    const refusal = refusalOf(access, principal);
    if (refusal) onRefused(refusal);
    else onAdmitted(principal);
  };
  const found = token === null ? null : authenticate(token);
  if (found instanceof Promise) found.then(decide).catch(onRefused);
  else decide(found);
}

function refusalOf(access: Exclude<Access, 'public'>, principal: Principal | null): HttpError | null {
  if (!principal) return HttpError.unauthorized();
  if (access === 'user') return null;
  if (access === 'admin') return principal.isAdmin ? null : HttpError.forbidden();
  return access(principal) === true ? null : HttpError.forbidden();
}
