import { join } from 'node:path';
import { DuckDBStore } from '../../../src/store/duckdb/store.ts';
import { seriesStoreContract } from '../contract.ts';
import { temporaryFolder } from '../fixtures.ts';

seriesStoreContract('DuckDBStore', async () => {
  // A quote, because the path becomes part of a statement.
  const folder = await temporaryFolder("store's-");
  const path = join(folder.path, 'series.duckdb');
  let store = await DuckDBStore.open(path);
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await DuckDBStore.open(path);
      return store;
    },
    cleanup: async () => {
      await store.close();
      await folder.remove();
    },
  };
});
