import { describe, expect, test } from 'vitest';
import { json } from '../../src/http/reply.ts';
import { defineRoute, type Route } from '../../src/http/route.ts';
import { allowedMethods, Router } from '../../src/http/router.ts';

function route(method: Route['method'], path: string): Route {
  return defineRoute({ method, path, summary: path, access: 'public', responses: {}, handler: () => json(null) });
}

function routerOf(...paths: string[]): Router {
  const router = new Router();
  for (const path of paths) router.add(route('GET', path));
  return router;
}

describe('finding', () => {
  const router = routerOf('/', '/a', '/a/{id}', '/a/list', '/a/{id}/b', '/a/list/c/{x}', '/slash/', '/{any}/z/{last}');

  test.each([
    ['/', '/', {}],
    ['/a', '/a', {}],
    ['/a/', '/a', {}],
    ['/a/7', '/a/{id}', { id: '7' }],
    ['/a/list', '/a/list', {}],
    ['/a/list/b', '/a/{id}/b', { id: 'list' }],
    ['/a/list/c/1', '/a/list/c/{x}', { x: '1' }],
    ['/a/x%2Fy%20z', '/a/{id}', { id: 'x/y z' }],
    ['/slash', '/slash/', {}],
    ['/a/z/1', '/{any}/z/{last}', { any: 'a', last: '1' }],
    ['/a/__proto__', '/a/{id}', { id: '__proto__' }],
  ])('%s is %s', (path, template, params) => {
    const match = router.find(path);
    expect(match?.endpoint.template).toBe(template);
    expect(Object.fromEntries(match?.params.values ?? [])).toEqual(params);
  });

  test.each(['', 'a', '/b', '/a//b', '/a/1/c', '/constructor', '//', '/a/1/b/2'])('%j is nothing', (path) => {
    expect(router.find(path)).toBeNull();
  });

  test('a parameter that is not UTF-8 is the client’s fault', () => {
    expect(() => router.find('/a/%ff')).toThrow(expect.objectContaining({ status: 400, field: 'id' }));
  });
});

test('two routes for the same are the programmer’s fault', () => {
  expect(() => routerOf('/a/{id}', '/a/{id}')).toThrow('two routes for GET /a/{id}');
  expect(() => routerOf('/a/{id}', '/a/{name}')).toThrow('the same path');
  expect(() => routerOf('a')).toThrow('starts with a slash');
});

test('Allow names what there is', () => {
  const router = routerOf('/a');
  router.add(route('DELETE', '/a'));
  router.addSocket('/ws');
  expect(allowedMethods(router.find('/a')!.endpoint)).toBe('GET, DELETE, HEAD, OPTIONS');
  expect(allowedMethods(router.find('/ws')!.endpoint)).toBe('GET, OPTIONS');
});
