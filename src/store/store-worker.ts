import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { nameThread } from '../threads/name.ts';
import { serveCalls, transfer } from '../threads/rpc.ts';
import type { SeriesResult, SeriesStore } from './contract.ts';
import { DuckDBStore } from './duckdb/store.ts';
import { ReopeningStore } from './reopening-store.ts';

/** What the store thread is started with. */
export interface StoreWorkerData {
  backend: 'duckdb';
  /** The series file. */
  path: string;
}

/** What the store thread is told. */
export type StoreWorkerMessage = { kind: 'connect'; port: MessagePort };

/** What the store thread says, once: it has tried to open the store, and serves. */
export interface StoreWorkerReady {
  kind: 'ready';
  reasons: string[];
}

/** The store, with the memory of its larger results moved to the caller's thread instead of copied. */
function moving(series: SeriesStore): SeriesStore {
  return {
    append: (batches) => series.append(batches),
    range: async (query) => moved(await series.range(query)),
    rows: async (query) => moved(await series.rows(query)),
    quantiles: (query) => series.quantiles(query),
    latest: async (query) => moved(await series.latest(query)),
    instances: (query) => series.instances(query),
    events: (query) => series.events(query),
    days: (request) => series.days(request),
    rollup: (request) => series.rollup(request),
    prune: (request) => series.prune(request),
    keepFrom: (fromUs) => series.keepFrom(fromUs),
    archived: () => series.archived(),
    restore: (request) => series.restore(request),
    usage: () => series.usage(),
    check: () => series.check(),
    close: () => series.close(),
  };
}

function moved<T extends SeriesResult>(result: T): T {
  const arrays = [result.timestampsUs, result.instanceIndex, ...result.columns];
  return transfer(
    result,
    arrays.map(({ buffer }) => buffer as ArrayBuffer),
  );
}

const { path } = workerData as StoreWorkerData;

nameThread('tacho-store');
const store = moving(new ReopeningStore(() => DuckDBStore.open(path)));
parentPort?.on('message', ({ port }: StoreWorkerMessage) => serveCalls(port, store));
const { reasons } = await store.check();
parentPort?.postMessage({ kind: 'ready', reasons } satisfies StoreWorkerReady);
