import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { MockHistory } from './mock-history.ts';
import type { MockHost } from './mock-metrics.ts';
import { mockMetrics } from './mock-metrics.ts';
import { MockSettings } from './mock-settings.ts';
import { MockSocket } from './mock-socket.ts';

const WEB_ROOT = join(import.meta.dirname, '../../.build/web');
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const CONTENT_TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export interface MockOptions extends Partial<MockHost> {
  intervalMs?: number;
  /** Whether `/api/history/metrics` answers; 503 otherwise. */
  history?: boolean;
  port?: number;
}

type Metrics = ReturnType<typeof mockMetrics>;

/** The part of the daemon that the page talks to, with the failures that a test wants. Username and password: `admin`, `secret`. */
export class MockServer {
  readonly username = 'admin';
  readonly password = 'secret';
  /** Given to the next login instead of an answer: 429 with this `Retry-After`. */
  throttleSeconds: number | null = null;
  /** While false, upgrades and API requests are cut off, as if the daemon were gone. */
  up = true;
  /** While false, sockets stay open but nothing is sent on them: a dead network. */
  talking = true;
  /** Changes the figures of the stream before they go out. */
  change: (metrics: Metrics) => object = (metrics) => metrics;
  readonly pings: string[] = [];
  readonly settings = new MockSettings();
  readonly history: MockHistory;
  readonly #options: Required<MockOptions>;
  readonly #server: Server;
  readonly #sockets = new Set<MockSocket>();
  readonly #files = new Map<string, Buffer>();
  #tokens = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: MockOptions = {}) {
    this.#options = { cores: 4, perfAvailable: false, intervalMs: 1_000, history: true, port: 0, ...options };
    this.history = new MockHistory(this.#options);
    if (!existsSync(WEB_ROOT)) throw new Error('the page is not built: npx vite build --config src/web/vite.config.ts');
    for (const file of readdirSync(WEB_ROOT, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      const path = join(file.parentPath, file.name);
      this.#files.set(path.slice(WEB_ROOT.length), readFileSync(path));
    }
    this.#server = createServer((request, response) => this.#serve(request, response));
    this.#server.on('upgrade', (request, stream) => {
      const token = new URL(request.url ?? '', 'http://mock').searchParams.get('token') ?? '';
      if (!this.up || !this.#tokens.has(token)) {
        stream.end(this.up ? 'HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n' : '');
        return;
      }
      const socket = new MockSocket(request, stream, (text) => {
        this.pings.push(text);
        if (this.talking) socket.send('{"type":"pong"}');
      });
      this.#sockets.add(socket);
      stream.on('close', () => this.#sockets.delete(socket));
      if (this.talking) socket.send(this.#message());
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(this.#options.port, '127.0.0.1', resolve));
    this.#timer = setInterval(() => this.broadcast(), this.#options.intervalMs);
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.cutSockets();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get connections(): number {
    return this.#sockets.size;
  }

  broadcast(): void {
    if (!this.talking || this.#sockets.size === 0) return;
    const message = this.#message();
    for (const socket of this.#sockets) socket.send(message);
  }

  cutSockets(): void {
    for (const socket of this.#sockets) socket.cut();
  }

  revokeTokens(): void {
    this.#tokens = new Set();
  }

  #message(): string {
    // Ticks lie on the grid of the interval, as the sampler's do.
    const timeMs = Math.floor(Date.now() / this.#options.intervalMs) * this.#options.intervalMs;
    const data = this.change(mockMetrics(timeMs, this.#options));
    return JSON.stringify({ type: 'metrics', timestamp: new Date(timeMs).toISOString(), data });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://mock');
    if (!url.pathname.startsWith('/api/')) return this.#file(url.pathname, response);
    if (!this.up) return void request.socket.destroy();
    if (url.pathname === '/api/auth/login') return this.#login(request, response);
    const token = request.headers.authorization?.slice('Bearer '.length) ?? '';
    if (!this.#tokens.has(token)) return json(response, 401, { detail: 'Not authenticated' });
    if (url.pathname === '/api/auth/me')
      return json(response, 200, { id: 1, username: this.username, is_admin: this.settings.mayChange });
    const answer = await this.settings.answer(request, url);
    if (answer) return json(response, answer.status, answer.body);
    if (url.pathname === '/api/auth/logout') {
      this.#tokens.delete(token);
      return json(response, 200, { message: 'Logged out successfully' });
    }
    const past = this.#options.history ? this.history.answer(url) : noStore(url);
    if (past) return json(response, past.status, past.body);
    json(response, 404, { detail: 'Resource not found' });
  }

  async #login(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = JSON.parse(Buffer.concat(chunks).toString());
    if (this.throttleSeconds !== null) {
      response.setHeader('retry-after', this.throttleSeconds);
      return json(response, 429, { detail: 'Too many login attempts' });
    }
    if (body.username !== this.username || body.password !== this.password)
      return json(response, 401, { detail: 'Invalid username or password' });
    const token = `token+/${this.#tokens.size}-${Date.now()}`;
    this.#tokens.add(token);
    json(response, 200, { access_token: token, token_type: 'bearer', expires_in: 86_400 });
  }

  #file(path: string, response: ServerResponse): void {
    const name = this.#files.has(path) ? path : '/index.html';
    const found = name === path || path === '/' || path === '/login' || path.startsWith('/app/');
    response.writeHead(found ? 200 : 404, {
      'content-type': CONTENT_TYPES[extname(name)] ?? 'application/octet-stream',
      'content-security-policy': POLICY,
    });
    response.end(found ? this.#files.get(name) : undefined);
  }
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

function noStore({ pathname }: URL) {
  return pathname.startsWith('/api/history/') ? { status: 503, body: { detail: 'The store is not available' } } : null;
}
