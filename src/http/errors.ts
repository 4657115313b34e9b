import { STATUS_CODES } from 'node:http';

/** One value of a request that is not what the route asks for. Never holds what a body said: that may be a secret. */
export interface Problem {
  /** The parameter's name; of a body, the path to the value (`rules.0.name`); `body` for the whole of it. */
  field: string;
  missing: boolean;
  /** Completes "<field> …": "is required", "must be an integer from 1 to 1000". */
  expected: string;
}

export interface HttpErrorOptions extends ErrorOptions {
  /** The dialect's error code, where it has one and the status alone does not decide it (`invalid_metric_type`). */
  code?: string;
  /** The field at fault. */
  field?: string;
  /** More members of the answer, for dialects that have room for them. */
  extras?: Readonly<Record<string, unknown>>;
  headers?: Readonly<Record<string, string>>;
  problems?: readonly Problem[];
}

/**
 * An answer that is an error; each dialect (dialects.ts) says how it looks. Thrown by handlers and by the server itself.
 * Without `detail` the dialect's own words for the status are used.
 */
export class HttpError extends Error {
  readonly status: number;
  readonly detail: string | null;
  /** Always set: `TACHO_HTTP_<status>` unless the dialect's own code was given. */
  readonly code: string;
  /** The dialect's code, when it was given. */
  readonly dialectCode: string | null;
  readonly field: string | null;
  readonly extras: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly problems: readonly Problem[];

  constructor(status: number, detail: string | null = null, options: HttpErrorOptions = {}) {
    super(detail ?? STATUS_CODES[status] ?? String(status), options);
    this.status = status;
    this.detail = detail;
    this.code = options.code ?? `TACHO_HTTP_${status}`;
    this.dialectCode = options.code ?? null;
    this.field = options.field ?? null;
    this.extras = options.extras ?? {};
    this.headers = options.headers ?? {};
    this.problems = options.problems ?? [];
  }

  /** 400. `detail` is the whole sentence: "end_time: must be later than start_time". */
  static badRequest(detail: string, field?: string): HttpError {
    return new HttpError(400, detail, field === undefined ? {} : { field });
  }

  static unauthorized(detail: string | null = null): HttpError {
    return new HttpError(401, detail, { headers: { 'www-authenticate': 'Bearer' } });
  }

  static forbidden(detail: string | null = null): HttpError {
    return new HttpError(403, detail);
  }

  static notFound(detail: string | null = null): HttpError {
    return new HttpError(404, detail);
  }

  static methodNotAllowed(allow: string): HttpError {
    return new HttpError(405, null, { headers: { allow } });
  }

  static conflict(detail: string): HttpError {
    return new HttpError(409, detail);
  }

  static payloadTooLarge(limitBytes: number): HttpError {
    return new HttpError(413, `body: must be at most ${limitBytes} bytes`, { field: 'body' });
  }

  static unsupportedMediaType(): HttpError {
    return new HttpError(415, 'content-type: must be application/json', { field: 'content-type' });
  }

  static tooManyRequests(detail: string, retryAfterSeconds: number): HttpError {
    const seconds = Math.max(1, Math.ceil(retryAfterSeconds));
    return new HttpError(429, detail, {
      headers: { 'retry-after': String(seconds) },
      extras: { retry_after: seconds },
    });
  }

  static unavailable(detail: string, retryAfterSeconds?: number): HttpError {
    const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterSeconds)) };
    return new HttpError(503, detail, { headers });
  }

  /** Values that are not what the route asks for; the status is the dialect's (400 or 422), so 400 stands for both here. */
  static invalid(status: 400 | 422, problems: readonly Problem[]): HttpError {
    const [first] = problems;
    const detail = first ? `${first.field}: ${first.expected}` : null;
    return new HttpError(status, detail, { problems, ...(first ? { field: first.field } : {}) });
  }
}

/** The server could not be started. */
export class ListenError extends Error {
  /** `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, `ENOTFOUND` …: what the system says, else `TACHO_LISTEN_FAILED`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
