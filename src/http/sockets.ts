import { type Authenticate, admit, bearerToken } from './access.ts';
import { HttpError } from './errors.ts';
import type { Exchange, Log } from './exchange.ts';
import { handshakeFault } from './guard.ts';
import type { Access, Principal } from './route.ts';
import type { HttpRequest, HttpResponse, TemplatedApp, us_socket_context_t, WebSocket } from './uws.ts';
import { parseQuery } from './validate.ts';

/** A WebSocket that may be used at any time: once it is closed, nothing happens. */
export interface Socket {
  readonly principal: Principal;
  readonly remoteAddress: string;
  /** The query of the handshake, without the token; the first of repeated parameters. */
  readonly query: ReadonlyMap<string, string>;
  /** The route's own state of this socket; `{}` at first. */
  readonly data: Record<string, unknown>;
  /** Bytes are sent as they are: as a text message (they must be UTF-8) unless `binary`. `dropped` past `maxBufferedBytes` or when closed. */
  send(message: string | Uint8Array, binary?: boolean): 'sent' | 'buffered' | 'dropped';
  /** What the client has not taken yet. */
  bufferedBytes(): number;
  /** @param reason at most 123 bytes (RFC 6455 §5.5) */
  close(code: number, reason: string): void;
}

export interface SocketRoute {
  readonly path: string;
  readonly summary: string;
  readonly tags?: readonly string[];
  /** The token comes in `Authorization` or as `?token=`. */
  readonly access: Access;
  /** 16 KiB when left out. A longer message closes the socket. */
  readonly maxMessageBytes?: number;
  /** 50 when left out, pings included. More in a second closes the socket (1008). */
  readonly messagesPerSecond?: number;
  /** 1 MiB when left out. */
  readonly maxBufferedBytes?: number;
  open?(socket: Socket): void;
  message?(socket: Socket, text: string): void;
  /** The client has taken what was buffered. */
  drain?(socket: Socket): void;
  close?(socket: Socket, code: number): void;
}

/** RFC 6455 §7.4.1. */
const CLOSE = { unsupported: 1003, policy: 1008, internalError: 1011 } as const;

const DEFAULT_MESSAGE_BYTES = 16 * 1024;
const DEFAULT_MESSAGES_PER_SECOND = 50;
const DEFAULT_BUFFERED_BYTES = 1024 * 1024;
/** Of silence, pongs included (the library pings by itself): then the client is taken for gone. */
const IDLE_TIMEOUT_SECONDS = 60;

/** The library copies the properties of what it is given, so an object with methods must be one level down. */
interface UserData {
  live: LiveSocket;
}

export class LiveSocket implements Socket {
  readonly principal: Principal;
  readonly remoteAddress: string;
  readonly query: ReadonlyMap<string, string>;
  readonly data: Record<string, unknown> = {};
  readonly #messagesPerSecond: number;
  #socket: WebSocket<UserData> | null = null;
  #windowStart = 0;
  #messagesInWindow = 0;

  constructor(route: SocketRoute, principal: Principal, remoteAddress: string, query: ReadonlyMap<string, string>) {
    this.principal = principal;
    this.remoteAddress = remoteAddress;
    this.query = query;
    this.#messagesPerSecond = route.messagesPerSecond ?? DEFAULT_MESSAGES_PER_SECOND;
  }

  send(message: string | Uint8Array, binary = false): 'sent' | 'buffered' | 'dropped' {
    const outcome = this.#socket?.send(message, binary);
    if (outcome === 1) return 'sent';
    return outcome === 0 ? 'buffered' : 'dropped';
  }

  bufferedBytes(): number {
    return this.#socket?.getBufferedAmount() ?? 0;
  }

  close(code: number, reason: string): void {
    this.#socket?.end(code, reason);
  }

  attach(socket: WebSocket<UserData> | null): void {
    this.#socket = socket;
  }

