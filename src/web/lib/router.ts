import { Cell } from './cell.ts';

/** The path as routes are written: without a trailing slash. */
export function normalisePath(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') || '/' : path;
}

export function matchRoute<R extends { path: string }>(routes: readonly R[], path: string): R | null {
  const wanted = normalisePath(path);
  return routes.find((route) => route.path === wanted) ?? null;
}

/** What the router needs of a window. */
export interface RouterWindow {
  location: { pathname: string; search: string };
  history: {
    pushState(data: null, unused: string, url: string): void;
    replaceState: RouterWindow['history']['pushState'];
  };
  addEventListener(type: 'popstate', listener: () => void): void;
}

/** The address bar, as cells. */
export class Router {
  readonly path: Cell<string>;
  /** What stands behind the `?`. */
  readonly query: Cell<string>;
  /** Set by a view that must not be left unasked: it gets what would leave it, to be called or not. */
  holdBack: ((leave: () => void) => void) | null = null;
  readonly #window: RouterWindow;

  constructor(window: RouterWindow) {
    this.#window = window;
    this.path = new Cell(normalisePath(window.location.pathname));
    this.query = new Cell(window.location.search.slice(1));
    window.addEventListener('popstate', () => this.#popped());
  }

  /** Path and query, to come back to. */
  get address(): string {
    return addressOf(this.path.value, this.query.value);
  }

  /** @param address a path, with a query if there is one: `/app/history?range=6h` */
  navigate(address: string, { replace = false } = {}): void {
    const [path = '', query = ''] = address.split('?', 2);
    const target = { path: normalisePath(path), query };
    if (addressOf(target.path, query) === this.address) return;
    const leaves = target.path !== this.path.value && !replace;
    if (leaves && this.holdBack) this.holdBack(() => this.#go(target, 'pushState'));
    else this.#go(target, replace ? 'replaceState' : 'pushState');
  }

  #popped(): void {
    const { pathname, search } = this.#window.location;
    const target = { path: normalisePath(pathname), query: search.slice(1) };
    if (target.path === this.path.value || !this.holdBack) {
      this.#show(target);
      return;
    }
    this.#window.history.pushState(null, '', this.address);
    this.holdBack(() => this.#go(target, 'pushState'));
  }

  #go(target: { path: string; query: string }, how: 'pushState' | 'replaceState'): void {
    this.#window.history[how](null, '', addressOf(target.path, target.query));
    this.#show(target);
  }

  /** The path first: a view that goes must not take the next one's query for its own. */
  #show({ path, query }: { path: string; query: string }): void {
    this.path.set(path);
    this.query.set(query);
  }
}

function addressOf(path: string, query: string): string {
  return query === '' ? path : `${path}?${query}`;
}
