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

/** Speaks TLS 1.2 and 1.3. Throws when the library refuses the pair, without saying why. */
export function createTlsApp(certPath: string, keyPath: string): TemplatedApp {
  return uWS.SSLApp({ cert_file_name: certPath, key_file_name: keyPath });
}

/** The members by which one app accepts connections for another; the declarations leave them out. */
interface AcceptingApp extends TemplatedApp {
  getDescriptor(): number;
  addChildAppDescriptor(descriptor: number): void;
  removeChildAppDescriptor(descriptor: number): void;
}

/**
 * An app that only accepts connections, for the TLS app it was told last. So its port stays open while a certificate is replaced, and no
 * connection that waits to be accepted is reset, as those of a closed listen socket are.
 */
export class TlsAcceptor {
  readonly app = uWS.SSLApp({}) as AcceptingApp;
  #current: AcceptingApp | null = null;

  /** Connections from now on are `app`'s; those that another has stay with it. */
  handTo(app: TemplatedApp): void {
    const next = app as AcceptingApp;
    // Both in one turn: the library takes turns between its apps, and must never be left without one.
    this.app.addChildAppDescriptor(next.getDescriptor());
    if (this.#current) this.app.removeChildAppDescriptor(this.#current.getDescriptor());
    this.#current = next;
  }
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
