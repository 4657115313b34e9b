import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';

export interface ThreadTime {
  tid: number;
  /** `main` for the first thread, which bears the program's name otherwise; Node's own pool has that name too. */
  name: string;
  /** Time on a CPU since the thread began, in ns (Documentation/scheduler/sched-stats.rst, /proc/PID/schedstat). */
  cpuNs: number;
}

/** The threads of a process. One that ends meanwhile is left out. */
export function threadTimes(pid: number | 'self'): ThreadTime[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((tid) => {
    try {
      const command = readFileSync(`/proc/${pid}/task/${tid}/comm`, 'utf8').trim();
      const name = Number(tid) === (pid === 'self' ? process.pid : pid) ? 'main' : command;
      const schedstat = readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8');
      return [{ tid: Number(tid), name, cpuNs: Number(schedstat.split(' ', 1)[0]) }];
    } catch (error) {
      if (isGone(error)) return [];
      throw error;
    }
  });
}

/** A process or thread that ended between listing and reading. */
export function isGone(error: unknown): boolean {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return code === 'ENOENT' || code === 'ESRCH';
}
