import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose';
import type { SigningKey } from './signing-key.ts';

/**
 * Each kind of token has a type and an audience of its own, so that none passes for another (RFC 8725, 3.11 and 3.12).
 * A login route issues one kind; a route that accepts tokens says which kinds.
 */
export const TOKEN_KINDS = {
  perfwatch: { typ: 'perfwatch+jwt', audience: 'tacho:perfwatch', lifetimeSeconds: 86_400 },
} as const satisfies Record<string, { typ: string; audience: string; lifetimeSeconds: number }>;

export type TokenKind = keyof typeof TOKEN_KINDS;

export interface TokenClaims {
  kind: TokenKind;
  sessionId: string;
  userId: number;
  /** Seconds since the Unix epoch. */
  issuedAt: number;
  expiresAt: number;
}

const ISSUER = 'tacho';
const ALGORITHM = 'HS256';
const KINDS = Object.keys(TOKEN_KINDS) as readonly TokenKind[];

/** Ours take some 300 characters: anything much longer is not worth hashing. */
const LONGEST_TOKEN = 2048;

export function issueToken({ kid, key }: SigningKey, claims: TokenClaims): Promise<string> {
  const { typ, audience } = TOKEN_KINDS[claims.kind];
  return new SignJWT()
    .setProtectedHeader({ alg: ALGORITHM, typ, kid })
    .setIssuer(ISSUER)
    .setAudience(audience)
    .setSubject(String(claims.userId))
    .setJti(claims.sessionId)
    .setIssuedAt(claims.issuedAt)
    .setExpirationTime(claims.expiresAt)
    .sign(key);
}

/** What a token of ours says, if its signature, algorithm, issuer, audience, type and expiry are all right; else null. */
export async function verifyToken({ kid, key }: SigningKey, token: string, nowMs: number): Promise<TokenClaims | null> {
  if (token.length > LONGEST_TOKEN) return null;
  try {
    const header = decodeProtectedHeader(token);
    const kind = KINDS.find((name) => TOKEN_KINDS[name].typ === header.typ);
    if (kind === undefined || header.kid !== kid) return null;
    const { payload } = await jwtVerify(token, key, {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience: TOKEN_KINDS[kind].audience,
      typ: TOKEN_KINDS[kind].typ,
      requiredClaims: ['sub', 'jti', 'iat', 'exp'],
      currentDate: new Date(nowMs),
    });
    const { sub = '', jti = '', iat = 0, exp = 0 } = payload;
    return { kind, sessionId: jti, userId: Number(sub), issuedAt: iat, expiresAt: exp };
  } catch (error) {
    // decodeProtectedHeader throws a TypeError at what is no token at all.
    if (error instanceof errors.JOSEError || error instanceof TypeError) return null;
    throw error;
  }
}
