import { expect, test } from 'vitest';
import { Preference } from '../../../src/web/lib/preferences.ts';

function storage(stored: string | null) {
  return {
    stored,
    getItem() {
      return this.stored;
    },
    setItem(_key: string, value: string) {
      this.stored = value;
    },
  };
}

const choices = ['system', 'light', 'dark'] as const;

test('is remembered, and goes round', () => {
  const kept = storage(null);
  const theme = new Preference<'system' | 'light' | 'dark'>(kept, 'theme', choices);
  expect(theme.value).toBe('system');
  theme.next();
  theme.next();
  expect(new Preference(kept, 'theme', choices).value).toBe('dark');
  theme.next();
  expect(theme.value).toBe('system');
});

test('an unknown stored value counts as the first choice', () => {
  expect(new Preference(storage('sepia'), 'theme', choices).value).toBe('system');
});
