/** From a guarded request to its answer: finds the route, asks who calls, reads the body, validates, calls the handler. */
import { type Authenticate, admit, bearerToken } from './access.ts';
import { BodyReader, parseJsonBody } from './body.ts';
import { HttpError } from './errors.ts';
import type { Exchange } from './exchange.ts';
import type { Reply } from './reply.ts';
import type { ApiRequest, Method, Principal, Route } from './route.ts';
import { allowedMethods, type Match, type Router } from './router.ts';
import { type CorsPolicy, DATA_HEADERS } from './security.ts';
import type { StaticFiles } from './static.ts';
import type { HttpResponse } from './uws.ts';
import { parseQuery, type TextParameters, type Validated } from './validate.ts';

/** Unless a route says otherwise. */
const DEFAULT_BODY_LIMIT_BYTES = 1024 * 1024;
/** Bodies that nobody asked for: enough for a client that sends `{}` with everything. */
const UNWANTED_BODY_LIMIT_BYTES = 64 * 1024;

const STATIC_METHODS = 'GET, HEAD, OPTIONS';

export interface DispatchOptions {
  router: Router;
  staticFiles: StaticFiles | null;
  authenticate: Authenticate;
  cors: CorsPolicy;
}

/** Must run in the request's own turn, because a body can only be asked for then. */
export function dispatch(options: DispatchOptions, exchange: Exchange, response: HttpResponse): void {
  try {
    const { method, path } = exchange.head;
    const match = options.router.find(path);
    if (match) exchange.template = match.endpoint.template;
    const route = match?.endpoint.routes.get((method === 'HEAD' ? 'GET' : method) as Method);
    readBody(
      exchange,
      response,
      route?.bodyLimitBytes ?? (route?.body ? DEFAULT_BODY_LIMIT_BYTES : UNWANTED_BODY_LIMIT_BYTES),
    );
    if (match && route) serve(options, exchange, route, match);
    else if (match) answerWithoutRoute(options, exchange, match);
    else answerWithFile(options, exchange);
  } catch (error) {
    exchange.fail(error);
  }
}

/** A length of 0 is no body; where none is declared, there may be one all the same. */
function readBody(exchange: Exchange, response: HttpResponse, limitBytes: number): void {
  const { method, contentLength } = exchange.head;
  if (contentLength === 0 || method === 'GET' || method === 'HEAD') return;
  exchange.body = new BodyReader(response, limitBytes, contentLength);
}

function serve(options: DispatchOptions, exchange: Exchange, route: Route, match: Match): void {
  const attempt = (action: () => void): void => {
    try {
      action();
    } catch (error) {
      exchange.fail(error);
    }
  };
  const proceed = (principal: Principal | null): void => {
    exchange.principal = principal;
    if (!exchange.body) {
      attempt(() => call(exchange, route, match, null));
      return;
    }
    exchange.body.consume((body) => {
      attempt(() => {
        if (body === 'too large') throw HttpError.payloadTooLarge(route.bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES);
        call(exchange, route, match, body);
      });
    });
  };
  const { head } = exchange;
  admit(route.access, bearerToken(head.headers), options.authenticate, proceed, (error) => exchange.fail(error));
}

function call(exchange: Exchange, route: Route, match: Match, body: Buffer | null): void {
  if (!exchange.isOpen) return;
  const { headers, query } = exchange.head;
  const { invalidBodyStatus } = exchange.dialect;
  const params = route.validateParams ? valid(route.validateParams(match.params), 400) : {};
  const parsedQuery: TextParameters | null = route.validateQuery && parseQuery(query);
  const validatedQuery = route.validateQuery && parsedQuery ? valid(route.validateQuery(parsedQuery), 400) : {};
  const validatedBody = route.validateBody
    ? valid(route.validateBody(parseJsonBody(body ?? Buffer.alloc(0), headers.get('content-type'))), invalidBodyStatus)
    : undefined;
  const result = route.handler(new RoutedRequest(exchange, route, params, validatedQuery, validatedBody));
  const reply = (value: Reply) => exchange.reply(value);
  if (result instanceof Promise) result.then(reply).catch((error: unknown) => exchange.fail(error));
  else reply(result);
}

/** @throws HttpError with the given status, naming what is wrong */
function valid(validated: Validated, status: 400 | 422): unknown {
  if ('problems' in validated) throw HttpError.invalid(status, validated.problems);
  return validated.value;
}

class RoutedRequest implements ApiRequest {
  readonly method: Method;
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly template: string;
  /** Bound, because handlers take it out of the request. */
  readonly header = (name: string): string | undefined => this.#exchange.head.headers.get(name.toLowerCase());
  readonly #exchange: Exchange;

  constructor(exchange: Exchange, route: Route, params: unknown, query: unknown, body: unknown) {
    this.#exchange = exchange;
    this.method = route.method;
    this.template = route.path;
    this.params = params;
    this.query = query;
    this.body = body;
  }

  get path(): string {
    return this.#exchange.head.path;
  }

  get principal(): Principal | null {
    return this.#exchange.principal;
  }

  get remoteAddress(): string {
    return this.#exchange.remoteAddress;
  }

  get signal(): AbortSignal {
    return this.#exchange.signal;
  }
}

function answerWithoutRoute({ cors }: DispatchOptions, exchange: Exchange, { endpoint }: Match): void {
  const allow = allowedMethods(endpoint);
  const { method } = exchange.head;
  if (method === 'OPTIONS') {
    answerOptions(cors, exchange, allow);
  } else if (endpoint.socket && (method === 'GET' || method === 'HEAD')) {
    throw new HttpError(426, 'upgrade: must be websocket', {
      headers: { upgrade: 'websocket', connection: 'upgrade' },
    });
  } else {
    throw HttpError.methodNotAllowed(allow);
  }
}

function answerWithFile({ cors, staticFiles }: DispatchOptions, exchange: Exchange): void {
  const { method, path, headers } = exchange.head;
  const found = staticFiles?.reply(path, headers);
  if (!found) throw HttpError.notFound();
  exchange.template = '(static)';
  if (method === 'GET' || method === 'HEAD') exchange.reply(found.reply, found.common);
  else if (method === 'OPTIONS') answerOptions(cors, exchange, STATIC_METHODS);
  else throw HttpError.methodNotAllowed(STATIC_METHODS);
}

function answerOptions(cors: CorsPolicy, exchange: Exchange, allow: string): void {
  const preflight = cors.preflightHeadersFor(exchange.head.headers.get('origin'), allow);
  exchange.reply({ status: 204, body: null, headers: { allow } }, [...DATA_HEADERS, ...preflight]);
}
