import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { isGone } from './threads.ts';

/** Accounts for everything that one contained command and its children do. */
export interface Account {
  /** How a shell enters the account before it becomes the command; empty when it need not. */
  readonly enter: string;
  /** CPU time, children that have ended included. */
  cpuNs(root: number): number;
  /** The processes alive. */
  pids(root: number): number[];
  close(): void;
}

/** What `accountFor` found, for people. */
export const ACCOUNTING = {
  unified: 'cgroup v2 cpu.stat',
  legacy: 'cgroup v1 cpuacct',
  tree: '/proc/PID/stat of the process tree, in ticks of 10 ms (run as root for cgroups of their own)',
} as const;

export type Accounting = keyof typeof ACCOUNTING;

interface Hierarchy {
  accounting: Accounting;
  mountpoint: string;
}

/** The cgroup hierarchy that accounts for CPU time, from the text of /proc/self/mountinfo (proc_pid_mountinfo(5)). */
export function cgroupHierarchy(mountinfo: string): Hierarchy | undefined {
  const mounts = mountinfo.split('\n').flatMap((line) => {
    const [mount = '', source = ''] = line.split(' - ');
    const mountpoint = mount.split(' ')[4];
    const [type = '', , options = ''] = source.split(' ');
    return mountpoint === undefined ? [] : [{ mountpoint, type, options: options.split(',') }];
  });
  const unified = mounts.find(({ type }) => type === 'cgroup2');
  if (unified) return { accounting: 'unified', mountpoint: unified.mountpoint };
  const legacy = mounts.find(({ type, options }) => type === 'cgroup' && options.includes('cpuacct'));
  return legacy && { accounting: 'legacy', mountpoint: legacy.mountpoint };
}

/** How CPU time is accounted for here: in cgroups where this user may make them. */
export function accountingHere(): Accounting {
  const hierarchy =
    process.getuid?.() === 0 ? cgroupHierarchy(readFileSync('/proc/self/mountinfo', 'utf8')) : undefined;
  return hierarchy?.accounting ?? 'tree';
}

export function openAccount(name: string): Account {
  if (accountingHere() === 'tree') return new ProcessTree();
  const hierarchy = cgroupHierarchy(readFileSync('/proc/self/mountinfo', 'utf8'));
  return hierarchy ? new Cgroup(hierarchy, `tacho-bench-${process.pid}-${name}`) : new ProcessTree();
}

class Cgroup implements Account {
  readonly #folder: string;
  readonly #accounting: Accounting;

  constructor(hierarchy: Hierarchy, name: string) {
    this.#folder = `${hierarchy.mountpoint}/${name}`;
    this.#accounting = hierarchy.accounting;
    mkdirSync(this.#folder);
  }

  get enter(): string {
    return `echo $$ > ${this.#folder}/cgroup.procs && `;
  }

  cpuNs(): number {
    if (this.#accounting === 'legacy') return Number(readFileSync(`${this.#folder}/cpuacct.usage`, 'utf8'));
    const usage = /^usage_usec (\d+)$/m.exec(readFileSync(`${this.#folder}/cpu.stat`, 'utf8'));
    return Number(usage?.[1]) * 1000;
  }

  pids(): number[] {
    return readFileSync(`${this.#folder}/cgroup.procs`, 'utf8').split('\n').filter(Boolean).map(Number);
  }

  close(): void {
    if (existsSync(this.#folder)) rmdirSync(this.#folder);
  }
}

/** Where cgroups cannot be made: what /proc says about a process, its descendants and those it has waited for. */
class ProcessTree implements Account {
  readonly enter = '';

  cpuNs(root: number): number {
    return this.pids(root).reduce((sum, pid) => sum + (readProcess(pid)?.cpuNs ?? 0), 0);
  }

  pids(root: number): number[] {
    const found = readProcess(root) ? [root] : [];
    for (const parent of found) {
      found.push(...childrenOf(parent));
    }
    return found;
  }

  close(): void {}
}

/** USER_HZ, which /proc counts in: 100 on every architecture that Tacho runs on. */
const NS_PER_TICK = 10_000_000;

/** utime, stime, cutime and cstime: fields 14 to 17 of proc_pid_stat(5), counted behind the name, which may hold anything. */
export function cpuNsOfStat(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * NS_PER_TICK;
}

function readProcess(pid: number): { cpuNs: number } | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  return stat === undefined ? undefined : { cpuNs: cpuNsOfStat(stat) };
}

function childrenOf(pid: number): number[] {
  const children = readIfThere(`/proc/${pid}/task/${pid}/children`) ?? '';
  return children.split(' ').filter(Boolean).map(Number);
}

/** VmRSS of a process, in bytes; 0 when it has ended. Pages that processes share count in each of them. */
export function rssBytesOf(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readIfThere(`/proc/${pid}/status`) ?? '');
  return Number(kib?.[1] ?? 0) * 1024;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
