/** A route: one object that is the source of routing, validation, access, limits, documentation and request logging. */
import type { Static, TObject, TSchema } from 'typebox';
import type { Reply } from './reply.ts';
import { type JsonValidator, jsonValidator, type TextValidator, textValidator } from './validate.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Who is asking. */
export interface Principal {
  userId: number;
  username: string;
  isAdmin: boolean;
  sessionId: string;
  organisations: readonly { id: number; name: string; role: 'admin' | 'member' }[];
}

/** Decides on a known principal: true, or `forbidden` (403). */
type AccessRule = (principal: Principal) => true | 'forbidden';

/** `public` looks at no token; `user` wants any valid one; `admin` wants one of an administrator of this server. */
export type Access = 'public' | 'user' | 'admin' | AccessRule;

export interface ApiRequest<Params = unknown, Query = unknown, Body = unknown, Asker = Principal | null> {
  readonly method: Method;
  /** As sent, without the query. */
  readonly path: string;
  /** The route's path: what logs and statistics may name. */
  readonly template: string;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly principal: Asker;
  /** The client's own, past trusted proxies; `unix` on a unix socket. */
  readonly remoteAddress: string;
  /** A header by its name in any case. */
  header(name: string): string | undefined;
  /** Aborted when the client goes before it was answered. */
  readonly signal: AbortSignal;
}

interface ResponseSpec {
  description: string;
  /** Of the JSON answer; without one it has no body, or one that is not JSON. */
  schema?: TSchema;
}

interface RouteFacts {
  readonly method: Method;
  /** Segments in braces are parameters: `/api/v1/collectors/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly responses: Readonly<Record<number, ResponseSpec>>;
  /** 1 MiB when left out. */
  readonly bodyLimitBytes?: number;
}

type AskerOf<A extends Access> = 'public' extends A ? (A extends 'public' ? null : Principal) : Principal;

export interface RouteSpec<A extends Access, Params extends TObject, Query extends TObject, Body extends TSchema>
  extends RouteFacts {
  readonly access: A;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  handler(request: ApiRequest<Static<Params>, Static<Query>, Static<Body>, AskerOf<A>>): Reply | Promise<Reply>;
}

export interface Route extends RouteFacts {
  readonly access: Access;
  readonly params: TObject | null;
  readonly query: TObject | null;
  readonly body: TSchema | null;
  readonly validateParams: TextValidator | null;
  readonly validateQuery: TextValidator | null;
  readonly validateBody: JsonValidator | null;
  handler(request: ApiRequest): Reply | Promise<Reply>;
}

/**
 * Compiles a route. Types of `params`, `query` and `body` follow from the schemas.
 * @example
 * defineRoute({
 *   method: 'GET', path: '/api/things/{id}', summary: 'One thing', access: 'user',
 *   params: Type.Object({ id: Type.Integer({ minimum: 1 }) }),
 *   responses: { 200: { description: 'The thing' } },
 *   handler: ({ params }) => json({ id: params.id }),
 * });
 */
export function defineRoute<
  const A extends Access,
  Params extends TObject = TObject<Record<never, never>>,
  Query extends TObject = TObject<Record<never, never>>,
  Body extends TSchema = TSchema,
>(spec: RouteSpec<A, Params, Query, Body>): Route {
  const { params = null, query = null, body = null } = spec;
  return {
    ...spec,
    params,
    query,
    body,
    validateParams: params && textValidator(params),
    validateQuery: query && textValidator(query),
    validateBody: body && jsonValidator(body),
    // The server calls it only with what the validators above let through.
    handler: (request) => spec.handler(request as Parameters<typeof spec.handler>[0]),
  };
}
