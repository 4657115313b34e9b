import { availableParallelism } from 'node:os';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { Catalogue } from '../../src/metrics/catalogue.ts';
import { DuckDBStore } from '../../src/store/duckdb/store.ts';

const DAY_SECONDS = 86_400;
const HOUR_SECONDS = 3_600;

/** The families that a history of `cpu` reads, with the instances this host would have. */
const INSTANCES: Readonly<Record<string, readonly string[]>> = {
  cpu: ['all', ...Array.from({ length: availableParallelism() }, (_, core) => String(core))],
  system: [''],
};

/** Days of rows of each second: what `downsample_after_days` begins with. */
export const RAW_DAYS = 7;
/** What `retention_days` begins with. */
const ALL_DAYS = 30;

/**
 * Makes a series file as 30 days of one host leave it behind under the retention that Tacho begins with: rows of each second for the
 * last seven days, one of each hour for those before. Values are percentages of some 200 ticks, as the kernel's counters give them.
 * @param toUs where the data ends; a whole hour
 * @returns the number of rows
 */
export async function fill(path: string, catalogue: Catalogue, toUs: number): Promise<number> {
  // Lets the store lay out its own file.
  await (await DuckDBStore.open(path)).close();
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  await connection.run(`ATTACH '${path}' AS series (ROW_GROUP_SIZE 16384, STORAGE_VERSION 'v1.5.0')`);
  await connection.run('USE series');
  let rows = 0;
  const toSeconds = toUs / 1e6;
  for (const [family, instances] of Object.entries(INSTANCES)) {
    const fields = catalogue.family(family).fields.map(({ name }) => name);
    const series = new Table(connection, family, instances, fields);
    rows += await series.fill(toSeconds - RAW_DAYS * DAY_SECONDS, toSeconds);
    rows += await series.fillRollup(toSeconds - ALL_DAYS * DAY_SECONDS, toSeconds - RAW_DAYS * DAY_SECONDS);
  }
  await connection.run('CHECKPOINT series');
  await connection.run('USE memory');
  await connection.run('DETACH series');
  connection.closeSync();
  instance.closeSync();
  return rows;
}

class Table {
  readonly #connection: DuckDBConnection;
  readonly #family: string;
  readonly #instances: readonly string[];
  readonly #fields: readonly string[];

  constructor(connection: DuckDBConnection, family: string, instances: readonly string[], fields: readonly string[]) {
    this.#connection = connection;
    this.#family = family;
    this.#instances = instances;
    this.#fields = fields;
  }

  async fill(fromSeconds: number, toSeconds: number): Promise<number> {
    const columns = this.#fields.map((field) => `"${field}" DOUBLE`);
    const values = this.#fields.map((_, index) => value(index));
    return this.#insert(
      this.#family,
      ['timestamp TIMESTAMP', 'collector INTEGER', 'instance VARCHAR', ...columns],
      ['make_timestamp(s * 1000000)', '1', 'instance', ...values],
      { fromSeconds, toSeconds, stepSeconds: 1 },
    );
  }

  async fillRollup(fromSeconds: number, toSeconds: number): Promise<number> {
    const kept = ['avg DOUBLE', 'min DOUBLE', 'max DOUBLE', 'last DOUBLE', 'count BIGINT'];
    const columns = this.#fields.flatMap((field) =>
      kept.map((column) => `"${field}_${column.split(' ')[0]}" ${column.split(' ')[1]}`),
    );
    const values = this.#fields.flatMap((_, index) => [...Array.from({ length: 4 }, () => value(index)), HOUR_SECONDS]);
    const newest = `make_timestamp((s + ${HOUR_SECONDS - 1}) * 1000000)`;
    return this.#insert(
      `${this.#family}_rollup`,
      [
        'bucket_us BIGINT',
        'timestamp TIMESTAMP',
        'collector INTEGER',
        'instance VARCHAR',
        'newest TIMESTAMP',
        ...columns,
      ],
      [`${HOUR_SECONDS * 1e6}`, 'make_timestamp(s * 1000000)', '1', 'instance', newest, ...values],
      { fromSeconds, toSeconds, stepSeconds: HOUR_SECONDS },
    );
  }

  /** In the order in which samples come in: by time, then by instance. */
  async #insert(
    table: string,
    columns: readonly string[],
    values: readonly (string | number)[],
    { fromSeconds, toSeconds, stepSeconds }: { fromSeconds: number; toSeconds: number; stepSeconds: number },
  ): Promise<number> {
    await this.#connection.run(`CREATE TABLE "${table}" (${columns.join(', ')})`);
    const list = this.#instances.map((name) => `'${name}'`).join(', ');
    const result = await this.#connection.run(
      `INSERT INTO "${table}" SELECT ${values.join(', ')}
       FROM (SELECT s, unnest([${list}]) AS instance FROM range(${fromSeconds}, ${toSeconds}, ${stepSeconds}) times(s))`,
    );
    return result.rowsChanged;
  }
}

function value(seed: number): string {
  return `100.0 * (hash(s, instance, ${seed}) % 200) / (195 + hash(instance, s, ${seed}) % 10)`;
}
