import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type StoreHandle, startStore } from '../../src/store/client.ts';
import { DuckDBStore } from '../../src/store/duckdb/store.ts';
import { seriesStoreContract } from './contract.ts';

seriesStoreContract('DuckDBStore', async () => {
  // A quote, because the path becomes part of a statement.
  const folder = await mkdtemp(join(tmpdir(), "tacho-store's-"));
  const path = join(folder, 'series.duckdb');
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
      await rm(folder, { recursive: true });
    },
  };
});

seriesStoreContract('the store thread', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tacho-store-'));
  let handle: StoreHandle = await startStore({ dataDir });
  return {
    store: handle.series,
    reopen: async () => {
      await handle.close();
      handle = await startStore({ dataDir });
      return handle.series;
    },
    cleanup: async () => {
      await handle.close();
      await rm(dataDir, { recursive: true });
    },
  };
});
