import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Value } from 'typebox/value';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Check, type Report, ReportSchema } from '../../src/cli/doctor/report.ts';
import { loadCatalogue } from '../../src/collect/frame-source.ts';
import { temporaryFolder } from '../state/temporary.ts';
import { type Outcome, runTacho } from './run-tacho.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const HOSTS = fileURLToPath(new URL('../fixtures/hosts/', import.meta.url));
const NODE = ['--disable-warning=ExperimentalWarning', MAIN];
const ROOT = process.geteuid?.() === 0;
const STATES = ['ok', 'limited', 'missing'];

/** The report as printed, which has to have its documented shape. */
function reportOf({ code, stdout, stderr }: Outcome): Report & { code: number | null } {
  expect(stderr).toBe('');
  const report: unknown = JSON.parse(stdout);
  expect([...Value.Errors(ReportSchema, report)]).toEqual([]);
  return { ...(report as Report), code };
}

async function examine(args: readonly string[] = [], environment: Record<string, string> = {}) {
  return reportOf(await runTacho(['doctor', '--json', ...args], { environment }));
}

/** A user who may do nothing, but for the given capabilities; as one who is not root already, this test's own user. */
async function asNobody(
  capabilities: readonly string[],
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<Outcome> {
  const granted = capabilities.map((name) => `+${name}`).join(',');
  const caps = granted === '' ? [] : [`--inh-caps=${granted}`, `--ambient-caps=${granted}`];
  const identity = ['--reuid=65534', '--regid=65534', '--clear-groups', ...caps];
  const command = ROOT ? ['setpriv', ...identity, process.execPath] : [process.execPath];
  const env = { PATH: process.env['PATH'], HOME: '/nonexistent', TACHO_CONFIG: '/dev/null', ...environment };
  const child = spawn(command[0]!, [...command.slice(1), ...NODE, 'doctor', ...args], { env });
  const exited = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [code, stdout, stderr] = await Promise.all([exited, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}

function check(report: Report, name: string): Check {
  const found = report.checks.find((candidate) => candidate.name === name);
  expect(found, name).toBeDefined();
  return found!;
}

function content(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

function said(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8' }).trim();
}

function put(folder: string, files: Record<string, string>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

describe('tacho doctor --json on this host', () => {
  let report: Report & { code: number | null };
  beforeAll(async () => {
    report = await examine();
  });
  const state = (name: string) => check(report, name).state;
  const value = (name: string) => check(report, name).value;

  test('names the host as uname does', () => {
    expect(report.code).toBe(0);
    const { kernel, architecture, cpus_online, hostname } = report.host;
    expect([kernel, architecture, hostname]).toEqual([said('uname', '-r'), said('uname', '-m'), said('uname', '-n')]);
    expect(cpus_online).toBe(Number(said('getconf', '_NPROCESSORS_ONLN')));
    expect(value('kernel')).toBe(`${kernel} ${architecture}`);
  });

  test('every check has one of three states, and a reason when all is not well', () => {
    const names = report.checks.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, state, reason, remedy } of report.checks) {
      expect(STATES, name).toContain(state);
      expect(reason !== null, name).toBe(state !== 'ok');
      if (state === 'ok') expect(remedy, name).toBeNull();
    }
  });

  test('checks of single files say what they hold, or that they are not there', () => {
    const files = {
      perf_event_paranoid: '/proc/sys/kernel/perf_event_paranoid',
      clock_source: '/sys/devices/system/clocksource/clocksource0/current_clocksource',
      schedstat: '/proc/schedstat',
      conntrack: '/proc/sys/net/netfilter/nf_conntrack_count',
    };
    for (const [name, path] of Object.entries(files)) {
      expect(state(name) === 'missing', name).toBe(!existsSync(path));
      // How many connections there are may have changed.
      if (existsSync(path) && name !== 'conntrack')
        expect(content(path)?.startsWith(value(name) ?? '-'), name).toBe(true);
    }
    expect(state('pressure') === 'ok').toBe(['cpu', 'memory', 'io'].every((of) => content(`/proc/pressure/${of}`)));
    expect(value('nmi_watchdog')?.startsWith('on')).toBe(content('/proc/sys/kernel/nmi_watchdog') === '1');
  });

  test('what this process may do is what the kernel says', () => {
    expect(value('user')).toContain(`uid ${said('id', '-u')}`);
    expect(value('open_files')?.split(';')[0]).toBe(said('sh', '-c', 'ulimit -Hn'));
    const set = BigInt(`0x${/^CapEff:\s*(\S+)/m.exec(content('/proc/self/status') ?? '')?.[1]}`);
    const bits = {
      CAP_DAC_READ_SEARCH: 2n,
      CAP_NET_ADMIN: 12n,
      CAP_SYS_PTRACE: 19n,
      CAP_SYS_ADMIN: 21n,
      CAP_PERFMON: 38n,
    };
    for (const [name, bit] of Object.entries(bits))
      expect(value('capabilities')?.includes(name), name).toBe(((set >> bit) & 1n) === 1n);
  });

  test('devices, PMUs and cgroups are those of the kernel', () => {
    const pmus = readdirSync('/sys/bus/event_source/devices').sort();
    expect(value('pmus')).toBe(pmus.join(' '));
    const devices = readdirSync('/sys/block');
    const silent = devices.filter((device) => content(`/sys/block/${device}/queue/iostats`) === '0');
    expect(value('disk_statistics')).toBe(`${devices.length - silent.length} of ${devices.length} devices count I/O`);
    for (const device of silent)
      expect(check(report, 'disk_statistics').remedy).toContain(`echo 1 > /sys/block/${device}/queue/iostats`);
    const mounts = (content('/proc/mounts') ?? '').split('\n').map((line) => line.split(' '));
    const unified = mounts.some(([, at, type]) => at === '/sys/fs/cgroup' && type === 'cgroup2');
    const controllers = mounts
      .filter(([, , type]) => type === 'cgroup')
      .flatMap(([, , , options]) => options?.split(',') ?? []);
    if (unified) expect(value('cgroups')).toBe(`v2: ${content('/sys/fs/cgroup/cgroup.controllers')}`);
    else
      for (const name of value('cgroups')?.slice('v1: '.length).split(' ') ?? [])
        expect([...controllers, 'name=systemd']).toContain(name === 'systemd' ? 'name=systemd' : name);
  });

  test('a container runtime is there when it has a socket', () => {
    const sockets = {
      docker: '/run/docker.sock',
      containerd: '/run/containerd/containerd.sock',
      cri_o: '/run/crio/crio.sock',
    };
    for (const [name, path] of Object.entries(sockets)) expect(state(name) === 'missing', name).toBe(!existsSync(path));
  });

  test('every family of the catalogue is there with its cost, and what is read for it', () => {
    const { families } = loadCatalogue();
    expect(report.families.map(({ family }) => family)).toEqual(families.map(({ name }) => name));
    for (const [index, { name, optIn, floorIntervalMs, fields }] of families.entries()) {
      const told = report.families[index]!;
      expect([told.opt_in, told.floor_interval_ms, told.fields.length]).toEqual([
        optIn,
        floorIntervalMs,
        fields.length,
      ]);
      expect(told.readers.length, name).toBeGreaterThan(0);
      expect(told.cost_us_per_read !== null, name).toBe(told.available);
      if (told.available) expect(told.cost_us_per_read, name).toBeGreaterThan(0);
      else expect(told.reason, name).not.toBeNull();
    }
    const memory = report.families.find(({ family }) => family === 'memory')!;
    expect(memory.readers).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: 'meminfo', path: '/proc/meminfo', problem: null })]),
    );
    expect(memory.fields.find(({ name }) => name === 'total_bytes')?.has_value).toBe(true);
  });

  test('perf events that are not counted say why, and the checks agree with them', () => {
    expect(report.perf_events.length).toBeGreaterThan(20);
    for (const { name, available, reason } of report.perf_events) expect(available || reason !== null, name).toBe(true);
    const cycles = report.perf_events.find(({ name }) => name === 'cycles')!;
    const core = readdirSync('/sys/bus/event_source/devices').some(
      (pmu) => pmu === 'cpu' || existsSync(`/sys/bus/event_source/devices/${pmu}/cpus`),
    );
    if (!core) expect(cycles).toMatchObject({ available: false, remedy: expect.stringContaining('pmu=on') });
    expect(check(report, 'hardware_counters').state === 'missing').toBe(!cycles.available);
    const bandwidth = report.perf_events.filter(({ family }) => family === 'memory_bandwidth');
    const resctrl = existsSync('/sys/fs/resctrl/mon_data');
    expect(check(report, 'memory_bandwidth').state === 'missing').toBe(
      !resctrl && bandwidth.every(({ available }) => !available),
    );
  });

  test('ticks were timed', () => {
    const { ticks, missed_ticks, lateness_us, cpu_us_per_tick_at_1hz, tick_family } = report.timing;
    expect(ticks + missed_ticks).toBeGreaterThan(100);
    expect(lateness_us.median).toBeLessThanOrEqual(lateness_us.max!);
    expect(cpu_us_per_tick_at_1hz).toBeGreaterThan(0);
    expect(report.families.some(({ family }) => family === tick_family)).toBe(true);
  });
});

