import { once } from 'node:events';
import { join } from 'node:path';
import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import { RemoteError, remote, ThreadGoneError } from '../threads/rpc.ts';
import { startThread } from '../threads/table.ts';
import { type SeriesStore, StoreError } from './contract.ts';
import type { StoreWorkerData, StoreWorkerMessage, StoreWorkerReady } from './store-worker.ts';

export interface StartStoreOptions {
  dataDir: string;
  /** The thread ended without being asked to; calls reject with TACHO_STORE_UNAVAILABLE from then on. */
  onExit?: (error: Error) => void;
}

/** The main thread's handle on the store thread. */
export interface StoreHandle {
  /** Every call rejects with StoreErrors only, errors of programming aside. */
  series: SeriesStore;
  /** Why the store could not be opened, in words; empty when it was. It is tried again whenever it is used. */
  reasons: readonly string[];
  /** A way to the same store for another thread, which wraps it in `remote<SeriesStore>(port)`. */
  connect(): MessagePort;
  /** Waits for the calls under way, closes the store and ends the thread. */
  close(): Promise<void>;
}

/**
 * Starts the store thread. A file that is damaged, locked or of a newer version does not keep it from starting: see `reasons`.
 * @throws StoreError TACHO_STORE_UNAVAILABLE when the thread itself cannot start
 */
export async function startStore({ dataDir, onExit }: StartStoreOptions): Promise<StoreHandle> {
  const data: StoreWorkerData = { backend: 'duckdb', path: join(dataDir, 'series.duckdb') };
  // Results are large, but never on this thread's heap: V8 need not reserve the 48 MB it would for new objects.
  const resourceLimits = { maxYoungGenerationSizeMb: 8 };
  const worker = startThread('store', { workerData: data, resourceLimits });
  const { reasons } = await ready(worker);
  let closing: Promise<void> | undefined;
  let failure: Error | undefined;
  const ended = Promise.withResolvers<void>();
  worker.on('error', (error) => {
    failure = error instanceof Error ? error : new Error(String(error));
  });
  worker.on('exit', (code) => {
    if (!closing) onExit?.(failure ?? new Error(`the store thread ended with code ${code}`));
    ended.resolve();
  });
  const connect = (): MessagePort => {
    const { port1, port2 } = new MessageChannel();
    worker.postMessage({ kind: 'connect', port: port2 } satisfies StoreWorkerMessage, [port2]);
    return port1;
  };
  const port = connect();
  const calls = remote<SeriesStore>(port);
  const series = withStoreErrors(calls);
  const close = async (): Promise<void> => {
    try {
      await calls.close();
    } catch (error) {
      // A thread that has died has nothing left to close.
      if (!(error instanceof ThreadGoneError)) throw asStoreError(error);
    } finally {
      await worker.terminate();
      await ended.promise;
      port.close();
    }
  };
  return {
    series,
    reasons,
    connect,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

async function ready(worker: Worker): Promise<StoreWorkerReady> {
  const failed = Promise.withResolvers<never>();
  const onError = (error: unknown) => {
    failed.reject(
      new StoreError('TACHO_STORE_UNAVAILABLE', `the store thread cannot start: ${error}`, { cause: error }),
    );
  };
  const onEnd = (code: number) => onError(new Error(`it ended with code ${code}`));
  worker.once('error', onError).once('exit', onEnd);
  try {
    const [message] = (await Promise.race([once(worker, 'message'), failed.promise])) as [StoreWorkerReady];
    return message;
  } finally {
    worker.off('error', onError).off('exit', onEnd);
  }
}

const STORE_CODES: ReadonlySet<string> = new Set<StoreError['code']>([
  'TACHO_STORE_UNAVAILABLE',
  'TACHO_STORE_BUSY',
  'TACHO_STORE_CORRUPT',
  'TACHO_STORE_FORMAT',
  'TACHO_STORE_ARCHIVE',
  'TACHO_STORE_TYPE_CONFLICT',
  'TACHO_BAD_BATCH',
  'TACHO_BAD_QUERY',
]);

/** The same store, its errors turned back into what they were in its own thread. */
function withStoreErrors(store: SeriesStore): SeriesStore {
  return new Proxy(store, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]) => {
        try {
          return await Reflect.apply(method, undefined, args);
        } catch (error) {
          throw asStoreError(error);
        }
      };
    },
  });
}

function asStoreError(error: unknown): unknown {
  if (error instanceof ThreadGoneError) {
    return new StoreError('TACHO_STORE_UNAVAILABLE', 'the store thread has ended', { cause: error });
  }
  if (error instanceof RemoteError && error.code !== undefined && STORE_CODES.has(error.code)) {
    return new StoreError(error.code as StoreError['code'], error.message, { cause: error });
  }
  return error;
}
