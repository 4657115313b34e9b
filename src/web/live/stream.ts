import { backoffMs } from '../lib/backoff.ts';
import { Cell } from '../lib/cell.ts';

export type StreamState =
  | { name: 'connecting' | 'open' | 'offline' | 'closed' }
  /** Waits for its next attempt, at `retryAtMs` of the injected clock. */
  | { name: 'waiting'; retryAtMs: number };

/** The part of a browser's WebSocket that the stream uses. */
export interface StreamSocket {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(text: string): void;
  close(): void;
}

export type Timer = ReturnType<typeof setTimeout>;

export interface StreamDeps {
  connect(): StreamSocket;
  now(): number;
  setTimer(task: () => void, delayMs: number): Timer;
  clearTimer(timer: Timer | undefined): void;
  random(): number;
}

export interface StreamHandlers {
  onMessage(text: string): void;
  /** The connection was refused or closed on purpose: the token may no longer be good. */
  onRefused(): void;
}

const PING_EVERY_MS = 20_000;
/** Silence after a ping that makes a connection count as dead. */
const ANSWER_WITHIN_MS = 8_000;
const CONNECT_WITHIN_MS = 10_000;
const POLICY_VIOLATION = 1008;
/** From here on close codes are the application's own; the daemon's say that the session has ended. */
const FIRST_OWN_CODE = 4000;
const PING = JSON.stringify({ type: 'ping' });

/**
 * A WebSocket that stays connected:
 *
 *   connecting ──▶ open ──▶ (closed, silent after a ping) ──▶ waiting ──▶ connecting …
 *        └── (refused, no answer) ──────────────────────────────▲
 *   offline: the browser says there is no network; wake() or online() leave it at once.
 */
export class LiveStream {
  readonly state = new Cell<StreamState>({ name: 'closed' });
  readonly #deps: StreamDeps;
  readonly #handlers: StreamHandlers;
  #socket: StreamSocket | null = null;
  #failures = 0;
  /** Connect deadline, ping or retry: a stream waits for one thing at a time. */
  #timer: Timer | undefined;
  #deadline: Timer | undefined;

  constructor(deps: StreamDeps, handlers: StreamHandlers) {
    this.#deps = deps;
    this.#handlers = handlers;
  }

  start(): void {
    if (this.state.value.name === 'closed') this.#connect();
  }

  stop(): void {
    this.#drop();
    this.state.set({ name: 'closed' });
  }

  /** The page is looked at again, maybe after the laptop slept: don't sit out a wait, and don't trust an old connection. */
  wake(): void {
    const { name } = this.state.value;
    if (name === 'waiting' || name === 'offline') this.#reconnectNow();
    else if (name === 'open') this.#ping();
  }

  online(): void {
    const { name } = this.state.value;
    if (name === 'waiting' || name === 'offline') this.#reconnectNow();
  }

  offline(): void {
    if (this.state.value.name === 'closed') return;
    this.#drop();
    this.state.set({ name: 'offline' });
  }

  #reconnectNow(): void {
    this.#failures = 0;
    this.#connect();
  }

  #connect(): void {
    this.#drop();
    this.state.set({ name: 'connecting' });
    const socket = this.#deps.connect();
    this.#socket = socket;
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.#deps.clearTimer(this.#timer);
      this.state.set({ name: 'open' });
      this.#schedulePing();
    };
    socket.onmessage = ({ data }) => {
      // Only a connection that delivers counts as a success: one that opens and dies at once must keep backing off.
      this.#failures = 0;
      this.#deps.clearTimer(this.#deadline);
      this.#deadline = undefined;
      if (typeof data === 'string') this.#handlers.onMessage(data);
    };
    socket.onclose = ({ code }) => {
      this.#retryLater();
      if (!opened || code === POLICY_VIOLATION || code >= FIRST_OWN_CODE) this.#handlers.onRefused();
    };
    this.#timer = this.#deps.setTimer(() => this.#retryLater(), CONNECT_WITHIN_MS);
  }

  #schedulePing(): void {
    this.#timer = this.#deps.setTimer(() => {
      this.#ping();
      this.#schedulePing();
    }, PING_EVERY_MS);
  }

  #ping(): void {
    this.#socket?.send(PING);
    this.#deadline ??= this.#deps.setTimer(() => this.#retryLater(), ANSWER_WITHIN_MS);
  }

  #retryLater(): void {
    this.#drop();
    const delayMs = backoffMs(this.#failures++, this.#deps.random());
    this.state.set({ name: 'waiting', retryAtMs: this.#deps.now() + delayMs });
    this.#timer = this.#deps.setTimer(() => this.#connect(), delayMs);
  }

  /** Lets go of the socket without waiting for its close event, which a dead network delays by minutes. */
  #drop(): void {
    this.#deps.clearTimer(this.#timer);
    this.#deps.clearTimer(this.#deadline);
    this.#timer = undefined;
    this.#deadline = undefined;
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = null;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }
}
