/** A table's span that somebody looks at; `touched` once rows may have come into it since. */
export interface Watch {
  touched: boolean;
  end(): void;
}

interface Watched {
  table: string;
  fromUs: number;
  toUs: number;
  touched: boolean;
}

/**
 * Tells whoever works from an older snapshot that its rows are no longer all there are. A writer reports before it gives up its turn, so
 * whoever has the writer's turn knows of everything that is committed.
 */
export class Watches {
  readonly #watched = new Set<Watched>();

  /** To be begun before the snapshot. */
  begin(table: string, fromUs: number, toUs: number): Watch {
    const watched = { table, fromUs, toUs, touched: false };
    this.#watched.add(watched);
    return Object.assign(watched, { end: () => void this.#watched.delete(watched) });
  }

  /** Rows of [fromUs, toUs] were written to `table`, or may have been. */
  touch(table: string, fromUs: number, toUs: number): void {
    for (const watched of this.#watched) {
      if (watched.table === table && fromUs < watched.toUs && toUs >= watched.fromUs) watched.touched = true;
    }
  }
}
