import { expect, test } from 'vitest';
import { ApiError } from '../../../src/web/lib/api.ts';
import { passwordProblems, passwordRefusal } from '../../../src/web/settings/password.tsx';

test('entries that are empty or differ are found before anything is sent', () => {
  expect(passwordProblems({ current: 'a', next: 'b', repeat: 'b' })).toEqual({});
  expect(Object.keys(passwordProblems({ current: '', next: '', repeat: '' }))).toEqual(['current', 'next', 'repeat']);
  expect(passwordProblems({ current: 'a', next: 'b', repeat: 'c' })).toEqual({ repeat: 'The two entries differ.' });
});

test('a refusal goes to the entry that it is about', () => {
  const [wrong, short] = ['Current password is incorrect', 'a password must have at least 8 characters'];
  expect(passwordRefusal(new ApiError(400, wrong))).toEqual({ current: wrong });
  expect(passwordRefusal(new ApiError(400, short))).toEqual({ next: short });
  expect(passwordRefusal(new ApiError(429, 'Too many attempts'))).toBeNull();
});
