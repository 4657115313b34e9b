import type { Settings } from '../config/schema.ts';
import { type ArchiveAdmin, type ArchivedDay, LocalArchiveAdmin, type RestoreResult } from '../jobs/archive.ts';
import { Mutex } from '../jobs/mutex.ts';
import { startStore } from '../store/client.ts';
import { StoreError } from '../store/contract.ts';
import { RemoteArchiveAdmin } from './control-client.ts';
import { withDataFolder } from './data-folder.ts';
import { table } from './table.ts';

/** Long enough to look at what came back; the clean-up takes it away again afterwards. */
export const DEFAULT_KEEP_DAYS = '7';

export interface ListOptions {
  table?: string;
}

export interface RestoreOptions {
  table?: string;
  keepDays: string;
}

/** The archive cannot be listed or brought back whole; the message is one line. */
class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
  readonly code = 'TACHO_ARCHIVE';
}

export async function listArchive(settings: Settings, options: ListOptions): Promise<void> {
  const files = await withArchive(settings, (archive) => archive.list(options.table ?? null));
  console.log(table(['TABLE', 'DAY', 'ROWS', 'SIZE', 'DAMAGE'], [...files.map(rowOf), totalOf(files)]));
}

/** Brings back what is archived from a UTC day to another, both included. */
export async function restoreArchive(
  settings: Settings,
  from: string,
  to: string,
  { table: only, keepDays }: RestoreOptions,
): Promise<void> {
  const keep_days = /^\d{1,5}$/.test(keepDays) ? Number(keepDays) : Number.NaN;
  if (Number.isNaN(keep_days)) throw new ArchiveError(`--keep-days must be a whole number, not ${keepDays}`);
  const request = { from, to, table: only ?? null, keep_days };
  const { tables, until, problem } = await withArchive(settings, (archive) => archive.restore(request));
  console.log(table(['TABLE', 'ROWS'], restoredRows(tables)));
  console.log(`clean-ups leave them alone until ${until}`);
  if (problem !== null) throw new ArchiveError(problem);
}

function restoredRows(tables: RestoreResult['tables']): string[][] {
  return tables.map(({ table: name, rows }) => [name, String(rows)]);
}

function rowOf({ table: name, day, rows, bytes, damage }: ArchivedDay): string[] {
  return [name, day, String(rows), sizeText(bytes), damage ?? '-'];
}

function totalOf(files: readonly ArchivedDay[]): string[] {
  const sum = (figure: 'rows' | 'bytes') => files.reduce((total, file) => total + file[figure], 0);
  const damaged = files.filter(({ damage }) => damage !== null).length;
  const count = `${files.length} ${files.length === 1 ? 'file' : 'files'}`;
  return ['total', count, String(sum('rows')), sizeText(sum('bytes')), damaged === 0 ? '-' : `${damaged} damaged`];
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

function sizeText(bytes: number): string {
  const power = bytes === 0 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const size = bytes / 2 ** (10 * power);
  return `${power === 0 ? size : size.toFixed(1)} ${UNITS[power]}`;
}

function withArchive<Result>(
  { data_dir: dataDir }: Settings,
  work: (archive: ArchiveAdmin) => Promise<Result>,
): Promise<Result> {
  return withDataFolder(dataDir, {
    throughDaemon: (client) => work(new RemoteArchiveAdmin(client)),
    async locally(state) {
      const store = await startStore({ dataDir });
      try {
        const [reason] = store.reasons;
        if (reason !== undefined) throw new StoreError('TACHO_STORE_UNAVAILABLE', reason);
        const now = () => Date.now();
        return await work(new LocalArchiveAdmin({ store: store.series, state, steps: new Mutex(), now, dataDir }));
      } finally {
        await store.close();
      }
    },
  });
}
