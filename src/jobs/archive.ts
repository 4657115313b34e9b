import type { State } from '../state/state.ts';
import { isoSeconds } from '../state/time.ts';
import type { ArchiveFile, SeriesStore } from '../store/contract.ts';
import { DAY_US } from '../store/days.ts';
import { dayText, familyOf } from '../store/retention/policy.ts';
import type { Mutex } from './mutex.ts';
import { inOneLine } from './problem.ts';

/** A file of the archive, as the command line and the control socket show it. */
export interface ArchivedDay {
  table: string;
  /** UTC day: `2026-01-05`. */
  day: string;
  rows: number;
  bytes: number;
  /** Why it cannot be read; null when it can. */
  damage: string | null;
}

export interface RestoreRequest {
  /** UTC days, both included. */
  from: string;
  to: string;
  /** A family or an event table; null for everything. */
  table: string | null;
  /** For how many days the clean-up leaves alone what came back. */
  keep_days: number;
}

export interface RestoreResult {
  tables: { table: string; rows: number }[];
  /** Until when the clean-up leaves it alone: ISO 8601 in UTC with whole seconds. */
  until: string;
  /** What could not be brought back, in one line; null when everything was. */
  problem: string | null;
}

/** What the command line does with the archive: in this process, or through the running daemon. */
export interface ArchiveAdmin {
  /** By table, then by day. */
  list(table: string | null): Promise<ArchivedDay[]>;
  /** Throws an ArchiveRequestError for a span that makes no sense or holds nothing. */
  restore(request: RestoreRequest): Promise<RestoreResult>;
}

/** A request about the archive that is refused; the message is one line for the person who asked. */
export class ArchiveRequestError extends Error {
  override readonly name = 'ArchiveRequestError';
  readonly code = 'TACHO_ARCHIVE_REQUEST';
}

export interface LocalArchiveOptions {
  store: Pick<SeriesStore, 'archived' | 'restore'>;
  state: State;
  /** Held for each day, so that a clean-up that is under way sees the hold. */
  steps: Mutex;
  /** ms since the Unix epoch. */
  now(): number;
  dataDir: string;
}

const DAY = /^\d{4}-\d\d-\d\d$/;
const LONGEST_KEEP_DAYS = 3650;

export class LocalArchiveAdmin implements ArchiveAdmin {
  readonly #options: LocalArchiveOptions;

  constructor(options: LocalArchiveOptions) {
    this.#options = options;
  }

  async list(table: string | null): Promise<ArchivedDay[]> {
    const files = (await this.#options.store.archived()).filter((file) => table === null || isOf(table, file));
    return files
      .map(({ table: name, dayUs, rows, bytes, damage }) => ({ table: name, day: dayText(dayUs), rows, bytes, damage }))
      .sort((a, b) => compare(a.table, b.table) || compare(a.day, b.day));
  }

  async restore({ from, to, table, keep_days }: RestoreRequest): Promise<RestoreResult> {
    const { state, now } = this.#options;
    const [fromUs, toUs] = [dayUs('from', from), dayUs('to', to)];
    if (toUs < fromUs) throw new ArchiveRequestError(`to: must not be before ${from}, not ${to}`);
    if (fromUs > now() * 1_000) throw new ArchiveRequestError(`from: ${from} lies in the future`);
    if (!Number.isInteger(keep_days) || keep_days < 1 || keep_days > LONGEST_KEEP_DAYS) {
      throw new ArchiveRequestError(`keep_days: must be a whole number from 1 to ${LONGEST_KEEP_DAYS}`);
    }
    const days = await this.#archivedDays(table, fromUs, toUs);
    if (days.size === 0) {
      const of = table === null ? 'nothing' : `nothing of ${table}`;
      throw new ArchiveRequestError(`${of} is archived ${from === to ? `on ${from}` : `from ${from} to ${to}`}`);
    }
    // The holds come first: a clean-up must not take away again what has just come back.
    const until = isoSeconds(now() + (keep_days * DAY_US) / 1_000);
    const families = [...days.keys()];
    state.archiveHolds.add(families.map((family) => ({ table: family, fromDay: from, toDay: to, until })));
    const problems: string[] = [];
    const tables: RestoreResult['tables'] = [];
    for (const [family, daysOfFamily] of days) {
      tables.push({ table: family, rows: await this.#restoreDays(family, daysOfFamily, problems) });
    }
    return { tables, until, problem: problems.length === 0 ? null : problems.join('; ') };
  }

  /** The days in which each family and event table has something in the archive, oldest first. */
  async #archivedDays(table: string | null, fromUs: number, toUs: number): Promise<Map<string, number[]>> {
    const files = (await this.#options.store.archived())
      .filter((file) => file.dayUs >= fromUs && file.dayUs <= toUs && (table === null || isOf(table, file)))
      .map((file) => ({ family: familyOf(file.table), dayUs: file.dayUs }))
      .sort((a, b) => compare(a.family, b.family) || a.dayUs - b.dayUs);
    const days = Map.groupBy(files, ({ family }) => family);
    return new Map([...days].map(([family, found]) => [family, [...new Set(found.map((file) => file.dayUs))]]));
  }

  /** Each day on its own: one that cannot be read does not keep the others away. */
  async #restoreDays(table: string, days: readonly number[], problems: string[]): Promise<number> {
    const { store, steps, dataDir } = this.#options;
    let rows = 0;
    for (const fromUs of days) {
      try {
        rows += (await steps.run(() => store.restore({ table, fromUs, toUs: fromUs + DAY_US }))).rows;
      } catch (error) {
        problems.push(`${table} of ${dayText(fromUs)}: ${inOneLine(error).replaceAll(`${dataDir}/`, '')}`);
      }
    }
    return rows;
  }
}

function isOf(table: string, file: ArchiveFile): boolean {
  return file.table === table || familyOf(file.table) === familyOf(table);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Start of a UTC day. Throws an ArchiveRequestError for anything but `YYYY-MM-DD`. */
function dayUs(name: string, text: string): number {
  const ms = DAY.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  // Date.parse refuses a 13th month and a 32nd day, but takes 30 February for 2 March.
  if (!Number.isFinite(ms) || dayText(ms * 1_000) !== text) {
    throw new ArchiveRequestError(`${name}: must be a UTC day such as 2026-01-05, not ${JSON.stringify(text)}`);
  }
  return ms * 1_000;
}
