import { type EventColumnType, type EventRow, type EventTable, type EventValue, StoreError } from './contract.ts';
import { checkEventTable } from './names.ts';

/** The rows of one event table that one append brings; of those with one id and timestamp, the last. */
export class EventRows {
  readonly columns = new Map<string, EventColumnType>();
  readonly #rows = new Map<string, EventRow>();

  get length(): number {
    return this.#rows.size;
  }

  get rows(): IterableIterator<EventRow> {
    return this.#rows.values();
  }

  /** @throws StoreError TACHO_BAD_QUERY, TACHO_BAD_BATCH or TACHO_STORE_TYPE_CONFLICT when they cannot be stored together. */
  add(table: EventTable, rows: readonly EventRow[]): void {
    checkEventTable(table);
    for (const [column, type] of Object.entries(table.columns)) {
      const known = this.columns.get(column) ?? type;
      if (known !== type) throw typeConflict(table.name, column, known, type);
      this.columns.set(column, type);
    }
    for (const row of rows) {
      checkRow(table, row);
      this.#rows.set(`${row.timestampUs} ${row.id}`, row);
    }
  }
}

export function typeConflict(table: string, column: string, stored: string, given: string): StoreError {
  return new StoreError('TACHO_STORE_TYPE_CONFLICT', `${table}.${column} is ${stored}, not ${given}`);
}

function checkRow(table: EventTable, { id, timestampUs, values }: EventRow): void {
  const bad = (why: string) => new StoreError('TACHO_BAD_BATCH', `${table.name} ${JSON.stringify(id)}: ${why}`);
  if (typeof id !== 'string') throw bad('the id is not a string');
  if (!Number.isSafeInteger(timestampUs)) throw bad(`timestamp ${timestampUs} is not in whole µs`);
  for (const [column, value] of Object.entries(values)) {
    const type = Object.hasOwn(table.columns, column) ? table.columns[column] : undefined;
    if (type === undefined) throw bad(`column ${column} is not declared`);
    if (!fits(type, value)) throw bad(`${column} is ${type}, not ${JSON.stringify(value)}`);
  }
}

function fits(type: EventColumnType, value: EventValue): boolean {
  if (value === null) return true;
  if (type === 'text' || type === 'json') return typeof value === 'string';
  return type === 'double' ? typeof value === 'number' : Number.isSafeInteger(value);
}
