import { type Circumstances, limited, missing, NOT_ASKED, ok } from '../circumstances.ts';
import { pmusOf } from '../host.ts';
import type { Check } from '../report.ts';
import { exists, list, read, type Tree } from '../tree.ts';

const SOFTWARE = 'software';

function corePmus(tree: Tree): string[] {
  return pmusOf(tree)
    .filter(({ core }) => core)
    .map(({ name }) => name);
}

export function hardwareCounters({ tree, look }: Circumstances): Check {
  const name = 'hardware_counters';
  const events = look.perf_events.filter(({ family, pmu }) => family === 'perf' && pmu !== SOFTWARE);
  const pmus = corePmus(tree).join(' ');
  const counted = events.filter(({ available }) => available).length;
  const refused = events.find(({ available }) => !available);
  const value = `${pmus}: ${counted} of ${events.length} events`;
  if (counted > 0 && refused === undefined) return ok(name, value);
  if (counted > 0) return limited(name, value, refused?.reason ?? '', refused?.remedy ?? null);
  if (refused !== undefined) return missing(name, refused.reason ?? '', refused.remedy);
  return pmus === '' ? missing(name, 'no PMU of the CPU in sysfs', null) : limited(name, pmus, NOT_ASKED, null);
}

export function pmus({ tree }: Circumstances): Check {
  const names = pmusOf(tree).map(({ name }) => name);
  if (names.length > 0) return ok('pmus', names.join(' '));
  const folder = tree.sys('bus/event_source/devices');
  return missing('pmus', `ENOENT: ${folder}`, 'use a kernel with CONFIG_PERF_EVENTS=y');
}

export function nmiWatchdog({ tree }: Circumstances): Check {
  const setting = read(tree.proc('sys/kernel/nmi_watchdog'));
  if (setting === null) return ok('nmi_watchdog', 'none');
  if (setting !== '1') return ok('nmi_watchdog', 'off');
  if (corePmus(tree).length === 0) return ok('nmi_watchdog', 'on, without a PMU');
  const reason = 'it holds one hardware counter of each CPU, so that events take turns where they need not';
  return limited('nmi_watchdog', 'on', reason, 'sysctl -w kernel.nmi_watchdog=0');
}

/** What counts the traffic of the memory controllers: PMUs, or else resctrl, which only has reads and writes together. */
export function memoryBandwidth({ tree, look }: Circumstances): Check {
  const name = 'memory_bandwidth';
  const events = look.perf_events.filter(({ family }) => family === 'memory_bandwidth');
  const counted = events.filter(({ available }) => available);
  const refused = events.find(({ available }) => !available);
  const [pmu] = counted;
  if (pmu !== undefined) {
    const value = `${kindsOf(pmu.pmu ?? '')}: ${counted.map((event) => event.name).join(' ')}`;
    return refused === undefined ? ok(name, value) : limited(name, value, refused.reason ?? '', refused.remedy);
  }
  const resctrl = list(tree.sys('fs/resctrl/mon_data')).filter((cache) =>
    exists(tree.sys('fs/resctrl/mon_data', cache, 'mbm_total_bytes')),
  );
  if (resctrl.length > 0) return limited(name, 'resctrl', 'it does not tell reads from writes', null);
  const seen = pmusOf(tree).filter((candidate) => /^(uncore_imc|amd_umc|amd_df)/.test(candidate.name));
  if (seen.length > 0 && !tree.isThisHost)
    return limited(name, kindsOf(seen.map((candidate) => candidate.name).join(',')), NOT_ASKED, null);
  return missing(
    name,
    refused?.reason ?? 'no PMU of memory controllers in sysfs, and no resctrl',
    refused?.remedy ?? null,
  );
}

/** `uncore_imc_0,uncore_imc_1` are units of `uncore_imc`. */
function kindsOf(pmus: string): string {
  return [...new Set(pmus.split(',').map((pmu) => pmu.replace(/_\d+$/, '')))].join(' ');
}

export function coreFrequency({ tree, hypervisor }: Circumstances): Check {
  const name = 'cpu_frequency';
  const folder = tree.sys('devices/system/cpu');
  const cpus = list(folder).filter((cpu) => exists(`${folder}/${cpu}/cpufreq/scaling_cur_freq`));
  if (cpus.length > 0) return ok(name, `cpufreq of ${cpus.length} CPUs`);
  const remedy =
    hypervisor === null
      ? 'use a kernel with a cpufreq driver (modprobe acpi-cpufreq)'
      : 'use bare metal: hypervisors keep the frequency to themselves';
  const told = /^cpu MHz\s*:\s*([\d.]+)/m.exec(read(tree.proc('cpuinfo')) ?? '')?.[1];
  if (told === undefined) return missing(name, `neither cpufreq nor ${tree.proc('cpuinfo')} tells it`, remedy);
  const reason = `no cpufreq: it comes from ${tree.proc('cpuinfo')}, where a virtual machine shows the nominal one`;
  return limited(name, `${told} MHz`, reason, remedy);
}

export function coreTemperature({ tree, look, hypervisor }: Circumstances): Check {
  const name = 'cpu_temperature';
  const names = (folder: string, file: string) =>
    list(folder).flatMap((entry) => read(`${folder}/${entry}/${file}`) ?? []);
  const sensors = [...names(tree.sys('class/hwmon'), 'name'), ...names(tree.sys('class/thermal'), 'type')].join(' ');
  const fields = look.families.find(({ family }) => family === 'cpu')?.fields;
  if (fields?.find((field) => field.name === 'temperature_celsius')?.has_value) return ok(name, sensors);
  const remedy =
    hypervisor === null
      ? 'modprobe coretemp (Intel) or k10temp (AMD)'
      : 'use bare metal: hypervisors pass no sensors on';
  const found = sensors === '' ? 'there are no sensors' : `none of the sensors is the CPU's: ${sensors}`;
  return missing(name, `${found} in ${tree.sys('class/hwmon')} and ${tree.sys('class/thermal')}`, remedy);
}
