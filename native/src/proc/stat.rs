//! `/proc/stat` (proc_stat(5)): CPU times in ticks of 10 ms, and kernel-wide event counts. And the `cpu` family.

use super::name::Name;
use super::text::{Cells, integer, lines};
use crate::cgroup::cpuacct::UsagePerCpu;
use crate::sampler::family::{Descriptor, Family, Field, Output, Pair, Problems, Rows};
use crate::sampler::kernel::Kernel;
use crate::sampler::raw::{Raw, percent};
use crate::sampler::reader::{KernelFile, Malformed, Parse, ReadError, Shared};
use crate::sys::cpu_sensors::{self, CpuSensors, Sensed};

/// The columns of a `cpu` line. `user` includes `guest`, and `nice` includes `guest_nice`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTimes {
    pub user: Raw,
    pub nice: Raw,
    pub system: Raw,
    pub idle: Raw,
    pub iowait: Raw,
    pub irq: Raw,
    pub softirq: Raw,
    pub steal: Raw,
    pub guest: Raw,
    pub guest_nice: Raw,
}

impl CpuTimes {
    fn parse(cells: &mut Cells<'_>) -> Self {
        Self {
            user: cells.number(),
            nice: cells.number(),
            system: cells.number(),
            idle: cells.number(),
            iowait: cells.number(),
            irq: cells.number(),
            softirq: cells.number(),
            steal: cells.number(),
            guest: cells.number(),
            guest_nice: cells.number(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct CpuLine {
    /// `all`, or the CPU's number as the kernel prints it.
    pub name: Name,
    /// None for `all`.
    pub number: Option<u32>,
    pub times: CpuTimes,
}

#[derive(Debug, Default)]
pub struct Stat {
    pub cpus: Vec<CpuLine>,
    pub interrupts: Raw,
    pub softirqs: Raw,
    pub context_switches: Raw,
    pub forks: Raw,
    pub running: Raw,
    pub blocked: Raw,
}

impl Parse for Stat {
    const MISSING: &'static str = "is /proc mounted?";

    fn parse(&mut self, text: &[u8]) -> Result<(), Malformed> {
        self.cpus.clear();
        for value in [
            &mut self.interrupts,
            &mut self.softirqs,
            &mut self.context_switches,
            &mut self.forks,
            &mut self.running,
            &mut self.blocked,
        ] {
            *value = Raw::ABSENT;
        }
        for line in lines(text) {
            let mut cells = Cells::new(line);
            match cells.word() {
                b"cpu" => {
                    let times = CpuTimes::parse(&mut cells);
                    self.cpus.push(CpuLine { name: Name::new(b"all"), number: None, times });
                }
                b"intr" => self.interrupts = cells.number(),
                b"softirq" => self.softirqs = cells.number(),
                b"ctxt" => self.context_switches = cells.number(),
                b"processes" => self.forks = cells.number(),
                b"procs_running" => self.running = cells.number(),
                b"procs_blocked" => self.blocked = cells.number(),
                word => {
                    let digits = word.strip_prefix(b"cpu").unwrap_or_default();
                    if let Some(number) = integer(digits).and_then(|number| u32::try_from(number).ok()) {
                        let times = CpuTimes::parse(&mut cells);
                        self.cpus.push(CpuLine { name: Name::new(digits), number: Some(number), times });
                    }
                }
            }
        }
        match self.cpus.first() {
            Some(CpuLine { number: None, .. }) => Ok(()),
            _ => Err(Malformed { line: 1, what: "expected the line \"cpu\" with the times of all CPUs" }),
        }
    }
}

/// Of kernels with the usual CONFIG_HZ=250.
const SCHEDULER_TICK_MS: u32 = 4;

/// A tick is 10 ms, so a window of 10 ticks is the least that gives steps of about 10 %.
const fn share(name: &'static str, help: &'static str) -> Field {
    Field::rate(name, "percent", help).resolution(10).window(100)
}

static CPU: Descriptor = Descriptor {
    name: "cpu",
    help: "CPU time by state, of all CPUs together and of each. Percentages are of the time the kernel accounted for, \
           from /proc/stat.",
    instance_label: "cpu",
    floor_interval_ms: 1,
    fields: &[
        share("usage_percent", "Time not idle: 100 - idle - iowait"),
        share("user_percent", "Time in user space at normal priority, guests included, nice excluded"),
        share("nice_percent", "Time in user space at lowered priority"),
        share("system_percent", "Time in the kernel, interrupts excluded"),
        share("idle_percent", "Time idle with no I/O outstanding"),
        share("iowait_percent", "Time idle while a task of this CPU waited for a disk"),
        share("irq_percent", "Time in hardware interrupts"),
        share("softirq_percent", "Time in software interrupts"),
        share("steal_percent", "Time the hypervisor gave to somebody else"),
        share("guest_percent", "Time running virtual machines of this host; part of user and nice"),
        Field::rate(
            "busy_percent",
            "percent",
            "Time in which tasks ran, which the scheduler counts in ns and brings up to date at its ticks: at high rates finer \
             than usage_percent. Only where cgroup v1 has cpuacct",
        )
        .resolution(SCHEDULER_TICK_MS)
        .window(5 * SCHEDULER_TICK_MS),
        Field::gauge("frequency_mhz", "MHz", "Current frequency, from cpufreq or else /proc/cpuinfo; all: average")
            .resolution(1000),
        Field::gauge("temperature_celsius", "°C", "Of the core, or else of its package; all: the hottest")
            .resolution(1000),
    ],
};

#[derive(Clone, Copy, Debug)]
pub struct CpuRow {
    times: CpuTimes,
    /// Over so many CPUs.
    busy_ns: Raw,
    cpus: u32,
    sensed: Sensed,
}

/// The `cpu` family.
pub struct Cpu {
    stat: Shared<KernelFile<Stat>>,
    usage: Shared<KernelFile<UsagePerCpu>>,
    sensors: Shared<CpuSensors>,
    interval_ns: Option<u64>,
}

impl Family for Cpu {
    type Row = CpuRow;
    const DESCRIPTOR: &'static Descriptor = &CPU;

    fn new(kernel: &mut Kernel) -> Self {
        let (stat, usage) = (kernel.proc_file("stat"), UsagePerCpu::shared(kernel));
        Self { stat, usage, sensors: cpu_sensors::shared(kernel), interval_ns: None }
    }

    fn capture(&mut self, tick: u64, rows: &mut Rows<CpuRow>) -> Result<u64, ReadError> {
        let (stat, at_ns) = self.stat.read(tick)?;
        let (usage, sensors) = (self.usage.get(tick), self.sensors.get(tick));
        let cpus = u32::try_from(stat.cpus.len() - 1).unwrap_or(u32::MAX);
        for (index, line) in stat.cpus.iter().enumerate() {
            let sensed = sensors.as_ref().map_or(Sensed::NOTHING, |sensors| match line.number {
                None => sensors.value.all(),
                // The first line is that of all CPUs, so the CPU is most likely one place further up.
                Some(number) => sensors.value.of(number, index.saturating_sub(1)),
            });
            let (busy_ns, cpus) = match line.number {
                None => (usage.as_ref().map(|usage| usage.all()), cpus),
                Some(number) => (usage.as_ref().map(|usage| usage.of(number)), 1),
            };
            let busy_ns = busy_ns.unwrap_or_default();
            rows.push(line.name.as_bytes(), CpuRow { times: line.times, busy_ns, cpus, sensed });
        }
        Ok(at_ns)
    }

    fn derive(pair: &Pair<CpuRow>, out: &mut Output) {
        let elapsed_ns = pair.elapsed_ns();
        for (before, now) in pair.rows() {
            out.put_all(before.map_or([f64::NAN; 10], |before| shares(&before.times, &now.times)));
            out.put(before.map_or(f64::NAN, |before| busy_percent(before, now, elapsed_ns)));
            out.put(now.sensed.frequency_mhz);
            out.put(now.sensed.temperature_celsius);
        }
    }

    fn problems(&self) -> Problems {
        Problems { unavailable: self.stat.problem(), partial: self.sensors.problem().into_iter().collect() }
    }

    fn demand(&mut self, interval_ns: Option<u64>) {
        if self.interval_ns != interval_ns {
            self.interval_ns = interval_ns;
            self.sensors.with_source(|sensors| sensors.demand(interval_ns));
        }
    }
}

/// A tick that came late counts for the time before it, so a busy CPU may seem busier than it can be.
fn busy_percent(before: &CpuRow, now: &CpuRow, elapsed_ns: u64) -> f64 {
    let ran_ns = now.busy_ns.grown_since(before.busy_ns).map_or(f64::NAN, |ns| ns as f64);
    let share = percent(ran_ns, elapsed_ns as f64 * f64::from(now.cpus));
    if share > 100.0 { 100.0 } else { share }
}

/// What share of the accounted time each state had, in the order of the fields. The parts are divided by their sum: a
/// CPU's ticks per second vary by some percent. A time that shrinks means that the CPU was reset: no values then.
/// `idle` and `iowait` do step back a little (proc_stat(5)) and count as standing still.
fn shares(before: &CpuTimes, now: &CpuTimes) -> [f64; 10] {
    let busy = [
        grown(before.user, now.user),
        grown(before.nice, now.nice),
        grown(before.system, now.system),
        grown(before.irq, now.irq),
        grown(before.softirq, now.softirq),
        grown(before.steal, now.steal),
    ];
    let [Some(user), Some(nice), Some(system), Some(irq), Some(softirq), Some(steal)] = busy else {
        return [f64::NAN; 10];
    };
    let idle = now.idle.grown_since(before.idle).unwrap_or(0) as f64;
    let iowait = now.iowait.grown_since(before.iowait).unwrap_or(0) as f64;
    let guest = grown(before.guest, now.guest).zip(grown(before.guest_nice, now.guest_nice));
    let guest = guest.map_or(f64::NAN, |(guest, nice)| guest + nice);
    let active = user + nice + system + irq + softirq + steal;
    let sum = active + idle + iowait;
    [active, user, nice, system, idle, iowait, irq, softirq, steal, guest].map(|part| percent(part, sum))
}

/// Growth of a state; a kernel too old to have it spends no time in it.
fn grown(before: Raw, now: Raw) -> Option<f64> {
    match now.get() {
        None => Some(0.0),
        Some(_) => now.grown_since(before).map(|ticks| ticks as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fixture;

    fn parse(text: &[u8]) -> Stat {
        let mut stat = Stat::default();
        stat.parse(text).unwrap();
        stat
    }

    fn times(cells: &[u8]) -> CpuTimes {
        CpuTimes::parse(&mut Cells::new(cells))
    }

    #[test]
    fn reads_a_virtual_machine() {
        let stat = parse(&fixture("vm-2cpu", "proc/stat"));
        let names: Vec<&[u8]> = stat.cpus.iter().map(|cpu| cpu.name.as_bytes()).collect();
        assert_eq!(names, [&b"all"[..], b"0", b"1"]);
        assert_eq!(stat.cpus[0].times, times(b"2853 0 1844 95514 234 0 32 9 0 0"));
        assert_eq!(stat.interrupts, Raw::new(169_798));
        assert_eq!(stat.context_switches, Raw::new(408_962));
        assert_eq!(stat.forks, Raw::new(3316));
        assert_eq!((stat.running, stat.blocked), (Raw::new(3), Raw::new(0)));
        assert_eq!(stat.softirqs, Raw::new(92_323));
    }

    #[test]
    fn cpu_numbers_may_have_holes() {
        let stat = parse(&fixture("cpu-holes", "proc/stat"));
        let numbers: Vec<Option<u32>> = stat.cpus.iter().map(|cpu| cpu.number).collect();
        assert_eq!(numbers, [None, Some(0), Some(2), Some(3), Some(7)]);
    }

    #[test]
    fn an_old_kernel_has_fewer_columns() {
        let stat = parse(b"cpu 1 2 3 4\ncpu0 1 2 3 4\n");
        assert_eq!(stat.cpus[1].times.steal, Raw::ABSENT);
        let later = times(b"2 2 3 5");
        let shares = shares(&stat.cpus[1].times, &later);
        assert_eq!(shares[..6], [50.0, 50.0, 0.0, 0.0, 50.0, 0.0]);
    }

    #[test]
    fn without_the_line_of_all_cpus_it_is_malformed() {
        assert!(Stat::default().parse(b"").is_err());
        assert!(Stat::default().parse(b"cpu0 1 2 3 4\n").is_err());
        assert!(Stat::default().parse(b"intr 5\n").is_err());
    }

    #[test]
    fn shares_are_of_the_sum_of_the_deltas() {
        let before = times(b"100 10 50 1000 20 1 2 3 4 0");
        let now = times(b"120 20 60 1050 30 1 2 3 9 1");
        let shares = shares(&before, &now);
        assert_eq!(shares[..6], [40.0, 20.0, 10.0, 10.0, 50.0, 10.0]);
        assert_eq!(shares[6..], [0.0, 0.0, 0.0, 6.0]);
        assert!((shares[0] + shares[4] + shares[5] - 100.0).abs() < 1e-9);
    }

    #[test]
    fn idle_that_steps_back_stands_still_and_a_reset_has_no_value() {
        let before = times(b"100 0 0 1000 20 0 0 0 0 0");
        assert_eq!(shares(&before, &times(b"110 0 0 999 19 0 0 0 0 0"))[0], 100.0);
        assert!(shares(&before, &times(b"5 0 0 1010 20 0 0 0 0 0")).iter().all(|value| value.is_nan()));
        assert!(shares(&before, &before).iter().all(|value| value.is_nan()));
    }
}