describe('tacho doctor on other hosts', () => {
  test('a captured host is judged by its files, and this kernel is not asked about it', async () => {
    const report = await examine(['--procfs', `${HOSTS}cpu-holes/proc`, '--sysfs', `${HOSTS}cpu-holes/sys`]);
    expect(report.code).toBe(0);
    expect(check(report, 'cpu_frequency')).toMatchObject({ state: 'ok', value: 'cpufreq of 4 CPUs' });
    expect(check(report, 'cpu_temperature')).toMatchObject({ state: 'ok', value: expect.stringContaining('coretemp') });
    expect(check(report, 'docker')).toMatchObject({ state: 'missing', reason: expect.stringContaining('not asked') });
    expect(report.families.find(({ family }) => family === 'cpu')?.available).toBe(true);
    expect(report.perf_events).toEqual([]);
  });

  test('PMUs, the watchdog, silent disks and a slow clock are seen, each with its remedy', async () => {
    const folder = temporaryFolder();
    const pmu = 'sys/bus/event_source/devices/';
    const clock = 'sys/devices/system/clocksource/clocksource0/';
    put(folder, {
      'proc/stat': 'cpu  1 0 1 9 0 0 0 0 0 0\ncpu0 1 0 1 9 0 0 0 0 0 0\n',
      'proc/meminfo': 'MemTotal: 1000 kB\nMemFree: 500 kB\n',
      'proc/sys/kernel/nmi_watchdog': '1\n',
      'proc/sys/kernel/osrelease': '5.10.0-test\n',
      [`${pmu}cpu/type`]: '4\n',
      [`${pmu}uncore_imc_0/type`]: '20\n',
      [`${pmu}uncore_imc_1/type`]: '21\n',
      'sys/block/sda/queue/iostats': '0\n',
      'sys/devices/system/cpu/online': '0-3,8\n',
      [`${clock}current_clocksource`]: 'hpet\n',
      [`${clock}available_clocksource`]: 'tsc hpet acpi_pm\n',
      'cgroup/cgroup.controllers': 'cpuset cpu io pids\n',
    });
    const at = (part: string) => join(folder, part);
    const report = await examine(['--procfs', at('proc'), '--sysfs', at('sys'), '--cgroupfs', at('cgroup')]);
    expect(report.host).toMatchObject({ kernel: '5.10.0-test', cpus_online: 5, hypervisor: null });
    const expected = {
      nmi_watchdog: 'sysctl -w kernel.nmi_watchdog=0',
      disk_statistics: `echo 1 > ${at('sys/block/sda/queue/iostats')}`,
      clock_source: `echo tsc > ${at(`${clock}current_clocksource`)}`,
      cgroups: expect.stringContaining('cgroup_enable=memory'),
    };
    for (const [name, remedy] of Object.entries(expected))
      expect(check(report, name), name).toMatchObject({ state: 'limited', remedy });
    expect(check(report, 'hardware_counters')).toMatchObject({ state: 'limited', value: 'cpu' });
    expect(check(report, 'memory_bandwidth')).toMatchObject({ state: 'limited', value: 'uncore_imc' });
    expect(check(report, 'pressure')).toMatchObject({ state: 'missing', remedy: expect.stringContaining('psi=1') });
  });

  test('without /proc nothing can be measured, and the exit code says so', async () => {
    const nothing = temporaryFolder();
    const report = await examine(['--procfs', join(nothing, 'proc'), '--sysfs', nothing, '--cgroupfs', nothing]);
    expect(report.code).toBe(1);
    for (const name of ['procfs', 'sysfs']) expect(check(report, name).state).toBe('missing');
    expect(report.families.every(({ available }) => !available)).toBe(true);
  });
});

