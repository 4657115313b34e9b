/** The API's description (OpenAPI 3.1), made from the routes. */
import Type, { type TObject, type TSchema } from 'typebox';
import { dialectOf } from './dialects.ts';
import { keywordsOf } from './expectation.ts';
import { json } from './reply.ts';
import { type Access, defineRoute, type Route } from './route.ts';
import { parameterNames } from './router.ts';
import type { SocketRoute } from './sockets.ts';

export interface ApiTitle {
  title: string;
  version: string;
}

type JsonObject = Record<string, unknown>;

/** `GET /api/openapi.json` for these routes and itself. */
export function openApiRoute(routes: readonly Route[], sockets: readonly SocketRoute[], title: ApiTitle): Route {
  let encoded: JsonObject | null = null;
  const own = defineRoute({
    method: 'GET',
    path: '/api/openapi.json',
    summary: 'This description',
    tags: ['meta'],
    access: 'public',
    responses: { 200: { description: 'OpenAPI 3.1', schema: Type.Object({}) } },
    handler: () => {
      encoded ??= describeApi([...routes, own], sockets, title);
      return json(encoded);
    },
  });
  return own;
}

function describeApi(
  routes: readonly Route[],
  sockets: readonly SocketRoute[],
  { title, version }: ApiTitle,
): JsonObject {
  const paths: Record<string, JsonObject> = {};
  const add = (path: string, method: string, operation: JsonObject): void => {
    paths[path] = { ...paths[path], [method]: operation };
  };
  for (const route of routes) add(route.path, route.method.toLowerCase(), describeRoute(route));
  for (const socket of sockets) add(socket.path, 'get', describeSocket(socket));
  return {
    openapi: '3.1.0',
    info: { title, version },
    paths,
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
  };
}

function describeRoute(route: Route): JsonObject {
  const parameters = [
    ...describeParameters('path', route.params ?? stringParams(route.path)),
    ...(route.query ? describeParameters('query', route.query) : []),
  ];
  return {
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    ...(route.tags ? { tags: route.tags } : {}),
    ...securityOf(route.access),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(route.body ? { requestBody: { required: true, content: jsonContent(route.body) } } : {}),
    responses: describeResponses(route),
  };
}

function describeResponses(route: Route): JsonObject {
  const responses: JsonObject = {};
  for (const [status, { description, schema }] of Object.entries(route.responses)) {
    responses[status] = { description, ...(schema ? { content: jsonContent(schema) } : {}) };
  }
  const { invalidBodyStatus, schema } = dialectOf(route.path);
  const errors: [status: number, description: string, applies: boolean][] = [
    [400, 'Bad input', route.params !== null || route.query !== null || route.body !== null],
    [401, 'No valid token', route.access !== 'public'],
    [403, 'Not allowed', route.access !== 'public' && route.access !== 'user'],
    [413, 'The body is too large', route.body !== null],
    [invalidBodyStatus, 'Bad input', route.body !== null],
  ];
  for (const [status, description, applies] of errors) {
    if (applies) responses[status] ??= { description, ...(schema ? { content: jsonContent(schema) } : {}) };
  }
  return responses;
}

function describeSocket({ path, summary, tags, access }: SocketRoute): JsonObject {
  const { schema } = dialectOf(path);
  return {
    summary: `WebSocket: ${summary}`,
    ...(tags ? { tags } : {}),
    ...securityOf(access),
    parameters: [
      {
        name: 'token',
        in: 'query',
        required: false,
        description: 'For clients that cannot send an Authorization header',
        schema: { type: 'string' },
      },
    ],
    responses: {
      101: { description: 'Switched to WebSocket' },
      401: { description: 'No valid token', ...(schema ? { content: jsonContent(schema) } : {}) },
      426: { description: 'Not a WebSocket handshake', ...(schema ? { content: jsonContent(schema) } : {}) },
    },
  };
}

function describeParameters(place: 'path' | 'query', schema: TObject): JsonObject[] {
  const required = new Set(keywordsOf(schema)['required'] as string[] | undefined);
  return Object.entries<TSchema>(schema.properties).map(([name, property]) => {
    const { description, ...rest } = keywordsOf(property);
    const optional = place === 'query' && (!required.has(name) || rest['default'] !== undefined);
    return {
      name,
      in: place,
      required: !optional,
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

/** Parameters that a route does not describe are strings. */
function stringParams(path: string): TObject {
  return Type.Object(Object.fromEntries(parameterNames(path).map((name) => [name, Type.String()])));
}

function securityOf(access: Access): JsonObject {
  return access === 'public' ? { security: [] } : { security: [{ bearer: [] }] };
}

function jsonContent(schema: TSchema): JsonObject {
  return { 'application/json': { schema } };
}
