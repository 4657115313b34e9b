import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';

const startedOnTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor));

/** Whether this process was started on a terminal which has been closed since: SIGHUP then has its first meaning, the end. */
export function hasLostTerminal(): boolean {
  if (!startedOnTerminal) return false;
  try {
    // The kernel takes a closed terminal away from its processes: tty(4).
    closeSync(openSync('/dev/tty', 'r'));
    return false;
  } catch {
    return true;
  }
}
