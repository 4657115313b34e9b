import { mkdir, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sync } from '../sync.ts';

/** A file of the archive, by its name: `<table>/<UTC day>.parquet`, and `<table>/<UTC day>.<part>.parquet` for what came in later. */
export interface ArchivedFile {
  /** Relative to the archive folder. */
  path: string;
  table: string;
  dayUs: number;
  /** 1 for the first file of a day. */
  part: number;
}

const FILE = /^(\d{4}-\d{2}-\d{2})(?:\.([1-9]\d{0,5}))?\.parquet$/;
const UNFINISHED = '.unfinished';

/** The files of the archive, whatever is in them. Every method rejects with the file system's own errors. */
export class ArchiveFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  absolute({ path }: { path: string }): string {
    return join(this.path, path);
  }

  /** Every file, by table, day and part. */
  async files(): Promise<ArchivedFile[]> {
    const found: ArchivedFile[] = [];
    for (const entry of await entriesOf(this.path)) found.push(...(await this.filesOf(entry)));
    return found;
  }

  /** Those of one table, by day and part. */
  async filesOf(table: string): Promise<ArchivedFile[]> {
    const found = (await entriesOf(join(this.path, table))).flatMap((name) => {
      const [, day, part = '1'] = FILE.exec(name) ?? [];
      const dayUs = Date.parse(day ?? '') * 1000;
      return Number.isNaN(dayUs) ? [] : [{ path: join(table, name), table, dayUs, part: Number(part) }];
    });
    return found.sort((a, b) => a.dayUs - b.dayUs || a.part - b.part);
  }

  async bytesOf(file: ArchivedFile): Promise<number> {
    return (await stat(this.absolute(file))).size;
  }

  /** Bytes of all files; what goes while they are counted, or cannot be looked at, does not count. */
  async bytes(): Promise<number> {
    let bytes = 0;
    for (const file of await this.files().catch(() => [])) bytes += await this.bytesOf(file).catch(() => 0);
    return bytes;
  }

  /** Makes a place for a table's files, and tells how much room there is. */
  async prepare(table: string): Promise<{ freeBytes: number }> {
    const folder = join(this.path, table);
    await makeFolder(this.path);
    await makeFolder(folder);
    await removeUnfinished(folder);
    const { bavail, bsize } = await statfs(folder);
    return { freeBytes: bavail * bsize };
  }

  /** Where a file of a table is written before `finish` gives it its name. */
  unfinished(table: string): string {
    return join(this.path, table, UNFINISHED);
  }

  /** Makes what was written durable, under the next free name of its day. */
  async finish(table: string, dayUs: number): Promise<ArchivedFile> {
    const folder = join(this.path, table);
    const parts = (await this.filesOf(table)).filter((file) => file.dayUs === dayUs).map(({ part }) => part);
    const part = Math.max(0, ...parts) + 1;
    const [day] = new Date(dayUs / 1000).toISOString().split('T');
    const name = part === 1 ? `${day}.parquet` : `${day}.${part}.parquet`;
    await sync(this.unfinished(table));
    await rename(this.unfinished(table), join(folder, name));
    await sync(folder);
    return { path: join(table, name), table, dayUs, part };
  }

  async discard(table: string): Promise<void> {
    await rm(this.unfinished(table), { force: true });
  }

  /** Removes what a process that was killed has left. */
  async tidy(): Promise<void> {
    for (const entry of await entriesOf(this.path)) await removeUnfinished(join(this.path, entry));
  }
}

/** Durable, if it is new. Not `recursive`, which calls a read-only file system ENOENT. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw error;
  }
  await sync(dirname(path));
}

async function removeUnfinished(folder: string): Promise<void> {
  if ((await entriesOf(folder)).includes(UNFINISHED)) await rm(join(folder, UNFINISHED), { force: true });
}

/** Nothing where there is no folder. */
async function entriesOf(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}
