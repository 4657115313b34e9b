/** Five contracts share one server; the path says which of them a request belongs to, and so what its errors look like. */
import Type, { type TSchema } from 'typebox';
import type { HttpError } from './errors.ts';

export interface Dialect {
  name: 'perfwatch' | 'organisation-metrics' | 'portal' | 'influxdb' | 'text';
  /** The status of a body whose values are wrong; a body that is no JSON at all is 400 in every dialect. */
  invalidBodyStatus: 400 | 422;
  /** What the answer says, as JSON or as text. */
  render(error: HttpError, errorId: string | null): Readonly<Record<string, unknown>> | string;
  /** The shape of the answer, for the API's description; null where it is plain text. */
  schema: TSchema | null;
}

const NO_WORDS: Readonly<Record<number, string>> = {};

/** `words` are the dialect's own sentences for a status; the rest are the status' usual names. */
function sentence(error: HttpError, words: Readonly<Record<number, string>> = NO_WORDS): string {
  return error.detail ?? words[error.status] ?? COMMON_WORDS[error.status] ?? error.message;
}

const COMMON_WORDS: Readonly<Record<number, string>> = {
  401: 'Not authenticated',
  403: 'Not authorized to perform this action',
  404: 'Resource not found',
  405: 'Method not allowed',
  500: 'Internal server error',
};

function codeFrom(codes: Readonly<Record<number, string>>, error: HttpError, fallback: string): string {
  return error.dialectCode ?? codes[error.status] ?? (error.status >= 500 ? (codes[500] ?? fallback) : fallback);
}

const perfwatch: Dialect = {
  name: 'perfwatch',
  invalidBodyStatus: 400,
  render: (error, errorId) => ({ detail: sentence(error), ...(errorId === null ? {} : { error_id: errorId }) }),
  schema: Type.Object({
    detail: Type.String(),
    error_id: Type.Optional(Type.String({ description: 'Of a 500: the same id stands in the log of the server' })),
  }),
};

const ORGANISATION_METRICS_CODES: Readonly<Record<number, string>> = {
  400: 'invalid_request',
  401: 'authentication_required',
  403: 'access_denied',
  404: 'not_found',
  405: 'method_not_allowed',
  409: 'conflict',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  422: 'validation_error',
  429: 'rate_limited',
  500: 'internal_error',
  503: 'service_unavailable',
};

const organisationMetrics: Dialect = {
  name: 'organisation-metrics',
  invalidBodyStatus: 422,
  render(error, errorId) {
    const missing = error.problems[0]?.missing ? error.problems[0].field : null;
    return {
      error: codeFrom(ORGANISATION_METRICS_CODES, error, 'invalid_request'),
      message:
        missing === null ? sentence(error, { 401: 'Authentication required.' }) : `Field '${missing}' is required.`,
      ...(error.field === null ? {} : { field: error.field }),
      ...error.extras,
      ...(errorId === null ? {} : { error_id: errorId }),
    };
  },
  schema: Type.Object({ error: Type.String(), message: Type.String(), field: Type.Optional(Type.String()) }),
};

const PORTAL_CODES: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  409: 'CONFLICT',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  422: 'VALIDATION_ERROR',
  429: 'RATE_LIMITED',
  500: 'INTERNAL_ERROR',
  503: 'SERVICE_UNAVAILABLE',
};

const portal: Dialect = {
  name: 'portal',
  invalidBodyStatus: 422,
  render(error, errorId) {
    const details: Record<string, unknown> = {};
    for (const { field, missing, expected } of error.problems) {
      details[field] = [missing ? 'This field is required' : capitalised(expected)];
    }
    if (errorId !== null) details['error_id'] = errorId;
    const message = error.status === 422 && error.problems.length > 0 ? 'Validation failed' : sentence(error);
    return { error: codeFrom(PORTAL_CODES, error, 'BAD_REQUEST'), message, details: { ...details, ...error.extras } };
  },
  schema: Type.Object({
    error: Type.String(),
    message: Type.String(),
    details: Type.Record(Type.String(), Type.Unknown()),
  }),
};

/** The codes of https://docs.influxdata.com/influxdb/v2/api/v2/#operation/PostWrite */
const INFLUXDB_CODES: Readonly<Record<number, string>> = {
  400: 'invalid',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not found',
  405: 'method not allowed',
  409: 'conflict',
  413: 'request too large',
  415: 'unsupported media type',
  422: 'unprocessable entity',
  429: 'too many requests',
  500: 'internal error',
  503: 'unavailable',
};

const influxdb: Dialect = {
  name: 'influxdb',
  invalidBodyStatus: 400,
  render: (error, errorId) => ({
    code: codeFrom(INFLUXDB_CODES, error, 'invalid'),
    message: errorId === null ? sentence(error) : `${sentence(error)} (${errorId})`,
  }),
  schema: Type.Object({ code: Type.String(), message: Type.String() }),
};

/** Pages, probes and scrapes: a person or a log reads these. */
const text: Dialect = {
  name: 'text',
  invalidBodyStatus: 400,
  render: (error, errorId) => `${sentence(error)}${errorId === null ? '' : ` (${errorId})`}\n`,
  schema: null,
};

/** The first prefix that fits decides; a prefix fits whole path segments only. */
const DIALECT_OF_PREFIX: readonly (readonly [prefix: string, dialect: Dialect])[] = [
  ['/api/v1/analytics', perfwatch],
  ['/api/v1/auth', portal],
  ['/api/v1/reports', portal],
  ['/api/v1/collectors', portal],
  ['/api/v1/admin', portal],
  ['/api/v2/write', influxdb],
  ['/api/metrics', organisationMetrics],
  ['/dashboard', portal],
  ['/api', perfwatch],
];

export function dialectOf(path: string): Dialect {
  for (const [prefix, dialect] of DIALECT_OF_PREFIX) {
    if (path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === 0x2f))
      return dialect;
  }
  return text;
}

function capitalised(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
