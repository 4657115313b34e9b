import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hugepageFiles, nodeFiles, resourceFiles, sensorFiles } from '../../../bench/sampler/sensors.ts';

let sysfs: string;
beforeEach(() => {
  sysfs = mkdtempSync(join(tmpdir(), 'tacho-test-'));
});
afterEach(() => rmSync(sysfs, { recursive: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(sysfs, name)), { recursive: true });
    writeFileSync(join(sysfs, name), content);
  }
}

it('finds the frequency of each CPU and the thermometers of CPUs only', () => {
  write({
    'devices/system/cpu/cpu0/cpufreq/scaling_cur_freq': '1000000\n',
    'devices/system/cpu/cpu1/topology/core_id': '1\n',
    'class/hwmon/hwmon0/name': 'coretemp\n',
    'class/hwmon/hwmon0/temp2_input': '50000\n',
    'class/hwmon/hwmon0/temp2_label': 'Core 0\n',
    'class/hwmon/hwmon1/name': 'nvme\n',
    'class/hwmon/hwmon1/temp1_input': '40000\n',
    'class/thermal/thermal_zone0/type': 'x86_pkg_temp\n',
  });
  expect(sensorFiles(sysfs)).toEqual([
    join(sysfs, 'devices/system/cpu/cpu0/cpufreq/scaling_cur_freq'),
    join(sysfs, 'class/hwmon/hwmon0/temp2_input'),
  ]);
});

it('takes what a virtual machine has', () => {
  write({ 'class/thermal/thermal_zone0/type': 'x86_pkg_temp\n', 'class/thermal/thermal_zone1/type': 'acpitz\n' });
  expect(sensorFiles(sysfs)).toEqual(['/proc/cpuinfo', join(sysfs, 'class/thermal/thermal_zone0/temp')]);
});

it('finds what the kernel tells of limits, nodes and huge pages, and nothing that is not there', () => {
  const host = join(import.meta.dirname, '../../fixtures/hosts/numa-2node');
  const found = (files: string[]) => files.map((file) => relative(host, file));
  expect(found(resourceFiles(join(host, 'proc'), join(host, 'sys')))).toEqual([
    'proc/sys/kernel/random/entropy_avail',
    'proc/sys/fs/file-nr',
    'proc/sys/net/netfilter/nf_conntrack_count',
    'proc/sys/net/netfilter/nf_conntrack_max',
    ...['mc0', 'mc1'].flatMap((controller) =>
      ['ce_count', 'ue_count'].map((name) => `sys/devices/system/edac/mc/${controller}/${name}`),
    ),
  ]);
  const node = (number: number) => `sys/devices/system/node/node${number}`;
  const nodes = [0, 1].flatMap((number) => ['meminfo', 'numastat'].map((name) => `${node(number)}/${name}`));
  expect(found(nodeFiles(join(host, 'sys')))).toEqual(nodes);
  expect(hugepageFiles(join(host, 'sys'))).toHaveLength(8);
  write({ 'devices/system/node/node0/meminfo': 'Node 0 MemTotal: 1 kB\n' });
  expect([...resourceFiles('/nonexistent', sysfs), ...nodeFiles(sysfs), ...hugepageFiles(sysfs)]).toEqual([]);
});
