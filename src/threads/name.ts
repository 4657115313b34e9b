import { writeFileSync } from 'node:fs';

/** The kernel keeps 15 bytes (proc(5), /proc/pid/comm). */
const LONGEST_NAME_BYTES = 15;

/** Names the calling thread for `top -H`, `perf` and `/proc/PID/task/TID/stat`: what Node's own `name` option leaves out. */
export function nameThread(name: string): void {
  try {
    writeFileSync('/proc/thread-self/comm', name.slice(0, LONGEST_NAME_BYTES));
  } catch {
    // Only a convenience: a sandbox without a writable /proc must not keep the thread from working.
  }
}
