import { expect, test } from 'vitest';
import { generatePassword, hashPassword, isPassword } from '../../src/auth/passwords.ts';

test('hashes are argon2id at the cost that OWASP asks for, and salted', async () => {
  const [first, second] = await Promise.all([hashPassword('correct horse'), hashPassword('correct horse')]);
  expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(first).not.toBe(second);
  expect(await isPassword(first, 'correct horse')).toBe(true);
  expect(await isPassword(first, 'Correct horse')).toBe(false);
  expect(await isPassword(first, '')).toBe(false);
});

test('a password is the same however its Unicode is composed', async () => {
  expect(await isPassword(await hashPassword('Zo\u00eb sait tout'), 'Zoe\u0308 sait tout')).toBe(true);
});

test.each(['', '1234567', '🦀🦀🦀🦀🦀🦀🦀', 'x'.repeat(1025), 'é'.repeat(513)])('%s is refused', async (password) => {
  await expect(hashPassword(password)).rejects.toThrow(expect.objectContaining({ code: 'TACHO_BAD_PASSWORD' }));
});

test('the longest password counts to its last byte, and a longer one never fits', async () => {
  const hash = await hashPassword('x'.repeat(1024));
  expect(await isPassword(hash, 'x'.repeat(1024))).toBe(true);
  expect(await isPassword(hash, `${'x'.repeat(1023)}y`)).toBe(false);
  expect(await isPassword(hash, 'x'.repeat(1025))).toBe(false);
});

test('generated passwords are long, readable and never the same', () => {
  const passwords = new Set(Array.from({ length: 100 }, generatePassword));
  expect(passwords.size).toBe(100);
  for (const password of passwords) expect(password).toMatch(/^[1-9A-HJ-NP-Za-km-z]{24}$/);
});
