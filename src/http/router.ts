import { HttpError } from './errors.ts';
import type { Method, Route } from './route.ts';
import type { TextParameters } from './validate.ts';

/** What stands at one path: its routes by method, or a WebSocket. */
export interface Endpoint {
  template: string;
  routes: Map<Method, Route>;
  /** A WebSocket lives here, so a plain GET is told to upgrade. */
  socket: boolean;
}

export interface Match {
  endpoint: Endpoint;
  params: TextParameters;
}

interface Node {
  literals: Map<string, Node>;
  parameter: Node | null;
  endpoint: Endpoint | null;
}

const NOTHING_REPEATED: ReadonlySet<string> = new Set();

/** Finds routes by path, segment by segment; a literal segment goes before a parameter, and a trailing slash does not matter. */
export class Router {
  readonly #root: Node = emptyNode();

  add(route: Route): void {
    const endpoint = this.#endpoint(route.path);
    if (endpoint.routes.has(route.method)) throw new Error(`two routes for ${route.method} ${route.path}`);
    endpoint.routes.set(route.method, route);
  }

  addSocket(path: string): void {
    this.#endpoint(path).socket = true;
  }

  /** @throws HttpError 400 when a parameter is not percent-encoded UTF-8 */
  find(path: string): Match | null {
    const segments = segmentsOf(path);
    const values: string[] = [];
    const endpoint = segments && descend(this.#root, segments, 0, values);
    if (!endpoint) return null;
    const names = parameterNames(endpoint.template);
    const params = new Map(names.map((name, index) => [name, decodeParameter(name, values[index] ?? '')]));
    return { endpoint, params: { values: params, repeated: NOTHING_REPEATED } };
  }

  #endpoint(template: string): Endpoint {
    const segments = segmentsOf(template);
    if (!segments) throw new Error(`a route's path starts with a slash: ${template}`);
    let node = this.#root;
    for (const segment of segments) {
      if (segment.startsWith('{')) {
        node.parameter ??= emptyNode();
        node = node.parameter;
      } else {
        let next = node.literals.get(segment);
        if (!next) {
          next = emptyNode();
          node.literals.set(segment, next);
        }
        node = next;
      }
    }
    node.endpoint ??= { template, routes: new Map(), socket: false };
    if (node.endpoint.template !== template)
      throw new Error(`${template} and ${node.endpoint.template} are the same path`);
    return node.endpoint;
  }
}

/** The methods of an endpoint, for `Allow` (RFC 9110 §10.2.1). */
export function allowedMethods({ routes, socket }: Endpoint): string {
  const methods: string[] = [...routes.keys()];
  if (socket && !routes.has('GET')) methods.unshift('GET');
  if (routes.has('GET')) methods.push('HEAD');
  return [...methods, 'OPTIONS'].join(', ');
}

export function parameterNames(template: string): string[] {
  return Array.from(template.matchAll(/\{([a-z_]+)\}/g), ([, name]) => name ?? '');
}

function emptyNode(): Node {
  return { literals: new Map(), parameter: null, endpoint: null };
}

/** Null for what no route can match: a path without a leading slash. */
function segmentsOf(path: string): string[] | null {
  if (!path.startsWith('/')) return null;
  if (path === '/') return [];
  return (path.endsWith('/') ? path.slice(1, -1) : path.slice(1)).split('/');
}

function descend(node: Node, segments: readonly string[], depth: number, values: string[]): Endpoint | null {
  const segment = segments[depth];
  if (segment === undefined) return node.endpoint;
  const literal = node.literals.get(segment);
  const found = literal ? descend(literal, segments, depth + 1, values) : null;
  if (found || !node.parameter || segment === '') return found;
  values.push(segment);
  const behindParameter = descend(node.parameter, segments, depth + 1, values);
  if (!behindParameter) values.pop();
  return behindParameter;
}

function decodeParameter(name: string, value: string): string {
  try {
    return decodeURIComponent(value);
  } catch (error) {
    throw new HttpError(400, `${name}: must be percent-encoded UTF-8`, { field: name, cause: error });
  }
}
