import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { UserAdmin, UserSummary, UserToAdd } from '../auth/user-admin.ts';
import type { ArchiveAdmin, ArchivedDay, RestoreRequest, RestoreResult } from '../jobs/archive.ts';

/** The daemon refused, or could not be asked; the message is one line. */
class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code = 'TACHO_CONTROL';
}

/** Whether a daemon listens at the socket. One that was killed leaves its socket behind, and nobody answers there. */
export function isDaemonListening(socketPath: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(false);
      else reject(new ControlError(`cannot ask the running daemon: ${error.message}`));
    });
  });
}

/** Asks the daemon that listens at the socket. Throws a ControlError with the daemon's own words. */
export class ControlClient {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** @returns the body of the answer; empty when it has none. However long it takes. */
  async call(method: string, path: string, body?: object): Promise<string> {
    const content = body === undefined ? '' : JSON.stringify(body);
    const { status, answer } = await this.#exchange(method, `/api/control${path}`, content);
    if (status >= 200 && status < 300) return answer;
    throw new ControlError(detailOf(answer) ?? `the running daemon answered ${status}`);
  }

  async #exchange(method: string, path: string, content: string): Promise<{ status: number; answer: string }> {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) };
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        request({ socketPath: this.#socketPath, method, path, headers }, resolve).on('error', reject).end(content);
      });
      return { status: response.statusCode ?? 0, answer: await text(response) };
    } catch (error) {
      throw new ControlError(`cannot ask the running daemon: ${error instanceof Error ? error.message : error}`);
    }
  }
}

function detailOf(answer: string): string | null {
  try {
    const detail: unknown = JSON.parse(answer)?.detail;
    return typeof detail === 'string' ? detail : null;
  } catch {
    return null;
  }
}

export class RemoteUserAdmin implements UserAdmin {
  readonly #client: ControlClient;

  constructor(client: ControlClient) {
    this.#client = client;
  }

  async add(user: UserToAdd): Promise<UserSummary> {
    return JSON.parse(await this.#client.call('POST', '/users', user));
  }

  async list(): Promise<UserSummary[]> {
    return JSON.parse(await this.#client.call('GET', '/users'));
  }

  async setPassword(username: string, password: string): Promise<void> {
    await this.#client.call('PUT', `/users/${encodeURIComponent(username)}/password`, { password });
  }

  async remove(username: string): Promise<void> {
    await this.#client.call('DELETE', `/users/${encodeURIComponent(username)}`);
  }
}

export class RemoteArchiveAdmin implements ArchiveAdmin {
  readonly #client: ControlClient;

  constructor(client: ControlClient) {
    this.#client = client;
  }

  async list(table: string | null): Promise<ArchivedDay[]> {
    const query = table === null ? '' : `?table=${encodeURIComponent(table)}`;
    return JSON.parse(await this.#client.call('GET', `/archive${query}`));
  }

  async restore(request: RestoreRequest): Promise<RestoreResult> {
    return JSON.parse(await this.#client.call('POST', '/archive/restore', request));
  }
}
