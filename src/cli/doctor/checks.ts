import { clockSource, timer } from './checks/clocks.ts';
import { cgroups, runtimes } from './checks/containers.ts';
import {
  coreFrequency,
  coreTemperature,
  hardwareCounters,
  memoryBandwidth,
  nmiWatchdog,
  pmus,
} from './checks/hardware.ts';
import { conntrack, diskStatistics, kernel, machine, pressure, procfs, schedstat, sysfs } from './checks/kernel.ts';
import { capabilities, openFiles, otherProcesses, paranoid, user } from './checks/privileges.ts';
import type { Circumstances } from './circumstances.ts';
import type { Check } from './report.ts';

type Examine = (circumstances: Circumstances) => Check | Check[] | Promise<Check[]>;

/** Every check, in the order in which it is shown. */
const CHECKS: readonly Examine[] = [
  procfs,
  sysfs,
  kernel,
  machine,
  user,
  capabilities,
  otherProcesses,
  paranoid,
  openFiles,
  hardwareCounters,
  pmus,
  nmiWatchdog,
  memoryBandwidth,
  coreFrequency,
  coreTemperature,
  pressure,
  schedstat,
  conntrack,
  diskStatistics,
  cgroups,
  runtimes,
  clockSource,
  timer,
];

export async function checkHost(circumstances: Circumstances): Promise<Check[]> {
  const checks = await Promise.all(CHECKS.map((examine) => examine(circumstances)));
  return checks.flat();
}
