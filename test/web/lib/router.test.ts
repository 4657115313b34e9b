import { expect, test } from 'vitest';
import { matchRoute, normalisePath, Router } from '../../../src/web/lib/router.ts';

/** A window whose history is a plain list. */
function fakeWindow(path: string) {
  const entries = [path];
  let at = 0;
  let popped = () => {};
  const location = { pathname: path };
  const show = () => {
    location.pathname = entries[at] ?? '/';
  };
  return {
    entries,
    location,
    history: {
      pushState: (_data: null, _unused: string, url: string) => {
        entries.splice(++at, Infinity, url);
        show();
      },
      replaceState: (_data: null, _unused: string, url: string) => {
        entries[at] = url;
        show();
      },
    },
    addEventListener: (_type: 'popstate', listener: () => void) => {
      popped = listener;
    },
    back: () => {
      at--;
      show();
      popped();
    },
  };
}

test('a trailing slash makes no difference', () => {
  expect(normalisePath('/app/history//')).toBe('/app/history');
  expect(normalisePath('/')).toBe('/');
  expect(normalisePath('//')).toBe('/');
});

test('matches whole paths only', () => {
  const routes = [{ path: '/' }, { path: '/app/history' }];
  expect(matchRoute(routes, '/app/history/')).toBe(routes[1]);
  expect(matchRoute(routes, '/app/history/2')).toBeNull();
  expect(matchRoute(routes, '/app')).toBeNull();
});

test('navigating pushes, replacing replaces, the same path does neither', () => {
  const window = fakeWindow('/');
  const router = new Router(window);
  router.navigate('/app/history/');
  router.navigate('/app/history');
  expect(window.entries).toEqual(['/', '/app/history']);
  router.navigate('/login', { replace: true });
  expect(window.entries).toEqual(['/', '/login']);
  expect(router.path.value).toBe('/login');
});

test("follows the browser's back button", () => {
  const window = fakeWindow('/');
  const router = new Router(window);
  const seen: string[] = [];
  router.path.subscribe((path) => seen.push(path));
  router.navigate('/app/history');
  window.back();
  expect(seen).toEqual(['/app/history', '/']);
});
