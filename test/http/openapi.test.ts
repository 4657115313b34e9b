import { expect, test } from 'vitest';
import { openApiRoute } from '../../src/http/openapi.ts';
import { fixtureRoutes, fixtureSockets } from './support/fixture-routes.ts';
import { startServer } from './support/in-process.ts';

const counts = { canary: 0, aborted: 0, socketsClosed: 0, floodOutcomes: [] };

test('describes every route and socket, itself included, to anybody', async () => {
  const routes = fixtureRoutes(counts);
  const sockets = fixtureSockets(counts);
  const own = openApiRoute(routes, sockets, { title: 'Tacho', version: '1.2.3' });
  const fixture = await startServer({ routes: [...routes, own], sockets });
  const response = await fetch(`${fixture.url}/api/openapi.json`);
  await fixture.server.close();
  const description = (await response.json()) as { paths: Record<string, Record<string, unknown>> };
  expect(response.status).toBe(200);
  expect(description).toMatchObject({ openapi: '3.1.0', info: { title: 'Tacho', version: '1.2.3' } });

  const described = Object.entries(description.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const expected = [...routes, own].map(({ method, path }) => `${method} ${path}`);
  expect(described.sort()).toEqual([...expected, ...sockets.map(({ path }) => `GET ${path}`)].sort());

  expect(description.paths['/api/search/{kind}']?.['get']).toMatchObject({
    security: [{ bearer: [] }],
    parameters: expect.arrayContaining([
      { name: 'kind', in: 'path', required: true, schema: { type: 'string', maxLength: 20 } },
      {
        name: 'limit',
        in: 'query',
        required: false,
        schema: { type: 'integer', minimum: 1, maximum: 100, default: 10 },
      },
      { name: 'mode', in: 'query', required: false, schema: { enum: ['fast', 'exact'] } },
    ]),
    responses: { 200: { description: 'OK' }, 400: {}, 401: {}, 403: {} },
  });
  expect(description.paths['/api/fast']?.['get']).toEqual({
    summary: '/api/fast',
    security: [],
    responses: { 200: { description: 'OK' } },
  });
  expect(description.paths['/api/v1/reports/{id}']?.['put']).toMatchObject({
    requestBody: {
      required: true,
      content: { 'application/json': { schema: { type: 'object', required: ['name'] } } },
    },
    responses: {
      422: { content: { 'application/json': { schema: { required: ['error', 'message', 'details'] } } } },
    },
  });
  expect(description.paths['/api/ws/echo']?.['get']).toMatchObject({
    summary: expect.stringMatching(/^WebSocket: /),
    responses: { 101: {}, 401: {}, 426: {} },
  });
});
