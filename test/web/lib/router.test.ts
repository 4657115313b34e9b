import { expect, test } from 'vitest';
import { matchRoute, normalisePath, Router } from '../../../src/web/lib/router.ts';

/** A window whose history is a plain list. */
function fakeWindow(path: string) {
  const entries = [path];
  let at = 0;
  let popped = () => {};
  const location = { pathname: path, search: '' };
  const show = () => {
    const { pathname, search } = new URL(entries[at] ?? '/', 'http://host');
    Object.assign(location, { pathname, search });
  };
  show();
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

test('a view may hold back what would leave it, also the back button, until it lets go', () => {
  const window = fakeWindow('/');
  const router = new Router(window);
  router.navigate('/app/settings');
  const leaves: (() => void)[] = [];
  router.holdBack = (leave) => leaves.push(leave);
  window.back();
  router.navigate('/app/history');
  expect(leaves).toHaveLength(2);
  expect([router.path.value, window.location.pathname]).toEqual(['/app/settings', '/app/settings']);
  leaves[0]?.();
  expect([router.path.value, window.location.pathname]).toEqual(['/', '/']);
});

test('the end of a session is not held back', () => {
  const router = new Router(fakeWindow('/app/settings'));
  router.holdBack = () => {};
  router.navigate('/login', { replace: true });
  expect(router.path.value).toBe('/login');
});

test('the query is part of the address, and of where the back button leads', () => {
  const window = fakeWindow('/app/history?range=6h');
  const router = new Router(window);
  expect([router.path.value, router.query.value, router.address]).toEqual([
    '/app/history',
    'range=6h',
    '/app/history?range=6h',
  ]);
  router.navigate('/app/history/?range=24h');
  router.navigate('/app/history?range=24h');
  router.navigate('/');
  expect(window.entries).toEqual(['/app/history?range=6h', '/app/history?range=24h', '/']);
  expect(router.query.value).toBe('');
  window.back();
  expect(router.address).toBe('/app/history?range=24h');
});

test('a view that goes never sees the query of the next', () => {
  const router = new Router(fakeWindow('/app/history?range=6h'));
  const seen: string[] = [];
  router.query.subscribe(() => seen.push(router.address));
  router.navigate('/app/compare?type=disk');
  expect(seen).toEqual(['/app/compare?type=disk']);
});
