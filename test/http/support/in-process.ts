import { createHttpServer, type HttpServer, type HttpServerOptions } from '../../../src/http/server.ts';
import { authenticate, type Counts, fixtureRoutes, fixtureSockets } from './fixture-routes.ts';

interface Logged {
  level: string;
  fields: Record<string, unknown>;
  message: string;
}

/** The fixture server in this process, with what it logged and recorded. */
export async function startServer(options: Partial<HttpServerOptions> = {}) {
  const counts: Counts = { canary: 0, aborted: 0, socketsClosed: 0, floodOutcomes: [] };
  const logged: Logged[] = [];
  const records: Parameters<NonNullable<HttpServerOptions['onRequest']>>[0][] = [];
  const log = (level: string) => (fields: object, message: string) =>
    logged.push({ level, fields: { ...fields }, message });
  const server: HttpServer = createHttpServer({
    routes: fixtureRoutes(counts),
    sockets: fixtureSockets(counts),
    authenticate,
    log: { error: log('error'), warn: log('warn'), info: log('info') },
    onRequest: (record) => void records.push(record),
    ...options,
  });
  const { port } = await server.listen('127.0.0.1', 0);
  return { server, port, url: `http://127.0.0.1:${port}`, counts, logged, records };
}
