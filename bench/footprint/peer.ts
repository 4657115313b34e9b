import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Cleanup } from '../harness/cleanup.ts';
import type { Contained } from '../harness/contained.ts';

interface PeerContext {
  /** A folder of the run's own that goes with it. */
  folder: string;
  cleanup: Cleanup;
  signal: AbortSignal;
}

/** Something whose footprint is compared with the daemon's. */
export interface Peer {
  /** The case it is, and its reference name. */
  name: string;
  /** How to install it when it is not here; undefined when it is. */
  missing(): string | undefined;
  start(context: PeerContext): Promise<Contained>;
}

/** The full path of a command, as a shell would find it. */
export function findCommand(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** A peer that is a Debian package. */
export function missingPackage(command: string, name: string): string | undefined {
  return findCommand(command) ? undefined : `apt-get install -y --no-install-recommends ${name}`;
}
