import { hostname, machine } from 'node:os';
import type { Report } from './report.ts';
import { cpusIn, list, read, type Tree } from './tree.ts';

/** Clock sources that only guests have, and of what. */
const GUEST_CLOCKS = [
  ['kvm-clock', 'KVM'],
  ['hyperv_clocksource', 'Hyper-V'],
  ['xen', 'Xen'],
] as const;

export function releaseOf(tree: Tree): string | null {
  return read(tree.proc('sys/kernel/osrelease'));
}

/** As `uname -m` has it; the file is there since Linux 6.1. */
export function architectureOf(tree: Tree): string | null {
  return read(tree.proc('sys/kernel/arch')) ?? (tree.isThisHost ? machine() : null);
}

/** What tells that a machine is virtual: the CPU, the clocks it is offered, and the names that firmware gives. */
export function hypervisorOf(tree: Tree): string | null {
  const kind = read(tree.sys('hypervisor/type'));
  const clocks = read(tree.sys('devices/system/clocksource/clocksource0/available_clocksource')) ?? '';
  const clock = GUEST_CLOCKS.find(([name]) => clocks.includes(name))?.[1];
  const firmware = ['sys_vendor', 'product_name'].map((name) => read(tree.sys('class/dmi/id', name)) ?? '').join(' ');
  const product = /KVM|QEMU|VMware|VirtualBox|Virtual Machine|Amazon EC2|Google Compute|Xen|Bochs/.exec(firmware)?.[0];
  const flagged = /^flags\s*:.*\bhypervisor\b/m.test(read(tree.proc('cpuinfo')) ?? '');
  const guest = flagged || clock !== undefined || kind !== null;
  // Metal of a cloud has the cloud's names as well: only where a CPU cannot tell do they count alone.
  const tells = /^flags\s*:/m.test(read(tree.proc('cpuinfo')) ?? '');
  if (!guest && (tells || product === undefined)) return null;
  return kind ?? clock ?? product ?? 'unknown hypervisor';
}

export function cpusOnlineOf(tree: Tree): number | null {
  const online = cpusIn(read(tree.sys('devices/system/cpu/online')));
  if (online !== null) return online;
  const listed = (read(tree.proc('stat')) ?? '').match(/^cpu\d+ /gm)?.length;
  return listed ?? null;
}

export function describeHost(tree: Tree, cpusOnline: number | null, hypervisor: string | null): Report['host'] {
  return {
    hostname: tree.isThisHost ? hostname() : (read(tree.proc('sys/kernel/hostname')) ?? ''),
    kernel: releaseOf(tree),
    architecture: architectureOf(tree),
    cpus_online: cpusOnline,
    hypervisor,
    ...tree.roots,
  };
}

/** The PMUs in sysfs, and which of them are those of CPU cores: `cpu`, or one that lists the cores it is for. */
export function pmusOf(tree: Tree): { name: string; core: boolean }[] {
  const folder = tree.sys('bus/event_source/devices');
  return list(folder).map((name) => ({ name, core: name === 'cpu' || list(`${folder}/${name}`).includes('cpus') }));
}
