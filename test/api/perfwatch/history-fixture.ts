import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { historyRoutes } from '../../../src/api/perfwatch/history.ts';
import { loadCatalogue } from '../../../src/collect/frame-source.ts';
import { readInventory } from '../../../src/collect/inventory.ts';
import { createHttpServer } from '../../../src/http/server.ts';
import type { OutboxStatus } from '../../../src/pipeline/outbox-client.ts';
import { SeriesReader } from '../../../src/pipeline/series-reader.ts';
import { RuntimeConfig } from '../../../src/state/runtime-config.ts';
import { DuckDBStore } from '../../../src/store/duckdb/store.ts';
import { temporaryFolder, temporaryState } from '../../state/temporary.ts';
import { Feeder } from '../../store/fixtures.ts';

const PRINCIPAL = { userId: 1, username: 'admin', isAdmin: true, sessionId: 's', organisations: [] };

/** The history routes over HTTP on a store of their own, with a clock that the test moves and an outbox that says what it is told. */
export async function startHistory(nowMs: number) {
  const clock = { nowMs };
  const outbox = { stale: false };
  const store = await DuckDBStore.open(join(temporaryFolder(), 'series.duckdb'));
  onTestFinished(() => store.close());
  const reader = new SeriesReader(store, {
    status: async () => ({ oldestAgeMs: 0 }) as OutboxStatus,
    flush: async () => ({ stale: outbox.stale }),
  });
  const services = {
    catalogue: loadCatalogue(),
    reader,
    host: await readInventory(),
    config: new RuntimeConfig(temporaryState()),
    perfEvents: ['msr/tsc/'],
    now: () => clock.nowMs,
  };
  const note = () => undefined;
  const server = createHttpServer({
    routes: historyRoutes(services),
    authenticate: () => PRINCIPAL,
    log: { error: note, warn: note, info: note },
  });
  const { port } = await server.listen('127.0.0.1', 0);
  onTestFinished(() => server.close());
  const get = async (path: string, parameters: Record<string, string>) => {
    const query = new URLSearchParams(parameters);
    const response = await fetch(`http://127.0.0.1:${port}/api/history/${path}?${query}`, {
      headers: { authorization: 'Bearer any' },
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  return { get, store, feeder: new Feeder(store), clock, outbox };
}