describe('tacho doctor as a user without privileges', () => {
  const guarded = Number(content('/proc/sys/kernel/perf_event_paranoid')) > 0;

  test('says what is not seen and what would change that', async () => {
    const report = reportOf(await asNobody([], ['--json']));
    expect(report.code).toBe(0);
    expect(check(report, 'capabilities')).toMatchObject({
      state: 'limited',
      remedy: 'AmbientCapabilities=CAP_PERFMON CAP_SYS_PTRACE CAP_DAC_READ_SEARCH in the systemd unit, or run as root',
    });
    expect(check(report, 'other_processes').state).toBe('limited');
    const clock = report.perf_events.find(({ name }) => name === 'cpu-clock')!;
    expect(clock.available).toBe(!guarded);
    if (guarded) expect(clock.reason).toMatch(/^EACCES: perf_event_paranoid=\d and no CAP_PERFMON$/);
    if (guarded) expect(clock.remedy).toContain('sysctl -w kernel.perf_event_paranoid=0');
    expect(check(report, 'perf_event_paranoid').remedy ?? clock.remedy).toBe(clock.remedy);
  });

  test('few file descriptors leave events out, and it says how many would do', () => {
    const command = [process.execPath, ...NODE, 'doctor', '--json', '--config', '/dev/null'];
    const within = (limit: string): Report => JSON.parse(said('prlimit', `--nofile=${limit}:${limit}`, ...command));
    const report = within('60');
    const { state, value, reason, remedy } = check(report, 'open_files');
    const leftOut = report.perf_events.filter((event) => event.reason?.startsWith('EMFILE'));
    expect([state, value?.split(';')[0], leftOut.length > 0]).toEqual(['limited', '60', true]);
    expect(reason).toBe(leftOut[0]!.reason);
    expect(check(within(/\d+$/.exec(remedy ?? '')?.[0] ?? ''), 'open_files').state).toBe('ok');
  });

  test.skipIf(!ROOT)(
    'the capabilities that it names are those that help (root only: they have to be given)',
    async () => {
      const report = reportOf(await asNobody(['perfmon', 'sys_ptrace', 'dac_read_search'], ['--json']));
      expect(check(report, 'user').value).toContain('uid 65534');
      expect(check(report, 'capabilities').state).toBe('ok');
      expect(check(report, 'perf_event_paranoid').state).toBe('ok');
      expect(report.perf_events.find(({ name }) => name === 'cpu-clock')?.available).toBe(true);
      expect(check(report, 'other_processes').state).toBe(check(await examine(), 'other_processes').state);
    },
  );
});

