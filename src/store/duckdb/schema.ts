import type { DuckDBConnection } from '@duckdb/node-api';
import { kindConflict, type TableChecks } from '../append-plan.ts';
import type { EventColumnType, EventTable } from '../contract.ts';
import { typeConflict } from '../event-rows.ts';
import { quoted } from './parameters.ts';

export type TableKind = 'series' | 'rollup' | 'event';

export interface Table {
  name: string;
  kind: TableKind;
  /** SQL type by column, in the order of the table. */
  columns: ReadonlyMap<string, string>;
}

const EVENT_TYPES: Readonly<Record<EventColumnType, string>> = {
  text: 'VARCHAR',
  integer: 'BIGINT',
  double: 'DOUBLE',
  json: 'JSON',
  timestamp: 'TIMESTAMP',
};

/** Every type that a column of ours may have. */
export function isColumnType(type: string): boolean {
  return type === 'INTEGER' || Object.values(EVENT_TYPES).includes(type);
}

export function eventColumnTypes(columns: Iterable<[string, EventColumnType]>): Map<string, string> {
  return new Map([...columns].map(([column, type]) => [column, EVENT_TYPES[type]]));
}

/** No primary keys: their indexes are held in memory whole. Merging (late.ts) keeps keys unique. */
const KEY_COLUMNS: Readonly<Record<TableKind, readonly (readonly [string, string])[]>> = {
  series: [
    ['timestamp', 'TIMESTAMP'],
    ['collector', 'INTEGER'],
    ['instance', 'VARCHAR'],
  ],
  // Beside the key: how long this bucket is, and when its newest raw row was.
  rollup: [
    ['bucket_us', 'BIGINT'],
    ['timestamp', 'TIMESTAMP'],
    ['collector', 'INTEGER'],
    ['instance', 'VARCHAR'],
    ['newest', 'TIMESTAMP'],
  ],
  event: [
    ['id', 'VARCHAR'],
    ['timestamp', 'TIMESTAMP'],
  ],
};

/** The first column tells the kinds of tables apart in the file. */
const KIND_OF_FIRST_COLUMN: Readonly<Record<string, TableKind>> = {
  timestamp: 'series',
  bucket_us: 'rollup',
  id: 'event',
};

/** The tables of the file, as they are committed; this process is the only one that changes them. */
export class Schema implements TableChecks {
  readonly #tables: Map<string, Table>;

  private constructor(tables: Map<string, Table>) {
    this.#tables = tables;
  }

  static async load(connection: DuckDBConnection): Promise<Schema> {
    const rows = await connection.runAndReadAll(
      `SELECT table_name, column_name, data_type FROM duckdb_columns()
       WHERE database_name = current_database() AND NOT internal AND NOT starts_with(table_name, 'tacho_')
       ORDER BY table_name, column_index`,
    );
    const columnsOf = new Map<string, Map<string, string>>();
    for (const [table, column, type] of rows.getRows() as [string, string, string][]) {
      const columns = columnsOf.get(table) ?? new Map<string, string>();
      columnsOf.set(table, columns.set(column, type));
    }
    const tables = new Map<string, Table>();
    for (const [name, columns] of columnsOf) {
      const kind = KIND_OF_FIRST_COLUMN[columns.keys().next().value ?? ''];
      if (kind) tables.set(name, { name, kind, columns });
    }
    return new Schema(tables);
  }

  get tables(): Table[] {
    return [...this.#tables.values()];
  }

  table(name: string, kind: TableKind): Table | undefined {
    const table = this.#tables.get(name);
    return table?.kind === kind ? table : undefined;
  }

  anyTable(name: string): Table | undefined {
    return this.#tables.get(name);
  }

  /** A table that was found before: tables never go. */
  existing(name: string): Table {
    const table = this.#tables.get(name);
    if (!table) throw new Error(`there is no table ${name}`);
    return table;
  }

  /** @throws StoreError TACHO_STORE_TYPE_CONFLICT */
  checkSeries(family: string): void {
    this.#checkKind(family, 'series');
  }

  /** @throws StoreError TACHO_STORE_TYPE_CONFLICT when the table has a column with another type, or is no event table. */
  checkEvents({ name, columns }: EventTable): void {
    this.#checkKind(name, 'event');
    const stored = this.#tables.get(name)?.columns;
    for (const [column, type] of Object.entries(columns)) {
      const is = stored?.get(column) ?? EVENT_TYPES[type];
      if (is !== EVENT_TYPES[type]) throw typeConflict(name, column, is, EVENT_TYPES[type]);
    }
  }

  #checkKind(name: string, kind: TableKind): void {
    const is = this.#tables.get(name)?.kind;
    if (is !== undefined && is !== kind) throw kindConflict(name, `a table of ${is} rows, not ${kind} rows`);
  }

  /** Whether `ensure` would have to change the file. */
  lacks(name: string, columns: ReadonlyMap<string, string>): boolean {
    const stored = this.#tables.get(name)?.columns;
    return !stored || [...columns.keys()].some((column) => !stored.has(column));
  }

  /** Creates the table or adds the columns that it lacks; NULL in the rows that are there. */
  async ensure(
    connection: DuckDBConnection,
    name: string,
    kind: TableKind,
    columns: ReadonlyMap<string, string>,
  ): Promise<Table> {
    const table = this.#tables.get(name);
    const wanted = new Map([...(table?.columns ?? KEY_COLUMNS[kind]), ...columns]);
    if (!table) {
      const definitions = [...wanted].map(([column, type]) => `${quoted(column)} ${type}`);
      await connection.run(`CREATE TABLE ${quoted(name)} (${definitions.join(', ')})`);
    } else {
      for (const [column, type] of wanted) {
        if (table.columns.has(column)) continue;
        // One at a time, and known as soon as it is there: a full disk may stop this anywhere.
        await connection.run(`ALTER TABLE ${quoted(name)} ADD COLUMN ${quoted(column)} ${type}`);
        this.#tables.set(name, {
          name,
          kind,
          columns: new Map([...(this.#tables.get(name)?.columns ?? []), [column, type]]),
        });
      }
    }
    const ensured = { name, kind, columns: wanted };
    this.#tables.set(name, ensured);
    return ensured;
  }
}
