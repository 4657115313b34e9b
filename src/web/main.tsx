import { render } from 'preact';
import { App } from './app.tsx';
import type { Theme } from './app-context.ts';
import { AppContext } from './app-context.ts';
import { Api } from './lib/api.ts';
import { Cell } from './lib/cell.ts';
import type { Zone } from './lib/format.ts';
import { Preference } from './lib/preferences.ts';
import { Router } from './lib/router.ts';
import { SessionStore } from './lib/session.ts';
import { browserStorage } from './lib/storage.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/login.css';
import './styles/parts.css';
import './styles/charts.css';
import './styles/live.css';

const preferences = browserStorage('localStorage');
const theme = new Preference<Theme>(preferences, 'tacho.theme', ['system', 'light', 'dark']);
const zone = new Preference<Zone>(preferences, 'tacho.zone', ['local', 'utc']);

const prefersDark = matchMedia('(prefers-color-scheme: dark)');
const shownScheme = () => (theme.value === 'system' ? (prefersDark.matches ? 'dark' : 'light') : theme.value);
const scheme = new Cell<'light' | 'dark'>(shownScheme());
const applyTheme = () => {
  document.documentElement.dataset['theme'] = theme.value;
  scheme.set(shownScheme());
};
applyTheme();
theme.subscribe(applyTheme);
prefersDark.addEventListener('change', applyTheme);

const session = new SessionStore({ storage: browserStorage('sessionStorage'), now: Date.now });
const app = { api: new Api(session), session, router: new Router(window), theme, zone, scheme };

const root = document.getElementById('app');
if (!root) throw new Error('index.html has no #app');
render(
  <AppContext.Provider value={app}>
    <App />
  </AppContext.Provider>,
  root,
);
