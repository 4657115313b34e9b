import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { connect, createServer, type ListenOptions } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { Authenticate } from './access.ts';
import { addressText, TrustedProxies } from './address.ts';
import { sendAndClose } from './answer.ts';
import { dialectOf } from './dialects.ts';
import { dispatch } from './dispatch.ts';
import { HttpError, ListenError } from './errors.ts';
import { Exchange, type ExchangeContext, type Log, type RequestRecord } from './exchange.ts';
import { inspect, isDoubtful, isRefusal, type Refusal } from './guard.ts';
import { encodeReply } from './reply.ts';
import type { Route } from './route.ts';
import { Router } from './router.ts';
import { CorsPolicy, DATA_HEADERS } from './security.ts';
import { type LiveSocket, registerSocket, type SocketRoute } from './sockets.ts';
import { StaticFiles } from './static.ts';
import { TlsError, type TlsPair } from './tls-pair.ts';
import {
  closeListenSocket,
  createApp,
  createTlsApp,
  type HttpRequest,
  type HttpResponse,
  type ListenSocket,
  listenExclusively,
  listenOnUnixSocket,
  localPort,
  type TemplatedApp,
  TlsAcceptor,
} from './uws.ts';

/** How long requests under way may take to end when the server closes. */
const CLOSING_MS = 2_000;
/** RFC 6455 §7.4.1. */
const GOING_AWAY = 1001;

export interface HttpServerOptions {
  routes: readonly Route[];
  sockets?: readonly SocketRoute[];
  /** A folder of static files, read once; null for none. */
  staticRoot?: string | null;
  authenticate?: Authenticate;
  log: Log;
  onRequest?(record: RequestRecord): void;
  /** Addresses and CIDR ranges. */
  trustedProxies?: readonly string[];
  corsOrigins?: readonly string[];
  /** Serves HTTPS, and no HTTP; null for HTTP. */
  tls?: TlsPair | null;
}

export interface HttpServer {
  /** Port 0 takes a free one. @throws ListenError with code `EADDRINUSE` when somebody listens there already */
  listen(host: string, port: number): Promise<{ host: string; port: number }>;
  /** The socket's mode is 0600; one that nobody listens on any more is replaced. @throws ListenError */
  listenUnix(path: string): Promise<void>;
  /** Stops accepting, lets requests end for up to 2 s, then closes every connection (WebSockets with 1001). */
  close(): Promise<void>;
  connections(): number;
  /**
   * New connections get the new certificate; those that are open go on with theirs. False for the pair that it serves with already.
   * @throws TlsError when the library refuses the pair, and everything stays as it was; Error for a server without TLS
   */
  replaceCertificate(pair: TlsPair): boolean;
}

/** @throws TlsError when the library refuses the certificate; StaticFilesError when the static folder cannot be read; Error for routes or proxies that make no sense */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  return new UwsServer(options);
}

class UwsServer implements HttpServer {
  /** What listens. */
  readonly #front: TemplatedApp;
  readonly #acceptor: TlsAcceptor | null;
  #tlsIdentity: string | null = null;
  /** What serves: one app for each certificate so far, because the earlier ones still have connections. */
  readonly #apps: TemplatedApp[] = [];
  readonly #register: (app: TemplatedApp) => void;
  readonly #log: Log;
  readonly #proxies: TrustedProxies;
  readonly #context: ExchangeContext;
  readonly #sockets = new Set<LiveSocket>();
  readonly #listening: ListenSocket[] = [];
  readonly #unixPaths: string[] = [];
  #connections = 0;
  #onIdle: () => void = () => {};
  #closing: Promise<void> | null = null;

