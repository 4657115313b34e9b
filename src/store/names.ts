import { type EventColumnType, type EventTable, StoreError } from './contract.ts';

/**
 * What may be a table or a column in every back end. Names come from agents and from posted data as well as from our own families, and
 * end up in SQL as identifiers; this is narrow enough to need no escaping anywhere, though back ends quote them all the same.
 */
const NAME = /^[a-z][a-z0-9_]{0,62}$/;

/** Tables that are the store's own. */
const OWN_PREFIX = 'tacho_';
const ROLLUP_SUFFIX = '_rollup';

export const SERIES_KEY = ['timestamp', 'collector', 'instance'] as const;
export const EVENT_KEY = ['id', 'timestamp'] as const;

const EVENT_COLUMN_TYPES: ReadonlySet<EventColumnType> = new Set(['text', 'integer', 'double', 'json', 'timestamp']);

function refuse(what: string, name: unknown, why: string): never {
  throw new StoreError('TACHO_BAD_QUERY', `${what} ${JSON.stringify(name)?.slice(0, 100)} ${why}`);
}

function checkName(what: string, name: string): void {
  if (typeof name !== 'string' || !NAME.test(name)) refuse(what, name, `must match ${NAME.source}`);
}

/** The table that holds a family's rolled-up rows. */
export function rollupTableOf(family: string): string {
  return `${family}${ROLLUP_SUFFIX}`;
}

/** @throws StoreError TACHO_BAD_QUERY when it cannot be the name of a family or of an event table. */
export function checkTableName(name: string): void {
  checkName('table', name);
  if (name.startsWith(OWN_PREFIX)) refuse('table', name, `must not begin with ${OWN_PREFIX}`);
  if (name.endsWith(ROLLUP_SUFFIX)) refuse('table', name, `must not end in ${ROLLUP_SUFFIX}`);
}

/** @throws StoreError TACHO_BAD_QUERY when it cannot be any table of ours, rollup tables included. */
export function checkAnyTableName(name: string): void {
  checkTableName(
    typeof name === 'string' && name.endsWith(ROLLUP_SUFFIX) ? name.slice(0, -ROLLUP_SUFFIX.length) : name,
  );
}

/** @throws StoreError TACHO_BAD_QUERY when it cannot be any column of ours. */
export function checkColumnName(name: string): void {
  // A rollup's columns are fields with what is kept of them behind.
  checkName('column', typeof name === 'string' ? name.replace(/_(?:avg|min|max|last|count)$/, '') : name);
}

/** @throws StoreError TACHO_BAD_QUERY when it cannot be a field of a family. */
export function checkFieldName(name: string): void {
  checkName('field', name);
  if ((SERIES_KEY as readonly string[]).includes(name)) refuse('field', name, 'is a column of every series table');
}

/** @throws StoreError TACHO_BAD_QUERY when its name, a column or a column's type is impossible. */
export function checkEventTable(table: EventTable): void {
  checkTableName(table.name);
  for (const [column, type] of Object.entries(table.columns)) {
    checkName('column', column);
    if ((EVENT_KEY as readonly string[]).includes(column)) refuse('column', column, 'is a column of every event table');
    if (!EVENT_COLUMN_TYPES.has(type)) refuse('column type', type, `of ${column} is unknown`);
  }
}
