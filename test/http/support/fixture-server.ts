/** The fixture routes in a process of their own, which a test may try to bring down. Reads its options from argv, prints its port. */
import { createHttpServer } from '../../../src/http/server.ts';
import { readTlsPair } from '../../../src/http/tls-pair.ts';
import { authenticate, fixtureRoutes, fixtureSockets } from './fixture-routes.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as {
  port?: number;
  trustedProxies?: string[];
  tls?: { certPath: string; keyPath: string };
};
const counts = { canary: 0, aborted: 0, socketsClosed: 0, floodOutcomes: [] };
const quiet = { error: () => {}, warn: () => {}, info: () => {} };
const server = createHttpServer({
  routes: fixtureRoutes(counts),
  sockets: fixtureSockets(counts),
  authenticate,
  log: quiet,
  trustedProxies: options.trustedProxies ?? [],
  tls: options.tls ? readTlsPair(options.tls.certPath, options.tls.keyPath) : null,
});
try {
  const { port } = await server.listen('127.0.0.1', options.port ?? 0);
  console.log(JSON.stringify({ port }));
} catch (error) {
  console.log(JSON.stringify({ code: (error as { code: string }).code, message: (error as Error).message }));
  process.exitCode = 1;
}
process.on('SIGTERM', () => void server.close());
