import { Worker, type WorkerOptions } from 'node:worker_threads';
import { type ThreadName, workerEntry } from '../config/artifacts.ts';

/** Starts the named worker thread; its entry calls nameThread, so that it shows under that name in `top -H` and in profiles. */
export function startThread(name: ThreadName, options: WorkerOptions = {}): Worker {
  return new Worker(workerEntry(name), { name, ...options });
}