describe('the socket of a container runtime', () => {
  const system = '/run/podman/podman.sock';

  test.skipIf(existsSync(system))(
    `answers, is closed to this user, or has nobody behind it (not beside ${system})`,
    async () => {
      const folder = temporaryFolder();
      const socket = join(folder, 'podman/podman.sock');
      mkdirSync(join(folder, 'podman'));
      for (const path of [folder, join(folder, 'podman')]) chmodSync(path, 0o755);
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(socket, resolve));
      onTestFinished(() => void server.close());
      const environment = { XDG_RUNTIME_DIR: folder };
      expect(check(await examine([], environment), 'podman')).toMatchObject({ state: 'ok', value: socket });
      chmodSync(socket, 0o000);
      const refused = check(reportOf(await asNobody([], ['--json'], environment)), 'podman');
      expect(refused).toMatchObject({ state: 'limited', reason: `EACCES: ${socket}`, remedy: 'run as root' });
      // The name is kept while what listened is gone, as after a crash.
      const kept = join(folder, 'kept');
      linkSync(socket, kept);
      await new Promise((resolve) => server.close(resolve));
      renameSync(kept, socket);
      chmodSync(socket, 0o777);
      expect(check(await examine([], environment), 'podman').reason).toBe(`ECONNREFUSED: ${socket}`);
    },
  );
});

describe('tacho doctor for a person', () => {
  const widest = (screen: string) => Math.max(...screen.split('\n').map((line) => line.length));

  test('fits 100 columns, without colours where it is not a terminal', async () => {
    const [ours, nobody, elsewhere] = await Promise.all([
      runTacho(['doctor']),
      asNobody([], []),
      runTacho(['doctor', '--procfs', `${HOSTS}vm-2cpu/proc`, '--sysfs', `${HOSTS}vm-2cpu/sys`]),
    ]);
    for (const { code, stdout, stderr } of [ours, nobody, elsewhere]) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(widest(stdout)).toBeLessThanOrEqual(100);
      expect(stdout).not.toContain('\x1b');
      for (const { name } of loadCatalogue().families)
        expect(stdout).toMatch(new RegExp(`^(ok|limited|missing) +${name} `, 'm'));
    }
    expect(ours.stdout.split('\n').length).toBeLessThan(80);
  });

  test('has colours on a terminal, unless NO_COLOR forbids them', async () => {
    const onTerminal = async (environment: Record<string, string>) => {
      const command = `"${process.execPath}" ${NODE.join(' ')} doctor`;
      const env = { PATH: process.env['PATH'], SHELL: '/bin/sh', TACHO_CONFIG: '/dev/null', ...environment };
      return text(
        spawn('script', ['-qec', command, '/dev/null'], { env, stdio: ['ignore', 'pipe', 'inherit'] }).stdout,
      );
    };
    const [coloured, plain] = await Promise.all([onTerminal({}), onTerminal({ NO_COLOR: '1' })]);
    expect(coloured).toContain('\x1b[32mok');
    expect(plain).toMatch(/^ok +memory /m);
    expect(plain).not.toContain('\x1b');
  });
});
