import { createHmac, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeJwt, decodeProtectedHeader, SignJWT, UnsecuredJWT } from 'jose';
import { expect, test } from 'vitest';
import { loadSigningKey } from '../../src/auth/signing-key.ts';
import { issueToken, type TokenClaims, verifyToken } from '../../src/auth/tokens.ts';
import { temporaryFolder } from '../state/temporary.ts';

const NOW_S = 1_800_000_000;
const CLAIMS: TokenClaims = {
  kind: 'perfwatch',
  sessionId: 'b1946ac9',
  userId: 7,
  issuedAt: NOW_S,
  expiresAt: NOW_S + 86_400,
};

async function newKey() {
  const path = join(temporaryFolder(), 'signing.key');
  const key = await loadSigningKey(path);
  const { k }: { k: string } = JSON.parse(readFileSync(path, 'utf8'));
  return { key, secret: Buffer.from(k, 'base64url') };
}

test('a token says what was asked for, and nothing secret', async () => {
  const { key } = await newKey();
  const token = await issueToken(key, CLAIMS);
  expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', typ: 'perfwatch+jwt', kid: key.kid });
  expect(decodeJwt(token)).toEqual({
    iss: 'tacho',
    aud: 'tacho:perfwatch',
    sub: '7',
    jti: 'b1946ac9',
    iat: NOW_S,
    exp: NOW_S + 86_400,
  });
  expect(await verifyToken(key, token, NOW_S * 1000)).toEqual(CLAIMS);
});

test('a token ends with its last second', async () => {
  const { key } = await newKey();
  const token = await issueToken(key, CLAIMS);
  expect(await verifyToken(key, token, (NOW_S + 86_399) * 1000)).toEqual(CLAIMS);
  expect(await verifyToken(key, token, (NOW_S + 86_400) * 1000)).toBeNull();
});

const HEADER = { alg: 'HS256', typ: 'perfwatch+jwt' };
const PAYLOAD = { iss: 'tacho', aud: 'tacho:perfwatch', sub: '7', jti: 'a', iat: NOW_S, exp: NOW_S + 60 };

test('the forgeries below differ from this good token in the one thing they are named after', async () => {
  const { key, secret } = await newKey();
  const token = await new SignJWT(PAYLOAD).setProtectedHeader({ ...HEADER, kid: key.kid }).sign(secret);
  expect(await verifyToken(key, token, NOW_S * 1000)).toMatchObject({ sessionId: 'a', userId: 7 });
});

test.each<[string, { alg?: string; typ?: string; kid?: string }, Record<string, unknown>]>([
  ['another issuer', {}, { iss: 'somebody' }],
  ['no issuer', {}, { iss: undefined }],
  ['another audience', {}, { aud: 'tacho:portal' }],
  ['no audience', {}, { aud: undefined }],
  ['another type', { typ: 'refresh+jwt' }, {}],
  ['the generic type', { typ: 'JWT' }, {}],
  ['another algorithm of the same key', { alg: 'HS512' }, {}],
  ['another key id', { kid: 'other' }, {}],
  ['no subject', {}, { sub: undefined }],
  ['no id', {}, { jti: undefined }],
  ['no expiry', {}, { exp: undefined }],
  ['an expiry in the past', {}, { exp: NOW_S - 1 }],
  ['a start in the future', {}, { nbf: NOW_S + 60 }],
])('a token with %s is refused', async (_what, header, claims) => {
  const { key, secret } = await newKey();
  const bytes = Buffer.concat([secret, secret]).subarray(0, header.alg === 'HS512' ? 64 : 32);
  const token = await new SignJWT(JSON.parse(JSON.stringify({ ...PAYLOAD, ...claims })))
    .setProtectedHeader({ ...HEADER, kid: key.kid, ...header })
    .sign(bytes);
  expect(await verifyToken(key, token, NOW_S * 1000)).toBeNull();
});

test('a token that another key signed is refused', async () => {
  const [{ key }, other] = [await newKey(), await newKey()];
  const token = await new SignJWT(PAYLOAD).setProtectedHeader({ ...HEADER, kid: key.kid }).sign(other.secret);
  expect(await verifyToken(key, token, NOW_S * 1000)).toBeNull();
});

test('an unsigned token is refused, under whatever name', async () => {
  const { key } = await newKey();
  const payload = Buffer.from(JSON.stringify(PAYLOAD)).toString('base64url');
  for (const alg of ['none', 'None', 'NONE', '', 'HS256']) {
    const header = Buffer.from(JSON.stringify({ ...HEADER, alg, kid: key.kid })).toString('base64url');
    expect(await verifyToken(key, `${header}.${payload}.`, NOW_S * 1000)).toBeNull();
  }
  expect(await verifyToken(key, new UnsecuredJWT(PAYLOAD).encode(), NOW_S * 1000)).toBeNull();
});

test('a token signed with an asymmetric algorithm is refused', async () => {
  const { key } = await newKey();
  const { privateKey } = generateKeyPairSync('ed25519');
  const token = await new SignJWT(PAYLOAD)
    .setProtectedHeader({ ...HEADER, alg: 'EdDSA', kid: key.kid })
    .sign(privateKey);
  expect(await verifyToken(key, token, NOW_S * 1000)).toBeNull();
});

test('a token that was changed after signing is refused', async () => {
  const { key } = await newKey();
  const [header = '', , signature = ''] = (await issueToken(key, CLAIMS)).split('.');
  const payload = Buffer.from(JSON.stringify({ ...PAYLOAD, sub: '1' })).toString('base64url');
  expect(await verifyToken(key, `${header}.${payload}.${signature}`, NOW_S * 1000)).toBeNull();
});

test.each([
  '',
  '.',
  '..',
  'a.b.c',
  'null',
  '{}.{}.{}',
  `${Buffer.from('null').toString('base64url')}.e30.`,
  `${Buffer.from('[]').toString('base64url')}.e30.AA`,
  'é.é.é',
  'x'.repeat(100_000),
])('%j is no token', async (text) => {
  const { key } = await newKey();
  expect(await verifyToken(key, text, NOW_S * 1000)).toBeNull();
});

test('a payload that is no object is refused although its signature is good', async () => {
  const { key, secret } = await newKey();
  const header = Buffer.from(JSON.stringify({ ...HEADER, kid: key.kid })).toString('base64url');
  const signed = `${header}.${Buffer.from('"text"').toString('base64url')}`;
  const signature = createHmac('sha256', secret).update(signed).digest('base64url');
  expect(await verifyToken(key, `${signed}.${signature}`, NOW_S * 1000)).toBeNull();
});
