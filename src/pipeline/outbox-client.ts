import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { remote, transfer } from '../threads/rpc.ts';
import { startThread } from '../threads/table.ts';
import { type OutboxEntry, packEntry } from './outbox-entry.ts';
import type { PipelineReport, Report } from './outbox-errors.ts';
import type { OutboxOpened, OutboxService, OutboxServiceOptions, OutboxStatus } from './outbox-service.ts';
import type { OutboxWorkerData } from './outbox-worker.ts';
import type { FlushResult } from './writer.ts';

export type { OutboxStatus } from './outbox-service.ts';

export interface StartOutboxOptions extends OutboxServiceOptions {
  /** Leads to the thread that serves the SeriesStore; it moves to the outbox thread. */
  storePort: MessagePort;
  report?: Report;
  /** The thread ended without being asked to. */
  onExit?: (error: Error) => void;
}

/** The main thread's handle on the outbox thread. */
export interface OutboxHandle extends OutboxOpened {
  /**
   * Queues an entry; resolves with its number once it is committed, or with 0 when it had to be dropped (policy `drop_oldest`). The
   * payload of frames is moved, not copied: the caller's view of it is empty afterwards.
   * @throws TACHO_OUTBOX_FULL when there is no room and the entry's policy is `refuse`; TACHO_THREAD_GONE.
   */
  put(entry: OutboxEntry): Promise<number>;
  /** Resolves when the store holds everything that was acknowledged before, or within 2 s with `stale: true`. */
  flush(): Promise<FlushResult>;
  status(): Promise<OutboxStatus>;
  /** A last flush, at most 3 s, then the queue file is closed and the thread ends. */
  close(): Promise<void>;
}

type Served = {
  [M in 'open' | 'put' | 'flush' | 'status' | 'close']: (
    ...args: Parameters<OutboxService[M]>
  ) => Promise<Awaited<ReturnType<OutboxService[M]>>>;
};

/** @throws an error with the code of OutboxError when the queue file cannot be used. */
export async function startOutbox(options: StartOutboxOptions): Promise<OutboxHandle> {
  const { storePort, report, onExit, ...serviceOptions } = options;
  const { port1, port2 } = new MessageChannel();
  const data: OutboxWorkerData = { options: serviceOptions, callsPort: port2, storePort };
  const worker = startThread('outbox', { workerData: data, transferList: [port2, storePort] });
  const ended = Promise.withResolvers<void>();
  let expected = true;
  let failure: Error | undefined;
  worker.on('message', (line: PipelineReport) => report?.(line));
  worker.on('error', (error) => {
    failure = error instanceof Error ? error : new Error(String(error));
  });
  worker.on('exit', (code) => {
    if (!expected) onExit?.(failure ?? new Error(`the outbox thread ended with code ${code}`));
    ended.resolve();
  });
  const service = remote<Served>(port1);
  const end = (): Promise<void> => {
    port1.close();
    return ended.promise;
  };
  const close = async (): Promise<void> => {
    expected = true;
    try {
      await service.close();
    } finally {
      await end();
    }
  };
  try {
    const opened = await service.open();
    expected = false;
    let closed: Promise<void> | undefined;
    return {
      ...opened,
      put: (entry) => service.put(movable(packEntry(entry))),
      flush: () => service.flush(),
      status: () => service.status(),
      close: () => {
        closed ??= close();
        return closed;
      },
    };
  } catch (error) {
    await end();
    throw failure ?? error;
  }
}

/** Marks the payload's memory to be moved; a view on a larger buffer is copied first, for its neighbours stay behind. */
function movable(entry: ReturnType<typeof packEntry>): ReturnType<typeof packEntry> {
  const { payload } = entry;
  const whole = payload.byteLength === payload.buffer.byteLength ? payload : Uint8Array.from(payload);
  return transfer({ ...entry, payload: whole }, whole.buffer instanceof ArrayBuffer ? [whole.buffer] : []);
}
