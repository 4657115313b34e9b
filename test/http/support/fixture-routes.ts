/** Routes that make the server do all it can do; shared by tests in the same process and in one of their own. */
import Type from 'typebox';
import { encodedJson, json, noContent, text } from '../../../src/http/reply.ts';
import { defineRoute, type Principal, type Route } from '../../../src/http/route.ts';
import type { SocketRoute } from '../../../src/http/sockets.ts';

const USER: Principal = {
  userId: 7,
  username: 'ada',
  isAdmin: false,
  sessionId: 'session-7',
  organisations: [{ id: 1, name: 'default', role: 'member' }],
};
const ADMIN: Principal = { ...USER, userId: 1, username: 'admin', isAdmin: true, sessionId: 'session-1' };

/** `user`, `admin` and, in a later turn, `user-later` are tokens; nothing else is. */
export function authenticate(token: string): Principal | null | Promise<Principal | null> {
  if (token === 'user') return USER;
  if (token === 'admin') return ADMIN;
  if (token === 'broken') throw new Error('the session store is gone');
  return nextTurn().then(() => (token === 'user-later' ? USER : null));
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A body whose every byte tells its place. */
export function pattern(bytes: number): Buffer {
  const body = Buffer.alloc(bytes);
  for (let index = 0; index < bytes; index += 1) body[index] = 33 + ((index * 7 + (index >> 8)) % 90);
  return body;
}

export interface Counts {
  canary: number;
  aborted: number;
  socketsClosed: number;
  /** What `send` said while it was sending more than a client can take. */
  floodOutcomes: string[];
}

const OK = { 200: { description: 'OK' } };
const Bytes = Type.Object({ bytes: Type.Integer({ minimum: 0, maximum: 50_000_000 }) });
const Thing = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 20 }),
  size: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
});

export function fixtureRoutes(counts: Counts): Route[] {
  const get = (path: string, handler: Route['handler']) =>
    defineRoute({ method: 'GET', path, summary: path, access: 'public', responses: OK, handler });
  const post = (path: string, handler: Route['handler']) =>
    defineRoute({ method: 'POST', path, summary: path, access: 'public', responses: OK, handler });
  return [
    get('/api/canary', () => {
      counts.canary += 1;
      return json({ canary: 'sang' });
    }),
    get('/api/counts', () => json({ ...counts, rssBytes: process.memoryUsage.rss() })),
    get('/api/fast', () => json({ fast: true })),
    get('/api/later', async () => {
      await nextTurn();
      return json({ later: true });
    }),
    get('/api/until-gone', async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      counts.aborted += 1;
      return json({ nobody: 'reads this' });
    }),
    get('/api/gone-then-throw', async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      counts.aborted += 1;
      throw new Error('nobody is left to hear this');
    }),
    get('/api/throws', () => {
      throw new Error('secret detail');
    }),
    get('/api/rejects', async () => {
      await nextTurn();
      throw new Error('secret detail');
    }),
    get('/api/not-a-reply', () => undefined as never),
    get('/api/bad-header', () => json({}, 200, { 'x-note': 'a\r\nset-cookie: b=c' })),
    get('/api/empty', () => noContent()),
    get('/api/encoded', () => encodedJson(Buffer.from('{"encoded":true}'))),
    get('/plain', () => text('plain words\n')),
    defineRoute({
      method: 'GET',
      path: '/api/large',
      summary: 'Bytes, at once',
      access: 'public',
      query: Bytes,
      responses: OK,
      handler: ({ query }) => ({ status: 200, body: pattern(query.bytes) }),
    }),
    defineRoute({
      method: 'GET',
      path: '/api/large-later',
      summary: 'Bytes, in a later turn',
      access: 'public',
      query: Bytes,
      responses: OK,
      async handler({ query }) {
        await nextTurn();
        return { status: 200, body: pattern(query.bytes) };
      },
    }),
    post('/api/nothing', () => json({ took: 'nothing' })),
    post('/api/large', () => ({ status: 200, body: pattern(300_000) })),
    defineRoute({
      method: 'POST',
      path: '/api/things',
      summary: 'Echoes a thing',
      access: 'public',
      body: Thing,
      responses: OK,
      handler: ({ body }) => json(body, 201),
    }),
    defineRoute({
      method: 'PUT',
      path: '/api/v1/reports/{id}',
      summary: 'Portal dialect',
      access: 'public',
      params: Type.Object({ id: Type.Integer({ minimum: 1 }) }),
      body: Thing,
      responses: OK,
      handler: ({ params, body }) => json({ ...params, ...body }),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/metrics',
      summary: 'Organisation metrics dialect',
      access: 'user',
      body: Thing,
      responses: OK,
      handler: ({ principal }) => json({ by: principal.username }),
    }),
    defineRoute({
      method: 'GET',
      path: '/api/mine',
      summary: 'Wants a token',
      access: 'user',
      responses: OK,
      handler: ({ principal }) => json({ username: principal.username }),
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/mine',
      summary: 'Wants an administrator',
      access: 'admin',
      responses: OK,
      handler: () => noContent(),
    }),
    defineRoute({
      method: 'GET',
      path: '/api/search/{kind}',
      summary: 'All kinds of parameters',
      access: (principal) => (principal.organisations.length > 0 ? true : 'forbidden'),
      params: Type.Object({ kind: Type.String({ maxLength: 20 }) }),
      query: Type.Object({
        limit: Type.Integer({ minimum: 1, maximum: 100, default: 10 }),
        ratio: Type.Optional(Type.Number({ minimum: 0 })),
        deep: Type.Optional(Type.Boolean()),
        mode: Type.Optional(Type.Enum(['fast', 'exact'])),
        hours: Type.Optional(Type.Union([Type.Integer({ minimum: 1, maximum: 8760 }), Type.Literal('all')])),
        note: Type.Optional(Type.String({ maxLength: 10_000 })),
      }),
      responses: OK,
      handler: ({ params, query, header, remoteAddress }) =>
        json({ ...params, ...query, agent: header('User-Agent') ?? null, remoteAddress }),
    }),
  ];
}

export function fixtureSockets(counts: Counts): SocketRoute[] {
  return [
    {
      path: '/api/ws/echo',
      summary: 'Says what it was told',
      access: 'user',
      maxMessageBytes: 1_024,
      messagesPerSecond: 20,
      open(socket) {
        socket.data['told'] = 0;
        socket.send(
          `hello ${socket.principal.username} from ${socket.remoteAddress} ${JSON.stringify([...socket.query])}`,
        );
      },
      message(socket, message) {
        if (message === 'throw') throw new Error('told to');
        if (message === 'close twice') {
          socket.close(1000, 'bye');
          socket.close(1000, 'bye');
          // Neither may touch the socket that the library has taken back.
          socket.send(`after ${socket.bufferedBytes()}`);
        }
        socket.data['told'] = Number(socket.data['told']) + 1;
        if (message === 'count') socket.send(String(socket.data['told']));
        else if (message === 'flood me') {
          const outcomes = new Set<string>();
          for (let index = 0; index < 200; index += 1) outcomes.add(socket.send(Buffer.alloc(100_000, 'x')));
          counts.floodOutcomes = [...outcomes].sort();
        } else socket.send(message);
      },
      close() {
        counts.socketsClosed += 1;
      },
    },
    {
      path: '/api/ws/admin',
      summary: 'For administrators; its handler rejects',
      access: 'admin',
      message: async () => {
        await nextTurn();
        throw new Error('told to');
      },
    },
  ];
}
