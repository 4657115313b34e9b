import { readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

/** Where engines have their sockets: those of the host, and those that people run without root. */
const OF_HOST = ['docker.sock', 'podman/podman.sock'];

/**
 * The sockets of engines that are there now.
 * @param runFolders `/run`, and `/var/run` where that is another one
 */
export function engineSockets(runFolders: readonly string[]): string[] {
  const folders = runFolders.flatMap((run) => [run, ...entriesOf(join(run, 'user'))]);
  const sockets = folders.flatMap((folder) => OF_HOST.map((socket) => join(folder, socket)));
  return [...new Set(sockets.flatMap((socket) => realPath(socket) ?? []))];
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder).map((entry) => join(folder, entry));
  } catch {
    return [];
  }
}

function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}
