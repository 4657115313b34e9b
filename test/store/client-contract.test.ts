import { startStore } from '../../src/store/client.ts';
import { seriesStoreContract } from './contract.ts';
import { temporaryFolder } from './fixtures.ts';

seriesStoreContract('the store thread', async () => {
  const folder = await temporaryFolder();
  let handle = await startStore({ dataDir: folder.path });
  return {
    store: handle.series,
    reopen: async () => {
      await handle.close();
      handle = await startStore({ dataDir: folder.path });
      return handle.series;
    },
    cleanup: async () => {
      await handle.close();
      await folder.remove();
    },
  };
});
