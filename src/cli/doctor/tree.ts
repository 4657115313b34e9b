import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What reading a file came to: its text, trimmed, or the errno's name. */
export type Reading = { text: string } | { errno: string };

export interface Roots {
  procfs: string;
  sysfs: string;
  cgroupfs: string;
}

/** The kernel's files as the checks see them, wherever their roots are. */
export class Tree {
  readonly roots: Roots;

  constructor({ procfs, sysfs, cgroupfs }: Roots) {
    this.roots = { procfs, sysfs, cgroupfs };
  }

  /** Whether what this process asks of the kernel, or of sockets, is about the host whose files these are. */
  get isThisHost(): boolean {
    return this.roots.procfs === '/proc';
  }

  proc(...path: string[]): string {
    return join(this.roots.procfs, ...path);
  }

  sys(...path: string[]): string {
    return join(this.roots.sysfs, ...path);
  }

  cgroup(...path: string[]): string {
    return join(this.roots.cgroupfs, ...path);
  }
}

export function attempt(path: string): Reading {
  try {
    return { text: readFileSync(path, 'utf8').trim() };
  } catch (error) {
    return { errno: (error as NodeJS.ErrnoException).code ?? 'EIO' };
  }
}

/** The trimmed text; null when it cannot be read. */
export function read(path: string): string | null {
  const reading = attempt(path);
  return 'text' in reading ? reading.text : null;
}

/** The names in a folder, sorted; none when there is no such folder. */
export function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

export function exists(path: string): boolean {
  return existsSync(path);
}

/** How many CPUs a list such as `0-3,8` names; null when it is no such list. */
export function cpusIn(list: string | null): number | null {
  if (list === null || !/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(list)) return null;
  return list.split(',').reduce((sum, range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return sum + last - first + 1;
  }, 0);
}
