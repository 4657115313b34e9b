import { writeSync } from 'node:fs';
import { ArchiveFolder } from '../../src/store/duckdb/archive/folder.ts';
import { Database } from '../../src/store/duckdb/database.ts';
import { DuckDBStore } from '../../src/store/duckdb/store.ts';
import { SECOND, T0 } from './fixtures.ts';

/** Rolls up a day of `load` in the store at argv[2], with the archive, and prints a line at each step and when it is done. */
const [path = ''] = process.argv.slice(2);
const store = await DuckDBStore.open(path);

function announced(step: string): void {
  // At once: whoever reads it may kill this process.
  writeSync(1, `${step}\n`);
}

const { writeMuch } = Database.prototype;
Database.prototype.writeMuch = function (work) {
  return writeMuch.call(this, async (writer) => {
    announced('a slice begins');
    const result = await work(writer);
    announced('a slice has left');
    return result;
  }) as ReturnType<typeof work>;
};
const { prepare, finish } = ArchiveFolder.prototype;
ArchiveFolder.prototype.prepare = function (table) {
  announced('archiving');
  return prepare.call(this, table);
};
ArchiveFolder.prototype.finish = async function (table, dayUs) {
  announced('written');
  const file = await finish.call(this, table, dayUs);
  announced('archived');
  return file;
};

await store.rollup({ family: 'load', fromUs: T0, toUs: T0 + 86_400 * SECOND, bucketUs: 600 * SECOND, archive: true });
announced('done');
await store.close();