  /** Counts a message; false when it is one too many, and the socket is closed then. */
  countMessage(): boolean {
    if (!this.#socket) return false;
    const now = performance.now();
    if (now - this.#windowStart >= 1_000) {
      this.#windowStart = now;
      this.#messagesInWindow = 0;
    }
    this.#messagesInWindow += 1;
    if (this.#messagesInWindow <= this.#messagesPerSecond) return true;
    this.close(CLOSE.policy, `more than ${this.#messagesPerSecond} messages a second`);
    return false;
  }
}

export interface SocketHost {
  log: Log;
  authenticate: Authenticate;
  open: Set<LiveSocket>;
  onClose(): void;
  /** Guards the request; null when it was refused and answered already. */
  begin(response: HttpResponse, request: HttpRequest): Exchange | null;
}

export function registerSocket(app: TemplatedApp, route: SocketRoute, host: SocketHost): void {
  const guarded = (socket: LiveSocket, action: () => unknown): void => {
    const onError = (error: unknown): void => {
      host.log.error({ err: error, template: route.path }, 'WebSocket handler failed');
      socket.close(CLOSE.internalError, 'internal error');
    };
    try {
      const result = action();
      if (result instanceof Promise) result.catch(onError);
    } catch (error) {
      onError(error);
    }
  };
  const behavior: Parameters<typeof app.ws<UserData>>[1] = {
    compression: 0,
    maxPayloadLength: route.maxMessageBytes ?? DEFAULT_MESSAGE_BYTES,
    maxBackpressure: route.maxBufferedBytes ?? DEFAULT_BUFFERED_BYTES,
    idleTimeout: IDLE_TIMEOUT_SECONDS,
    sendPingsAutomatically: true,
    upgrade(response, request, context) {
      const exchange = host.begin(response, request);
      if (exchange) upgrade(route, host, exchange, context);
    },
    open(ws) {
      const socket = ws.getUserData().live;
      socket.attach(ws);
      host.open.add(socket);
      guarded(socket, () => route.open?.(socket));
    },
    message(ws, message, isBinary) {
      const socket = ws.getUserData().live;
      if (!socket.countMessage()) return;
      // A text message with a binary frame among its fragments, which the library lets through, counts as binary too.
      if (isBinary) socket.close(CLOSE.unsupported, 'text messages only');
      else guarded(socket, () => route.message?.(socket, Buffer.from(message).toString()));
    },
    ping(ws) {
      ws.getUserData().live.countMessage();
    },
    drain(ws) {
      const socket = ws.getUserData().live;
      guarded(socket, () => route.drain?.(socket));
    },
    close(ws, code) {
      const socket = ws.getUserData().live;
      socket.attach(null);
      host.open.delete(socket);
      host.onClose();
      guarded(socket, () => route.close?.(socket, code));
    },
  };
  const path = route.path.replace(/\/$/, '');
  app.ws(path, behavior).ws(`${path}/`, behavior);
}

function upgrade(route: SocketRoute, host: SocketHost, exchange: Exchange, context: us_socket_context_t): void {
  const { head } = exchange;
  exchange.template = route.path;
  const refuse = (error: unknown) => exchange.failAndClose(error);
  const fault = handshakeFault(head.headers);
  if (fault) {
    refuse(
      new HttpError(fault.status, fault.reason, { headers: { upgrade: 'websocket', 'sec-websocket-version': '13' } }),
    );
    return;
  }
  try {
    const { values } = parseQuery(head.query);
    const query = new Map(values);
    query.delete('token');
    const token = bearerToken(head.headers) ?? values.get('token') ?? null;
    const accept = (principal: Principal | null): void => {
      if (!principal) throw HttpError.unauthorized();
      exchange.principal = principal;
      const key = head.headers.get('sec-websocket-key') ?? '';
      const live = new LiveSocket(route, principal, exchange.remoteAddress, query);
      // Never inside `cork`: behind a corked upgrade the library looks at the socket as if it still spoke HTTP, and closes it
      // at random. An upgrade in a later turn makes it print a warning; `authenticate` mostly answers in this one.
      exchange.takeOver()?.upgrade<UserData>({ live }, key, '', '', context);
    };
    admit(route.access, token, host.authenticate, accept, refuse);
  } catch (error) {
    refuse(error);
  }
}
