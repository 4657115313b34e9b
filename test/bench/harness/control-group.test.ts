import { describe, expect, test } from 'vitest';
import { accountingTrees } from '../../../bench/harness/control-group.ts';

const PROC = '23 28 0:22 / /proc rw,nosuid shared:12 - proc proc rw';
const SYSTEMD = '27 25 0:24 / /sys/fs/cgroup/systemd rw shared:6 - cgroup cgroup rw,name=systemd';
const CPUACCT = '30 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct';
const MEMORY = '31 25 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory';
const CPUSET = '32 25 0:28 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset';
const UNIFIED = '26 25 0:23 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate';

describe('accountingTrees', () => {
  test('those of v1 that account for something', () => {
    const trees = accountingTrees([PROC, SYSTEMD, CPUACCT, MEMORY, CPUSET, UNIFIED, ''].join('\n'));
    expect(trees).toEqual([
      { mountpoint: '/sys/fs/cgroup/cpu,cpuacct', unified: false },
      { mountpoint: '/sys/fs/cgroup/memory', unified: false },
    ]);
  });

  test('without any, the one of v2', () => {
    const trees = accountingTrees([PROC, SYSTEMD, UNIFIED].join('\n'));
    expect(trees).toEqual([{ mountpoint: '/sys/fs/cgroup/unified', unified: true }]);
    expect(accountingTrees(PROC)).toEqual([]);
  });
});
