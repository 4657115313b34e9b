import { type Circumstances, limited, missing, ok } from '../circumstances.ts';
import { architectureOf, releaseOf } from '../host.ts';
import type { Check } from '../report.ts';
import { attempt, exists, list, read } from '../tree.ts';

/** Without these files there is nothing to collect. */
export function procfs({ tree }: Circumstances): Check {
  for (const file of ['stat', 'meminfo']) {
    const reading = attempt(tree.proc(file));
    if ('errno' in reading)
      return missing('procfs', `${reading.errno}: ${tree.proc(file)}`, `mount -t proc proc ${tree.roots.procfs}`);
  }
  return ok('procfs', tree.roots.procfs);
}

export function sysfs({ tree }: Circumstances): Check {
  const folder = tree.sys('devices/system/cpu');
  if (exists(folder)) return ok('sysfs', tree.roots.sysfs);
  return missing('sysfs', `ENOENT: ${folder}`, `mount -t sysfs sysfs ${tree.roots.sysfs}`);
}

export function kernel({ tree }: Circumstances): Check {
  const release = releaseOf(tree);
  const said = [release, architectureOf(tree)].filter((part) => part !== null).join(' ');
  return release === null
    ? missing('kernel', `${tree.roots.procfs} does not tell its release`, null)
    : ok('kernel', said);
}

export function machine({ hypervisor }: Circumstances): Check {
  return ok(
    'machine',
    hypervisor === null ? 'bare metal, or a hypervisor that does not tell' : `virtual (${hypervisor})`,
  );
}

export function pressure({ tree }: Circumstances): Check {
  const readings = ['cpu', 'memory', 'io'].map((of) => ({ of, reading: attempt(tree.proc('pressure', of)) }));
  const refused = readings.find(({ reading }) => 'errno' in reading);
  if (refused === undefined) return ok('pressure', 'cpu memory io');
  const { errno } = refused.reading as { errno: string };
  const remedy = 'boot with psi=1, on a kernel with CONFIG_PSI=y';
  const there = readings.filter(({ reading }) => 'text' in reading).map(({ of }) => of);
  const reason = `${errno}: ${tree.proc('pressure', refused.of)}`;
  return there.length === 0
    ? missing('pressure', reason, remedy)
    : limited('pressure', there.join(' '), reason, remedy);
}

export function schedstat({ tree }: Circumstances): Check {
  const text = read(tree.proc('schedstat'));
  if (text !== null) return ok('schedstat', text.split('\n')[0] ?? '');
  return missing('schedstat', `ENOENT: ${tree.proc('schedstat')}`, 'use a kernel with CONFIG_SCHEDSTATS=y');
}

export function conntrack({ tree }: Circumstances): Check {
  const figure = (name: string) => read(tree.proc('sys/net/netfilter', name));
  const [count, most] = [figure('nf_conntrack_count'), figure('nf_conntrack_max')];
  if (count !== null) return ok('conntrack', `${count} of ${most ?? 'any number of'} connections`);
  return missing(
    'conntrack',
    `ENOENT: ${tree.proc('sys/net/netfilter/nf_conntrack_count')}: no connections are tracked`,
    'modprobe nf_conntrack, where a firewall is to track connections',
  );
}

/** A device whose `queue/iostats` is 0 counts nothing (Documentation/ABI/stable/sysfs-block). */
export function diskStatistics({ tree }: Circumstances): Check {
  const devices = list(tree.sys('block'));
  if (devices.length === 0) return missing('disk_statistics', `${tree.sys('block')} shows no devices`, null);
  const setting = (device: string) => tree.sys('block', device, 'queue/iostats');
  const silent = devices.filter((device) => read(setting(device)) === '0');
  const value = `${devices.length - silent.length} of ${devices.length} devices count I/O`;
  if (silent.length === 0) return ok('disk_statistics', value);
  const remedy = silent.map((device) => `echo 1 > ${setting(device)}`).join('; ');
  return limited('disk_statistics', value, `switched off for ${silent.join(' ')}: their figures stay 0`, remedy);
}
