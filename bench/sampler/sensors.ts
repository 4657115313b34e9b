import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** hwmon drivers that measure the CPU itself, and which of their readings. */
const CPU_DRIVERS: Readonly<Record<string, RegExp>> = {
  coretemp: /^temp\d+_input$/,
  k10temp: /^temp1_input$/,
  zenpower: /^temp1_input$/,
  cpu_thermal: /^temp1_input$/,
};

/**
 * The files that say how fast and how warm the CPUs of this host are. Without cpufreq that is /proc/cpuinfo.
 * Documentation/admin-guide/pm/cpufreq.rst, Documentation/hwmon/sysfs-interface.rst.
 */
export function sensorFiles(sysfs: string): string[] {
  const cpus = matching(join(sysfs, 'devices/system/cpu'), /^cpu\d+$/);
  const frequencies = cpus.map((cpu) => join(cpu, 'cpufreq/scaling_cur_freq')).filter((file) => existsSync(file));
  const thermometers = matching(join(sysfs, 'class/hwmon'), /^hwmon\d+$/).flatMap((monitor) => {
    const reading = CPU_DRIVERS[attribute(monitor, 'name')];
    return reading ? matching(monitor, reading) : [];
  });
  const zones = matching(join(sysfs, 'class/thermal'), /^thermal_zone\d+$/)
    .filter((zone) => attribute(zone, 'type') === 'x86_pkg_temp')
    .map((zone) => join(zone, 'temp'));
  return [
    ...(frequencies.length > 0 ? frequencies : ['/proc/cpuinfo']),
    ...(thermometers.length > 0 ? thermometers : zones),
  ];
}

/** What the kernel has only so much of, and errors of memory. Documentation/admin-guide/sysctl/, driver-api/edac.rst. */
export function resourceFiles(procfs: string, sysfs: string): string[] {
  const settings = [
    'kernel/random/entropy_avail',
    'fs/file-nr',
    'net/netfilter/nf_conntrack_count',
    'net/netfilter/nf_conntrack_max',
  ].map((name) => join(procfs, 'sys', name));
  const controllers = matching(join(sysfs, 'devices/system/edac/mc'), /^mc\d+$/);
  const errors = controllers.flatMap((folder) => ['ce_count', 'ue_count'].map((name) => join(folder, name)));
  return [...settings, ...errors].filter((file) => existsSync(file));
}

/** Of each NUMA node, unless there is just one. */
export function nodeFiles(sysfs: string): string[] {
  const nodes = matching(join(sysfs, 'devices/system/node'), /^node\d+$/);
  return nodes.length < 2 ? [] : nodes.flatMap((node) => [join(node, 'meminfo'), join(node, 'numastat')]);
}

/** Of each pool of huge pages. */
export function hugepageFiles(sysfs: string): string[] {
  const pools = matching(join(sysfs, 'kernel/mm/hugepages'), /^hugepages-\d+kB$/);
  return pools.flatMap((pool) => ['nr', 'free', 'resv', 'surplus'].map((name) => join(pool, `${name}_hugepages`)));
}

function matching(path: string, name: RegExp): string[] {
  if (!existsSync(path)) return [];
  const names = readdirSync(path).filter((entry) => name.test(entry));
  return names.sort().map((entry) => join(path, entry));
}

function attribute(folder: string, name: string): string {
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
}
