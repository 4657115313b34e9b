import { Cell } from './cell.ts';
import { Preference } from './preferences.ts';
import { browserStorage } from './storage.ts';

export type Theme = 'system' | 'light' | 'dark';

/** The theme that the person wants, and the scheme that is shown for it; kept on the page's root element from now on. */
export function openTheme() {
  const theme = new Preference<Theme>(browserStorage('localStorage'), 'tacho.theme', ['system', 'light', 'dark']);
  const prefersDark = matchMedia('(prefers-color-scheme: dark)');
  const shownScheme = () => (theme.value === 'system' ? (prefersDark.matches ? 'dark' : 'light') : theme.value);
  const scheme = new Cell<'light' | 'dark'>(shownScheme());
  const apply = () => {
    document.documentElement.dataset['theme'] = theme.value;
    scheme.set(shownScheme());
  };
  apply();
  theme.subscribe(apply);
  prefersDark.addEventListener('change', apply);
  return { theme, scheme };
}