  constructor(options: HttpServerOptions) {
    const { routes, sockets = [], staticRoot = null, authenticate = () => null, log } = options;
    const cors = new CorsPolicy(options.corsOrigins ?? []);
    this.#log = log;
    this.#proxies = new TrustedProxies(options.trustedProxies ?? []);
    this.#context = {
      log,
      onRequest: guardedRecorder(options),
      corsHeaders: (origin) => cors.headersFor(origin),
      open: new Set(),
      onIdle: () => this.#onIdle(),
    };
    const router = new Router();
    for (const route of routes) router.add(route);
    for (const socket of sockets) router.addSocket(socket.path);
    const staticFiles = staticRoot === null ? null : new StaticFiles(staticRoot);
    const countConnection = (_response: HttpResponse, change: number): void => {
      this.#connections += change;
    };
    const dispatchOptions = { router, staticFiles, authenticate, cors };
    this.#register = (app) => {
      app.filter(countConnection);
      for (const socket of sockets) this.#registerSocket(app, socket, authenticate);
      app.any('/*', (response, request) => {
        const exchange = this.#begin(response, request);
        if (exchange) dispatch(dispatchOptions, exchange, response);
      });
    };
    this.#acceptor = options.tls ? new TlsAcceptor() : null;
    this.#front = this.#acceptor?.app ?? this.#serveWith(createApp());
    if (options.tls) this.replaceCertificate(options.tls);
  }

  replaceCertificate({ certPath, keyPath, identity }: TlsPair): boolean {
    if (!this.#acceptor) throw new Error('this server does not speak TLS');
    if (identity === this.#tlsIdentity) return false;
    let app: TemplatedApp;
    try {
      app = createTlsApp(certPath, keyPath);
    } catch (error) {
      throw new TlsError(`tls_cert ${certPath} and tls_key ${keyPath} cannot be served with`, { cause: error });
    }
    this.#acceptor.handTo(this.#serveWith(app));
    this.#tlsIdentity = identity;
    return true;
  }

  #serveWith(app: TemplatedApp): TemplatedApp {
    this.#register(app);
    this.#apps.push(app);
    return app;
  }

  async listen(host: string, port: number): Promise<{ host: string; port: number }> {
    const socket = await listenExclusively(this.#front, host, port);
    if (!socket) throw await listenFailure({ host, port, exclusive: true }, `${host}:${port}`);
    this.#listening.push(socket);
    return { host, port: localPort(socket) };
  }

  async listenUnix(path: string): Promise<void> {
    await clearUnixPath(path);
    const socket = await listenOnUnixSocket(this.#front, path);
    if (!socket) throw await listenFailure({ path }, path);
    this.#listening.push(socket);
    this.#unixPaths.push(path);
    await chmod(path, 0o600);
  }

  connections(): number {
    return this.#connections;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const socket of this.#listening.splice(0)) closeListenSocket(socket);
    // What was accepted a moment ago is handed to its app in a turn of its own.
    if (this.#acceptor) for (let turn = 0; turn < 2; turn += 1) await setImmediate();
    await this.#untilIdle();
    for (const socket of this.#sockets) socket.close(GOING_AWAY, 'the server is shutting down');
    this.#acceptor?.app.close();
    for (const app of this.#apps) app.close();
    for (const path of this.#unixPaths.splice(0)) await rm(path, { force: true });
  }

  async #untilIdle(): Promise<void> {
    if (this.#context.open.size === 0) return;
    const idle = Promise.withResolvers<void>();
    this.#onIdle = idle.resolve;
    const deadline = setTimeout(idle.resolve, CLOSING_MS);
    await idle.promise;
    clearTimeout(deadline);
    // The last answer is on its way to the kernel; what it did not take is the library's to send.
    await setImmediate();
  }

  #registerSocket(app: TemplatedApp, route: SocketRoute, authenticate: Authenticate): void {
    registerSocket(app, route, {
      log: this.#log,
      authenticate,
      open: this.#sockets,
      begin: (response, request) => this.#begin(response, request),
      // The library counts the connection in when it opens, and not out once it is a WebSocket.
      onClose: () => {
        this.#connections -= 1;
      },
    });
  }

  /** Guards a request; null when it was refused, and answered. */
  #begin(response: HttpResponse, request: HttpRequest): Exchange | null {
    const peer = addressText(new Uint8Array(response.getRemoteAddress()));
    const inspected = inspect(request);
    if (isRefusal(inspected)) {
      this.#refuse(response, request.getUrl(), inspected, peer);
      return null;
    }
    const proxied = this.#proxies.includes(peer);
    const client = proxied ? this.#proxies.clientOf(peer, inspected.headers.get('x-forwarded-for')) : peer;
    return new Exchange(this.#context, response, inspected, client, isDoubtful(inspected, proxied));
  }

  #refuse(response: HttpResponse, path: string, { status, reason }: Refusal, remoteAddress: string): void {
    const body = dialectOf(path).render(new HttpError(status, reason), null);
    sendAndClose(response, encodeReply({ status, body }, DATA_HEADERS, false));
    const nothing = { durationMs: 0, requestBytes: 0, responseBytes: 0, principal: null, userAgent: '' };
    this.#context.onRequest({ ...nothing, template: '(malformed)', method: '(malformed)', status, remoteAddress });
  }
}

/** A recorder that fails must not fail the request. */
function guardedRecorder({ onRequest, log }: HttpServerOptions): (record: RequestRecord) => void {
  return (record) => {
    try {
      onRequest?.(record);
    } catch (error) {
      log.error({ err: error }, 'recording a request failed');
    }
  };
}

/** Removes a socket file that a dead process left behind. @throws ListenError when its process lives */
async function clearUnixPath(path: string): Promise<void> {
  const socket = connect({ path });
  try {
    await once(socket, 'connect');
  } catch (error) {
    if (codeOf(error) === 'ECONNREFUSED') await rm(path, { force: true });
    return;
  } finally {
    socket.destroy();
  }
  throw new ListenError('EADDRINUSE', `${path}: another process listens there already`);
}

const LISTEN_REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EADDRINUSE: 'another process listens there already',
  EADDRNOTAVAIL: 'this host has no such address',
  ENOTFOUND: 'there is no host of that name',
};

/** The library says only that it failed; Node says why, when it tries the same. */
async function listenFailure(options: ListenOptions, name: string): Promise<ListenError> {
  const server = createServer();
  let code = 'TACHO_LISTEN_FAILED';
  try {
    server.listen(options);
    await once(server, 'listening');
  } catch (error) {
    code = codeOf(error) ?? code;
  }
  server.close();
  return new ListenError(code, `cannot listen on ${name}: ${LISTEN_REASONS[code] ?? code}`);
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
