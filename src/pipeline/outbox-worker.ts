import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { SeriesStore } from '../store/contract.ts';
import { nameThread } from '../threads/name.ts';
import { remote, serveCalls } from '../threads/rpc.ts';
import { OutboxService, type OutboxServiceOptions } from './outbox-service.ts';

/** What the outbox thread is started with. */
export interface OutboxWorkerData {
  options: OutboxServiceOptions;
  /** Where the main thread's calls come in. */
  callsPort: MessagePort;
  /** Leads to the store thread, which serves a SeriesStore there. */
  storePort: MessagePort;
}

const { options, callsPort, storePort } = workerData as OutboxWorkerData;

nameThread('tacho-outbox');
const service = new OutboxService(options, remote<SeriesStore>(storePort), (line) => parentPort?.postMessage(line));
serveCalls(callsPort, service);
// The thread ends when nothing holds it: its owner closes the port behind the last call.
callsPort.on('close', () => storePort.close());
