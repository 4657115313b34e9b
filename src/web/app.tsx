import { useLayoutEffect } from 'preact/hooks';
import { useApp } from './app-context.ts';
import { useCell } from './lib/hooks.ts';
import { matchRoute } from './lib/router.ts';
import { LoginView } from './login.tsx';
import { NotFound } from './not-found.tsx';
import { Shell } from './shell.tsx';
import { VIEWS } from './views.ts';

const LOGIN = '/login';
const HOME = '/';

/** Where to go after the login; set when a view was asked for without one. */
let returnTo = HOME;

/** Shows the view of the address bar. Without a session that is the login, whatever the address. */
export function App() {
  const { router, session } = useApp();
  const path = useCell(router.path);
  const login = useCell(session.current);
  const redirect = redirectFor(path, login !== null);

  useLayoutEffect(() => {
    if (!redirect) return;
    if (redirect === LOGIN && session.lastEnd.value !== 'logout') returnTo = router.address;
    router.navigate(redirect, { replace: true });
    if (redirect !== LOGIN) returnTo = HOME;
  }, [redirect, path, router, session]);

  if (redirect) return null;
  if (!login) return <LoginView />;
  const view = matchRoute(VIEWS, path);
  // The key makes another login start with a feed of its own.
  return (
    <Shell key={login.token} token={login.token} view={view}>
      {view ? <view.component /> : <NotFound />}
    </Shell>
  );
}

function redirectFor(path: string, loggedIn: boolean): string | null {
  if (!loggedIn) return path === LOGIN ? null : LOGIN;
  return path === LOGIN ? returnTo : null;
}
