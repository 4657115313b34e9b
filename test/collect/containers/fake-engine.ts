import { mkdirSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { dirname } from 'node:path';

export interface FakeContainer {
  name: string;
  image?: string;
  state?: string;
  labels?: Record<string, string>;
}

/** A Docker engine on a unix socket that does what the test wants. */
export class FakeEngine {
  readonly containers = new Map<string, FakeContainer>();
  /** In place of an answer: leave the request without one, or answer this. */
  misbehave: ((path: string, response: ServerResponse) => boolean) | null = null;
  readonly #streams = new Set<ServerResponse>();
  readonly #waiting = new Set<() => void>();
  #server: Server | null = null;

  async listen(socketPath: string): Promise<void> {
    mkdirSync(dirname(socketPath), { recursive: true });
    const server = createServer((request, response) => this.#answer(request, response));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  }

  /** Goes away, with its socket. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.#streams.clear();
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }

  /** Once somebody listens to the events. */
  async listened(): Promise<void> {
    while (this.#streams.size === 0) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  send(text: string): void {
    for (const stream of this.#streams) stream.write(text);
  }

  /** Changes a container, or removes it, and tells. */
  change(id: string, container: FakeContainer | null, Action: string): void {
    if (container) this.containers.set(id, container);
    else this.containers.delete(id);
    this.send(`${JSON.stringify({ Type: 'container', Action, Actor: { ID: id, Attributes: {} } })}\n`);
  }

  cutStreams(): void {
    for (const stream of this.#streams) stream.destroy();
    this.#streams.clear();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    if (this.misbehave?.(path, response)) return;
    if (path === '/containers/json?all=1') {
      json(response, [...this.containers].map(inList));
      return;
    }
    if (path.startsWith('/events?')) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      this.#streams.add(response);
      for (const waiting of this.#waiting) waiting();
      this.#waiting.clear();
      return;
    }
    const id = /^\/containers\/([^/]+)\/json$/.exec(path)?.[1] ?? '';
    const container = this.containers.get(id);
    if (!container) {
      response.writeHead(404).end('{"message":"No such container"}');
      return;
    }
    const { name, image = 'image', state = 'running', labels = {} } = container;
    json(response, {
      ...{ Id: id, Name: `/${name}`, Created: '2026-01-05T10:00:00.123456789Z' },
      ...{ State: { Status: state }, Config: { Image: image, Labels: labels } },
    });
  }
}

function inList([id, { name, image = 'image', state = 'running', labels = {} }]: [string, FakeContainer]) {
  return { Id: id, Names: [`/${name}`], Image: image, State: state, Created: 1_767_607_200, Labels: labels };
}

function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
