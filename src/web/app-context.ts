import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Api } from './lib/api.ts';
import type { Cell } from './lib/cell.ts';
import type { Zone } from './lib/format.ts';
import type { Preference } from './lib/preferences.ts';
import type { Router } from './lib/router.ts';
import type { SessionStore } from './lib/session.ts';
import type { Theme } from './lib/theme.ts';

/** What every view may use. */
export interface App {
  api: Api;
  session: SessionStore;
  router: Router;
  theme: Preference<Theme>;
  zone: Preference<Zone>;
  /** The theme that is shown: `theme`, or what the system asks for. */
  scheme: Cell<'light' | 'dark'>;
}

export const AppContext = createContext<App | null>(null);

export function useApp(): App {
  const app = useContext(AppContext);
  if (!app) throw new Error('useApp outside of AppContext');
  return app;
}
