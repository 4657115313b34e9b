import { messages } from '../messages.ts';
import type { SessionStore } from './session.ts';

/** An answer other than success; `status` is 0 when the daemon could not be reached at all. */
export class ApiError extends Error {
  readonly code = 'TACHO_API_ERROR';
  readonly status: number;
  /** From `Retry-After`, in seconds. */
  readonly retryAfterSeconds: number | null;

  constructor(status: number, detail: string, retryAfterSeconds: number | null = null) {
    super(detail);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export interface User {
  id: number;
  username: string;
  is_admin: boolean;
}

/** `GET /api/history/metrics`: each point's `data` has the shape of the live message's block of that name. */
export interface History {
  data_points: { timestamp: string; data: object }[];
  truncated?: boolean;
  stale?: boolean;
}

interface LoginAnswer {
  access_token: string;
  expires_in: number;
}

/** The daemon's API for this page. Everything but the login carries the session's token, and a 401 to that ends the session. */
export class Api {
  readonly #session: SessionStore;

  constructor(session: SessionStore) {
    this.#session = session;
  }

  /** @throws ApiError with 401 (wrong password) or 429 (throttled, `retryAfterSeconds` says for how long) */
  async login(username: string, password: string): Promise<void> {
    const body = JSON.stringify({ username, password });
    const answer = await request<LoginAnswer>('/api/auth/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    this.#session.begin(answer.access_token, answer.expires_in);
  }

  /** Ends the session here even when the daemon can't be told. */
  async logout(): Promise<void> {
    const told = this.#authorised('/api/auth/logout', { method: 'POST' });
    this.#session.end('logout');
    await told.catch(() => undefined);
  }

  me(): Promise<User> {
    return this.#authorised('/api/auth/me');
  }

  history(metricType: string, fromMs: number, toMs: number, interval: string): Promise<History> {
    const query = new URLSearchParams({
      metric_type: metricType,
      start_time: new Date(fromMs).toISOString(),
      end_time: new Date(toMs).toISOString(),
      interval,
    });
    return this.#authorised(`/api/history/metrics?${query}`);
  }

  /** A change: `body` is sent as JSON. @throws ApiError */
  send<T>(method: 'POST' | 'PUT', path: string, body?: object): Promise<T> {
    if (body === undefined) return this.#authorised(path, { method });
    return this.#authorised(path, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  /** @throws ApiError; what `signal` throws when it is aborted */
  get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.#authorised(path, signal ? { signal } : {});
  }

  async #authorised<T>(path: string, init: RequestInit = {}): Promise<T> {
    const token = this.#session.current.value?.token;
    try {
      return await request<T>(path, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });
    } catch (error) {
      // Only if the session is still the one that was refused: a late answer must not end its successor.
      if (error instanceof ApiError && error.status === 401 && this.#session.current.value?.token === token)
        this.#session.end('expired');
      throw error;
    }
  }
}

async function request<T>(path: string, init: RequestInit): Promise<T> {
  const response = await fetch(path, { ...init, cache: 'no-store' }).catch((error: unknown) => {
    throw init.signal?.aborted ? error : new ApiError(0, messages.unreachable);
  });
  const body: unknown = await response.json().catch(() => null);
  if (response.ok && body !== null) return body as T;
  const detail = (body as { detail?: unknown } | null)?.detail;
  const retryAfter = Number.parseInt(response.headers.get('retry-after') ?? '', 10);
  throw new ApiError(
    response.status,
    typeof detail === 'string' ? detail : messages.unexpectedAnswer(response.status),
    Number.isNaN(retryAfter) ? null : retryAfter,
  );
}
