import type { Look } from './look.ts';
import type { Check } from './report.ts';
import type { Tree } from './tree.ts';

/** What checks are made of: the kernel's files, and what the sampler saw. */
export interface Circumstances {
  tree: Tree;
  look: Look;
  /** Logical CPUs that are online; null when sysfs does not tell. */
  cpusOnline: number | null;
  /** What the virtual machine runs on; null on bare metal, and where nothing tells. */
  hypervisor: string | null;
}

/** What the files of another host cannot tell, and this host must not be asked about. */
export const NOT_ASKED = "not asked, because procfs is not this host's";

export function ok(name: string, value: string | null): Check {
  return { name, state: 'ok', value, reason: null, remedy: null };
}

export function limited(name: string, value: string | null, reason: string, remedy: string | null): Check {
  return { name, state: 'limited', value, reason, remedy };
}

export function missing(name: string, reason: string, remedy: string | null): Check {
  return { name, state: 'missing', value: null, reason, remedy };
}
