/**
 * The one door to uWebSockets.js. The build we use (README, "Dependencies") is older than the author's latest; guard.ts, answer.ts
 * and sockets.ts say what each of its gaps is and how it is covered.
 */
import type {
  HttpRequest,
  HttpResponse,
  TemplatedApp,
  us_listen_socket,
  us_socket_context_t,
  WebSocket,
} from 'uWebSockets.js';

export type { HttpRequest, HttpResponse, TemplatedApp, us_socket_context_t, WebSocket };
export type ListenSocket = us_listen_socket;

// The library reads this once, when its binary is loaded, so it must be set before the import is evaluated; and an import
// statement would be hoisted above it, in the sources as in the bundle. The default refuses more than 4 kB of headers.
process.env['UWS_HTTP_MAX_HEADERS_SIZE'] = '16384';
const uWS = await import('uWebSockets.js');

/** What the library offers and its type declarations leave out. */
interface Untyped {
  LIBUS_LISTEN_EXCLUSIVE_PORT: number;
  _cfg(option: 'silent'): void;
}

interface UntypedApp {
  listen(host: string, port: number, options: number, onListening: (socket: ListenSocket | false) => void): void;
}

// Two steps through `unknown`, because the declarations lack these members.
const untyped = uWS as unknown as Untyped;

// No `uWebSockets: 20` header in every answer.
untyped._cfg('silent');

export function createApp(): TemplatedApp {
  return uWS.App();
}

/** Listens on a port that nobody else listens on: by default the library shares it (SO_REUSEPORT) with a second daemon. */
export function listenExclusively(app: TemplatedApp, host: string, port: number): Promise<ListenSocket | false> {
  return new Promise((resolve) => {
    (app as unknown as UntypedApp).listen(host, port, untyped.LIBUS_LISTEN_EXCLUSIVE_PORT, resolve);
  });
}

export function listenOnUnixSocket(app: TemplatedApp, path: string): Promise<ListenSocket | false> {
  return new Promise((resolve) => {
    app.listen_unix(resolve, path);
  });
}

export function closeListenSocket(socket: ListenSocket): void {
  uWS.us_listen_socket_close(socket);
}

export function localPort(socket: ListenSocket): number {
  return uWS.us_socket_local_port(socket);
}
