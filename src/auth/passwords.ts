import { randomInt } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';

const SHORTEST_CHARACTERS = 8;
const LONGEST_BYTES = 1024;

/** A new password that is too short or too long. */
export class PasswordRefusedError extends Error {
  override readonly name = 'PasswordRefusedError';
  readonly code = 'TACHO_BAD_PASSWORD';

  constructor() {
    super(`a password must have at least ${SHORTEST_CHARACTERS} characters and at most ${LONGEST_BYTES} bytes`);
  }
}

/** argon2id (the library's default algorithm) with OWASP's parameters: Password Storage Cheat Sheet, 19 MiB, 2 passes, 1 lane. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Throws a PasswordRefusedError. */
export function assertAcceptable(password: string): void {
  const tooLong = Buffer.byteLength(normalised(password)) > LONGEST_BYTES;
  if (tooLong || [...password].length < SHORTEST_CHARACTERS) throw new PasswordRefusedError();
}

/** A PHC string; computed on libuv's pool. Throws a PasswordRefusedError. */
export async function hashPassword(password: string): Promise<string> {
  assertAcceptable(password);
  return hash(normalised(password), COST);
}

export async function isPassword(passwordHash: string, password: string): Promise<boolean> {
  const candidate = normalised(password);
  return Buffer.byteLength(candidate) <= LONGEST_BYTES && (await verify(passwordHash, candidate));
}

/** NIST SP 800-63B, 5.1.1.2: one password typed on two systems may differ in its Unicode composition. */
function normalised(password: string): string {
  return password.normalize('NFKC');
}

/** Base58: without 0, O, I and l, which people mistake for one another. */
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** 24 characters, about 140 bits. */
export function generatePassword(): string {
  return Array.from({ length: 24 }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('');
}
