import type { Container, ContainerRecord } from '../metrics/container.ts';
import type { StateDatabase } from './database.ts';

type ContainerRow = Omit<Container, 'state'> & { status: string };

const COLUMNS = 'id, runtime_id, name, image, status, runtime, pod, namespace, created_at, updated_at';

/** The containers of each collector, also those that are gone. */
export class ContainerTable {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  /** Adds or changes all of them or, if it throws, none. A container that returns keeps its id. */
  save(collector: number, records: readonly ContainerRecord[], updatedAt: string): Container[] {
    return this.#database.transaction(() =>
      records.map((record) => {
        const { runtime_id, name, image, state, runtime, pod, namespace, created_at } = record;
        this.#database.run(
          `INSERT INTO containers (collector, runtime_id, name, image, status, runtime, pod, namespace, created_at, updated_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (collector, runtime_id) DO UPDATE SET name = excluded.name, image = excluded.image,
             status = excluded.status, runtime = excluded.runtime, pod = excluded.pod, namespace = excluded.namespace,
             created_at = excluded.created_at, updated_at = excluded.updated_at`,
          ...[collector, runtime_id, name, image, state, runtime, pod, namespace, created_at, updatedAt],
        );
        return this.find(collector, runtime_id) as Container;
      }),
    );
  }

  find(collector: number, runtimeId: string): Container | null {
    const row = this.#database.first<ContainerRow>(
      `SELECT ${COLUMNS} FROM containers WHERE collector = ? AND runtime_id = ?`,
      ...[collector, runtimeId],
    );
    return row && containerOf(row);
  }

  /** By their ids. */
  list(collector: number): Container[] {
    const rows = this.#database.all<ContainerRow>(
      `SELECT ${COLUMNS} FROM containers WHERE collector = ? ORDER BY id`,
      collector,
    );
    return rows.map(containerOf);
  }

  /** Forgets those that have exited before a time: what was sampled of them is gone, too. */
  forget(collector: number, before: string): void {
    this.#database.run(
      "DELETE FROM containers WHERE collector = ? AND status = 'exited' AND updated_at < ?",
      ...[collector, before],
    );
  }
}

function containerOf({ status: state, ...rest }: ContainerRow): Container {
  return { ...rest, state };
}
