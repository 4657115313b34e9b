import { render } from 'preact';
import { App } from './app.tsx';
import { AppContext } from './app-context.ts';
import { Api } from './lib/api.ts';
import type { Zone } from './lib/format.ts';
import { Preference } from './lib/preferences.ts';
import { Router } from './lib/router.ts';
import { SessionStore } from './lib/session.ts';
import { browserStorage } from './lib/storage.ts';
import { openTheme } from './lib/theme.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/login.css';
import './styles/parts.css';
import './styles/charts.css';
import './styles/live.css';
import './styles/history.css';
import './styles/compare.css';
import './styles/form.css';
import './styles/settings.css';

const { theme, scheme } = openTheme();
const zone = new Preference<Zone>(browserStorage('localStorage'), 'tacho.zone', ['local', 'utc']);
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
