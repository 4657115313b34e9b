import { useCell } from '../lib/hooks.ts';
import type { Preference } from '../lib/preferences.ts';
import type { Theme } from '../lib/theme.ts';
import { messages } from '../messages.ts';
import { Icon } from './icon.tsx';

const ICONS = { system: 'system', light: 'sun', dark: 'moon' } as const;

/** Goes round: as the system, light, dark. */
export function ThemeButton({ theme }: { theme: Preference<Theme> }) {
  const current = useCell(theme);
  const label = messages.theme.label(current);
  return (
    <button type="button" class="icon-button" title={label} aria-label={label} onClick={() => theme.next()}>
      <Icon name={ICONS[current]} />
    </button>
  );
}
