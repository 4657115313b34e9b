import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sensorFiles } from '../../../bench/sampler/sensors.ts';

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
