import { type Circumstances, limited, missing, ok } from '../circumstances.ts';
import type { Check } from '../report.ts';
import { read } from '../tree.ts';

const FOLDER = 'devices/system/clocksource/clocksource0';
/** Those that the vDSO reads without a system call. */
const FAST = ['tsc', 'kvm-clock', 'hyperv_clocksource_tsc_page', 'arch_sys_counter', 'riscv_clocksource', 'timebase'];
/** Later than this in the middle is not the noise of other work: the timers themselves are coarse. */
const COARSE_US = 500;
const MISSED_SHARE = 0.01;

export function clockSource({ tree }: Circumstances): Check {
  const name = 'clock_source';
  const current = read(tree.sys(FOLDER, 'current_clocksource'));
  if (current === null) return missing(name, `${tree.sys(FOLDER)} does not tell`, null);
  if (FAST.includes(current)) return ok(name, current);
  const available = read(tree.sys(FOLDER, 'available_clocksource'))?.split(' ') ?? [];
  const better = FAST.find((source) => available.includes(source));
  const remedy =
    better === undefined
      ? 'boot with tsc=reliable where the hardware has an invariant TSC'
      : `echo ${better} > ${tree.sys(FOLDER, 'current_clocksource')}`;
  return limited(name, current, 'each look at the clock is a system call and reads a slow device', remedy);
}

export function timer({ look }: Circumstances): Check {
  const name = 'timer';
  const { tick_interval_ms, ticks, missed_ticks, lateness_us } = look.timing;
  if (ticks === 0) return missing(name, 'the sampler gave no frame', null);
  const missed = missed_ticks / (ticks + missed_ticks);
  const value = `${tick_interval_ms} ms ticks ${lateness_us.median} µs late in the middle, ${percent(missed)} missed`;
  if ((lateness_us.median ?? 0) > COARSE_US)
    return limited(
      name,
      value,
      'timers are coarse',
      'use a kernel with CONFIG_HIGH_RES_TIMERS=y, booted without highres=off',
    );
  if (missed > MISSED_SHARE)
    return limited(
      name,
      value,
      'something else had the CPU when ticks were due: other work, or the hypervisor (steal_percent)',
      'leave it CPU time: CPUWeight=1000 in the systemd unit, fewer neighbours, or a longer interval',
    );
  return ok(name, value);
}

function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`;
}
