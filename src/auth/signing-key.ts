import { randomBytes, randomUUID, webcrypto } from 'node:crypto';
import { chmodSync, closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';

export interface SigningKey {
  /** Goes into each token's header, so that a key may be replaced one day. */
  kid: string;
  /** HMAC with SHA-256. */
  key: webcrypto.CryptoKey;
}

/** The signing key's file cannot be used; the message is one line. */
class SigningKeyError extends Error {
  override readonly name = 'SigningKeyError';
  readonly code = 'TACHO_SIGNING_KEY';
}

/** RFC 7518, 3.2: a key for HS256 has at least 256 bits, here 43 characters of base64url. */
const KeyFile = Type.Object({
  version: Type.Literal(1),
  kid: Type.String({ minLength: 1, maxLength: 64 }),
  alg: Type.Literal('HS256'),
  k: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }),
});

/** Reads the key, making it first when there is none. The file is readable by its owner only. */
export async function loadSigningKey(path: string): Promise<SigningKey> {
  const { kid, k } = readKeyFile(path) ?? createKeyFile(path);
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await webcrypto.subtle.importKey('raw', Buffer.from(k, 'base64url'), algorithm, false, [
    'sign',
    'verify',
  ]);
  return { kid, key };
}

function readKeyFile(path: string): Static<typeof KeyFile> | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
    chmodSync(path, 0o600);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (Reflect.get(error, 'code') === 'ENOENT') return null;
    throw new SigningKeyError(`${path} cannot be read: ${error.message}`);
  }
  const content = parsed(text);
  if (Value.Check(KeyFile, content)) return content;
  const version: unknown =
    typeof content === 'object' && content !== null ? Reflect.get(content, 'version') : undefined;
  if (typeof version === 'number' && version > 1) {
    throw new SigningKeyError(`${path} was written by a newer Tacho (format ${version}): upgrade Tacho`);
  }
  throw new SigningKeyError(`${path} is damaged: remove it to make a new key, which logs everybody out`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whole or not at all: a crash midway leaves an unfinished file, which the next start replaces. */
function createKeyFile(path: string): Static<typeof KeyFile> {
  const content = { version: 1, kid: randomUUID(), alg: 'HS256', k: randomBytes(32).toString('base64url') } as const;
  const unfinished = `${path}.unfinished`;
  try {
    rmSync(unfinished, { force: true });
    const descriptor = openSync(unfinished, 'wx', 0o600);
    writeSync(descriptor, `${JSON.stringify(content)}\n`);
    fsyncSync(descriptor);
    closeSync(descriptor);
    renameSync(unfinished, path);
  } catch (error) {
    throw new SigningKeyError(`${path} cannot be written: ${error instanceof Error ? error.message : error}`);
  }
  return content;
}
