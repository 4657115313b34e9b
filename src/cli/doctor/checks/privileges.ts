import { userInfo } from 'node:os';
import { type Circumstances, limited, missing, NOT_ASKED, ok } from '../circumstances.ts';
import type { Check } from '../report.ts';
import { attempt, list, read } from '../tree.ts';

const [PERFMON, SYS_PTRACE, DAC_READ_SEARCH] = [38n, 19n, 2n];
/** What CAP_PERFMON was before Linux 5.8, and still implies. */
const SYS_ADMIN = 21n;
/** The capabilities (capabilities(7)) that a collector gains from, and what without them is not seen. */
const USEFUL = [
  { name: 'CAP_PERFMON', bit: PERFMON, without: 'perf events that kernel.perf_event_paranoid forbids' },
  { name: 'CAP_SYS_PTRACE', bit: SYS_PTRACE, without: "the I/O of other users' processes" },
  { name: 'CAP_DAC_READ_SEARCH', bit: DAC_READ_SEARCH, without: 'mounts in folders that are closed to it' },
] as const;
/** Others that change what can be measured, shown where they are there. */
const SHOWN = [...USEFUL, { name: 'CAP_SYS_ADMIN', bit: SYS_ADMIN }, { name: 'CAP_NET_ADMIN', bit: 12n }] as const;
/** Processes that are tried at most. */
const MAX_TRIED = 1_000;

/** Of this process, wherever the roots are. */
function effectiveCapabilities(): bigint {
  const set = /^CapEff:\s*([0-9a-f]+)$/m.exec(read('/proc/self/status') ?? '')?.[1];
  return set === undefined ? 0n : BigInt(`0x${set}`);
}

function has(set: bigint, bit: bigint): boolean {
  return ((set >> bit) & 1n) === 1n || (bit === PERFMON && has(set, SYS_ADMIN));
}

export function user(): Check {
  const uid = process.geteuid?.() ?? 0;
  let name = '';
  try {
    name = userInfo().username;
  } catch {
    // A uid that no passwd file knows, as in many containers.
  }
  return ok('user', name === '' ? `uid ${uid}` : `${name} (uid ${uid})`);
}

export function capabilities(): Check {
  const set = effectiveCapabilities();
  const held = SHOWN.filter(({ bit }) => ((set >> bit) & 1n) === 1n).map(({ name }) => name);
  const value = held.length > 0 ? held.join(' ') : 'none that matter';
  const lacking = USEFUL.filter(({ bit }) => !has(set, bit));
  if (lacking.length === 0) return ok('capabilities', value);
  const reason = `not seen: ${lacking.map(({ without }) => without).join(', ')}`;
  const names = lacking.map(({ name }) => name).join(' ');
  return limited('capabilities', value, reason, `AmbientCapabilities=${names} in the systemd unit, or run as root`);
}

export function otherProcesses({ tree }: Circumstances): Check {
  const name = 'other_processes';
  const pids = list(tree.roots.procfs).filter((entry) => /^\d+$/.test(entry));
  if (pids.length === 0) return missing(name, `${tree.roots.procfs} shows no processes`, null);
  const readings = pids.slice(0, MAX_TRIED).map((pid) => attempt(tree.proc(pid, 'io')));
  // Those that ended meanwhile say so.
  const there = readings.filter((reading) => !('errno' in reading && reading.errno === 'ESRCH'));
  const refused = there.filter((reading) => 'errno' in reading && /^E(ACCES|PERM)$/.test(reading.errno)).length;
  const readable = there.filter((reading) => 'text' in reading).length;
  const value = `I/O of ${readable} of ${there.length} readable`;
  if (readable === 0 && refused === 0)
    return missing(name, 'no process shows its I/O', 'use a kernel with CONFIG_TASK_IO_ACCOUNTING=y');
  const hiding = /^\S+ \/proc proc \S*hidepid=([124]|noaccess|invisible|ptraceable)/m.test(
    read(tree.proc('mounts')) ?? '',
  );
  const privileged = [SYS_PTRACE, DAC_READ_SEARCH].every((bit) => has(effectiveCapabilities(), bit));
  if (hiding && !privileged)
    return limited(name, value, '/proc is mounted with hidepid', 'mount -o remount,hidepid=0 /proc');
  if (refused === 0) return ok(name, value);
  if (privileged)
    return limited(
      name,
      value,
      `EACCES for ${refused}: a sandbox or security module forbids it, or they are of another user namespace`,
      null,
    );
  return limited(
    name,
    value,
    `EACCES for ${refused}: they are other users'`,
    'AmbientCapabilities=CAP_SYS_PTRACE CAP_DAC_READ_SEARCH in the systemd unit, or run as root',
  );
}

export function paranoid({ tree, look }: Circumstances): Check {
  const name = 'perf_event_paranoid';
  const reading = attempt(tree.proc('sys/kernel/perf_event_paranoid'));
  if ('errno' in reading) return missing(name, 'kernel without perf events', 'use a kernel with CONFIG_PERF_EVENTS=y');
  const level = Number(reading.text);
  if (level <= 0 || has(effectiveCapabilities(), PERFMON)) return ok(name, reading.text);
  const refused = look.perf_events.find((event) => /^E(ACCES|PERM)/.test(event.reason ?? ''));
  const remedy = refused?.remedy ?? 'sysctl -w kernel.perf_event_paranoid=0, or grant CAP_PERFMON';
  return limited(name, reading.text, 'above 0 only CAP_PERFMON lets count what other processes do', remedy);
}

export function openFiles({ look, cpusOnline, tree }: Circumstances): Check {
  const name = 'open_files';
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(read('/proc/self/limits') ?? '')?.[1];
  if (hard === undefined) return missing(name, '/proc/self/limits does not tell', null);
  if (!tree.isThisHost) return limited(name, hard, NOT_ASKED, null);
  const needed = (cpusOnline ?? 1) * look.perf_events.length;
  const value = `${hard}; perf events need at most ${needed}`;
  const refused = look.perf_events.find(({ reason }) => reason?.startsWith('EMFILE'));
  return refused === undefined ? ok(name, value) : limited(name, value, refused.reason ?? '', refused.remedy);
}
