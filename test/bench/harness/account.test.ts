import { describe, expect, it } from 'vitest';
import { cgroupHierarchy, cpuNsOfStat, rssBytesOf } from '../../../bench/harness/account.ts';

const PROC = '22 1 0:20 / /proc rw,relatime shared:5 - proc proc rw';
const CPUACCT = '30 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct';
const SYSTEMD = '27 25 0:24 / /sys/fs/cgroup/systemd rw shared:6 - cgroup cgroup rw,name=systemd';
const UNIFIED = '26 25 0:23 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate';

describe('cgroupHierarchy', () => {
  it('prefers the unified hierarchy, which accounts for CPU time everywhere', () => {
    expect(cgroupHierarchy([PROC, CPUACCT, UNIFIED].join('\n'))).toEqual({
      accounting: 'unified',
      mountpoint: '/sys/fs/cgroup/unified',
    });
  });

  it('falls back to cpuacct', () => {
    expect(cgroupHierarchy([SYSTEMD, CPUACCT, ''].join('\n'))).toEqual({
      accounting: 'legacy',
      mountpoint: '/sys/fs/cgroup/cpu,cpuacct',
    });
  });

  it('finds none where none accounts', () => {
    expect(cgroupHierarchy([PROC, SYSTEMD].join('\n'))).toBeUndefined();
  });
});

describe('cpuNsOfStat', () => {
  it('adds own and waited-for time, whatever the name holds', () => {
    const stat = '42 (a) b (c) S 1 42 42 0 -1 4194560 100 0 0 0 7 5 30 2 20 0 1 0 100 1000 10';
    expect(cpuNsOfStat(stat)).toBe(44 * 10_000_000);
  });
});

describe('rssBytesOf', () => {
  it('reads this process, and 0 for one that is gone', () => {
    expect(rssBytesOf(process.pid)).toBeGreaterThan(2 ** 20);
    expect(rssBytesOf(2 ** 30)).toBe(0);
  });
});
