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
  location: { pathname: string };
  history: {
    pushState(data: null, unused: string, url: string): void;
    replaceState: RouterWindow['history']['pushState'];
  };
  addEventListener(type: 'popstate', listener: () => void): void;
}

/** The address bar, as a cell. */
export class Router {
  readonly path: Cell<string>;
  readonly #window: RouterWindow;

  constructor(window: RouterWindow) {
    this.#window = window;
    this.path = new Cell(normalisePath(window.location.pathname));
    window.addEventListener('popstate', () => this.path.set(normalisePath(window.location.pathname)));
  }

  navigate(path: string, { replace = false } = {}): void {
    const target = normalisePath(path);
    if (target === this.path.value) return;
    if (replace) this.#window.history.replaceState(null, '', target);
    else this.#window.history.pushState(null, '', target);
    this.path.set(target);
  }
}
