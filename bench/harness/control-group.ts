import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A killed process leaves its group a moment after the signal, and the kernel tells nobody when. */
const LEAVING_STEP_MS = 10;
const LEAVING_STEPS = 500;

interface Tree {
  mountpoint: string;
  unified: boolean;
}

/** Controllers that account for what a group uses. Others have rules of their own for who may enter a group. */
const ACCOUNTING = ['cpu', 'cpuacct', 'memory', 'blkio', 'pids'];

/** The trees that account for what groups use, from the text of /proc/self/mountinfo (proc_pid_mountinfo(5)): of v1, else that of v2. */
export function accountingTrees(mountinfo: string): Tree[] {
  const mounts = mountinfo.split('\n').flatMap((line) => {
    const [mount = '', source = ''] = line.split(' - ');
    const mountpoint = mount.split(' ')[4];
    const [type = '', , options = ''] = source.split(' ');
    return mountpoint === undefined ? [] : [{ mountpoint, type, options: options.split(',') }];
  });
  const accounts = (option: string) => ACCOUNTING.includes(option);
  const legacy = mounts.filter(({ type, options }) => type === 'cgroup' && options.some(accounts));
  const chosen = legacy.length > 0 ? legacy : mounts.filter(({ type }) => type === 'cgroup2').slice(0, 1);
  return chosen.map(({ mountpoint, type }) => ({ mountpoint, unified: type === 'cgroup2' }));
}

/** A control group made by hand, of the same path in every tree that accounts. Only root may make one. */
export class ControlGroup {
  readonly path: string;
  readonly #folders: readonly string[];

  constructor(path: string) {
    this.path = path;
    const trees = accountingTrees(readFileSync('/proc/self/mountinfo', 'utf8'));
    for (const { mountpoint, unified } of trees) {
      if (unified) writeFileSync(join(mountpoint, 'cgroup.subtree_control'), '+cpu +memory +io +pids');
    }
    this.#folders = trees.map(({ mountpoint }) => join(mountpoint, path));
    for (const folder of this.#folders) mkdirSync(folder);
  }

  /** How a shell enters the group before it becomes a command. */
  get enter(): string {
    return this.#folders.map((folder) => `echo $$ > ${folder}/cgroup.procs && `).join('');
  }

  /** Not to swap either. */
  limitMemory(bytes: number): void {
    this.#write({ 'memory.limit_in_bytes': `${bytes}`, 'memory.max': `${bytes}` });
    this.#write({ 'memory.memsw.limit_in_bytes': `${bytes}`, 'memory.swap.max': '0' });
  }

  limitCpu(cores: number): void {
    this.#write({ 'cpu.cfs_quota_us': `${cores * 100_000}`, 'cpu.max': `${cores * 100_000} 100000` });
  }

  limitTasks(tasks: number): void {
    this.#write({ 'pids.max': `${tasks}` });
  }

  /** Where a file of the group is; undefined where there is none. */
  find(file: string): string | undefined {
    return this.#folders.map((folder) => join(folder, file)).find((path) => existsSync(path));
  }

  /** What a file of the group says, in whatever tree it is; undefined where there is none. */
  read(file: string): string | undefined {
    const path = this.find(file);
    return path === undefined ? undefined : readFileSync(path, 'utf8');
  }

  /** Waits for the last of its processes, which must have been killed. */
  async close(): Promise<void> {
    for (let step = 0; step < LEAVING_STEPS && this.#busy(); step += 1) await sleep(LEAVING_STEP_MS);
    for (const folder of this.#folders) if (existsSync(folder)) rmdirSync(folder);
  }

  #busy(): boolean {
    return this.#folders.some((folder) => existsSync(folder) && readFileSync(join(folder, 'cgroup.procs')).length > 0);
  }

  /** Each file where there is one: names differ between v1 and v2. */
  #write(texts: Readonly<Record<string, string>>): void {
    for (const [file, text] of Object.entries(texts)) {
      const path = this.find(file);
      if (path !== undefined) writeFileSync(path, text);
    }
  }
}
