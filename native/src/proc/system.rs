//! The `system` family: the host as a whole, from loadavg, stat, uptime, pressure and what the kernel has only so much of.

use super::loadavg::Loadavg;
use super::pressure::{Pressure, Stall};
use super::resources::{self, KernelResources, Resources};
use super::stat::Stat;
use super::uptime::Uptime;
use crate::sampler::family::{Descriptor, Family, Field, Output, Pair, Problems, Rows};
use crate::sampler::kernel::Kernel;
use crate::sampler::raw::{Raw, rate, rate_u32};
use crate::sampler::reader::{KernelFile, ReadError, Shared};

/// The kernel brings its averages up to date every 5 s.
const fn load(name: &'static str, help: &'static str) -> Field {
    Field::gauge(name, "tasks", help).resolution(5000)
}

/// PSI averages and totals are brought up to date every 2 s, and only then.
const fn pressure(name: &'static str, help: &'static str) -> Field {
    Field::gauge(name, "percent", help).resolution(2000)
}

const fn stall(name: &'static str, help: &'static str) -> Field {
    Field::rate(name, "us/s", help).resolution(2000).window(2000)
}

/// Read aside, once a second.
const fn resource(name: &'static str, unit: &'static str, help: &'static str) -> Field {
    Field::gauge(name, unit, help).resolution(1000)
}

const fn errors(name: &'static str, help: &'static str) -> Field {
    Field::counter(name, "errors", help).resolution(1000)
}

static SYSTEM: Descriptor = Descriptor {
    name: "system",
    help: "Load, tasks, kernel events, limits, memory errors and pressure stall information (PSI) of the whole host.",
    instance_label: "",
    floor_interval_ms: 1,
    fields: &[
        load("load1", "Tasks running, runnable or waiting for a disk, averaged over 1 minute"),
        load("load5", "The same over 5 minutes"),
        load("load15", "The same over 15 minutes"),
        Field::gauge("processes_running", "tasks", "Tasks running or runnable"),
        Field::gauge("processes_blocked", "tasks", "Tasks waiting for a disk"),
        Field::gauge("threads_total", "tasks", "Threads of all processes"),
        Field::rate("context_switches_per_sec", "1/s", "Context switches"),
        Field::rate("interrupts_per_sec", "1/s", "Hardware interrupts served"),
        Field::rate("softirqs_per_sec", "1/s", "Software interrupts served"),
        Field::rate("forks_per_sec", "1/s", "Processes and threads made"),
        Field::gauge("uptime_seconds", "s", "Time since boot").resolution(10),
        resource(
            "entropy_available_bits",
            "bits",
            "Randomness at hand, as the kernel estimates it; 256 is all it keeps",
        ),
        resource("file_descriptors_allocated", "files", "Files that are open, each however many descriptors it has"),
        resource("file_descriptors_limit", "files", "How many there may be"),
        resource("conntrack_entries", "connections", "Connections that the packet filter tracks"),
        resource("conntrack_limit", "connections", "How many it tracks at most; packets of others are dropped"),
        errors("edac_correctable_errors_total", "Memory errors that were corrected, of all memory controllers"),
        errors("edac_uncorrectable_errors_total", "Memory errors that could not be corrected"),
        pressure("pressure_cpu_some_avg10", "Time in which a task waited for a CPU, over 10 s"),
        pressure("pressure_cpu_some_avg60", "The same over 60 s"),
        pressure("pressure_cpu_some_avg300", "The same over 300 s"),
        stall("pressure_cpu_some_stall_us_per_sec", "Time in which a task waited for a CPU"),
        pressure("pressure_cpu_full_avg10", "Time in which every task waited for a CPU, over 10 s"),
        pressure("pressure_cpu_full_avg60", "The same over 60 s"),
        pressure("pressure_cpu_full_avg300", "The same over 300 s"),
        stall("pressure_cpu_full_stall_us_per_sec", "Time in which every task waited for a CPU"),
        pressure("pressure_memory_some_avg10", "Time in which a task waited for memory, over 10 s"),
        pressure("pressure_memory_some_avg60", "The same over 60 s"),
        pressure("pressure_memory_some_avg300", "The same over 300 s"),
        stall("pressure_memory_some_stall_us_per_sec", "Time in which a task waited for memory"),
        pressure("pressure_memory_full_avg10", "Time in which every task waited for memory, over 10 s"),
        pressure("pressure_memory_full_avg60", "The same over 60 s"),
        pressure("pressure_memory_full_avg300", "The same over 300 s"),
        stall("pressure_memory_full_stall_us_per_sec", "Time in which every task waited for memory"),
        pressure("pressure_io_some_avg10", "Time in which a task waited for I/O, over 10 s"),
        pressure("pressure_io_some_avg60", "The same over 60 s"),
        pressure("pressure_io_some_avg300", "The same over 300 s"),
        stall("pressure_io_some_stall_us_per_sec", "Time in which a task waited for I/O"),
        pressure("pressure_io_full_avg10", "Time in which every task waited for I/O, over 10 s"),
        pressure("pressure_io_full_avg60", "The same over 60 s"),
        pressure("pressure_io_full_avg300", "The same over 300 s"),
        stall("pressure_io_full_stall_us_per_sec", "Time in which every task waited for I/O"),
    ],
};

/// The raw figures of the `system` family.
#[derive(Clone, Copy, Debug)]
pub struct SystemRow {
    load: Loadavg,
    running: Raw,
    blocked: Raw,
    context_switches: Raw,
    interrupts: Raw,
    softirqs: Raw,
    forks: Raw,
    uptime_seconds: f64,
    resources: Resources,
    /// CPU, memory, I/O.
    pressure: [Pressure; 3],
}

/// The `system` family.
pub struct System {
    loadavg: Shared<KernelFile<Loadavg>>,
    stat: Shared<KernelFile<Stat>>,
    uptime: Shared<KernelFile<Uptime>>,
    resources: Shared<KernelResources>,
    pressure: [Shared<KernelFile<Pressure>>; 3],
}

impl Family for System {
    type Row = SystemRow;
    const DESCRIPTOR: &'static Descriptor = &SYSTEM;

    fn new(kernel: &mut Kernel) -> Self {
        Self {
            loadavg: kernel.proc_file("loadavg"),
            stat: kernel.proc_file("stat"),
            uptime: kernel.proc_file("uptime"),
            resources: resources::shared(kernel),
            pressure: ["pressure/cpu", "pressure/memory", "pressure/io"].map(|name| kernel.proc_file(name)),
        }
    }

    fn capture(&mut self, tick: u64, rows: &mut Rows<SystemRow>) -> Result<u64, ReadError> {
        let (stat, at_ns) = self.stat.read(tick)?;
        let nothing = Loadavg { load1: f64::NAN, load5: f64::NAN, load15: f64::NAN, threads: Raw::ABSENT };
        let pressure = |index: usize| self.pressure[index].get(tick).map_or(Pressure::NOTHING, |value| *value);
        rows.push(
            b"",
            SystemRow {
                load: self.loadavg.get(tick).map_or(nothing, |value| *value),
                running: stat.running,
                blocked: stat.blocked,
                context_switches: stat.context_switches,
                interrupts: stat.interrupts,
                softirqs: stat.softirqs,
                forks: stat.forks,
                uptime_seconds: self.uptime.get(tick).map_or(f64::NAN, |value| value.seconds),
                resources: self.resources.get(tick).map_or_else(Resources::default, |taken| taken.value),
                pressure: [pressure(0), pressure(1), pressure(2)],
            },
        );
        Ok(at_ns)
    }

    fn derive(pair: &Pair<SystemRow>, out: &mut Output) {
        let elapsed_ns = pair.elapsed_ns();
        for (before, now) in pair.rows() {
            let between = |counter: fn(&SystemRow) -> Raw, rate: fn(Raw, Raw, u64) -> f64| {
                before.map_or(f64::NAN, |before| rate(counter(before), counter(now), elapsed_ns))
            };
            out.put_all([now.load.load1, now.load.load5, now.load.load15]);
            out.put_all([now.running, now.blocked, now.load.threads].map(Raw::level));
            out.put(between(|row| row.context_switches, rate));
            // Sums of what each CPU counts in an `unsigned int`: its timer and other interrupts of its own
            // (arch_irq_stat_cpu), and its softirqs (show_stat in fs/proc/stat.c).
            out.put(between(|row| row.interrupts, rate_u32));
            out.put(between(|row| row.softirqs, rate_u32));
            out.put(between(|row| row.forks, rate));
            out.put(now.uptime_seconds);
            let resources = &now.resources;
            out.put_all([resources.entropy_bits, resources.files_allocated, resources.files_limit].map(Raw::level));
            out.put_all([resources.connections, resources.connections_limit].map(Raw::level));
            out.put_all([resources.correctable_errors, resources.uncorrectable_errors].map(Raw::level));
            for (resource, pressure) in now.pressure.iter().enumerate() {
                let earlier = before.map_or(Pressure::NOTHING, |before| before.pressure[resource]);
                put_stall(earlier.some, pressure.some, elapsed_ns, out);
                put_stall(earlier.full, pressure.full, elapsed_ns, out);
            }
        }
    }

    fn problems(&self) -> Problems {
        let partial = [self.loadavg.problem(), self.uptime.problem()].into_iter();
        let partial = partial.chain(self.pressure.iter().map(Shared::problem)).flatten();
        let partial = partial.chain(resources::reasons(&self.resources)).collect();
        Problems { unavailable: self.stat.problem(), partial }
    }

    fn demand(&mut self, interval_ns: Option<u64>) {
        self.resources.with_source(|resources| resources.demand(interval_ns));
    }
}

fn put_stall(before: Stall, now: Stall, elapsed_ns: u64, out: &mut Output) {
    out.put_all([now.avg10, now.avg60, now.avg300, rate(before.total_us, now.total_us, elapsed_ns)]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::engine_test::Host;

    #[test]
    fn resources_stand_in_their_fields() {
        let mut host = Host::inline("numa-2node");
        host.subscribe(0, "system", 1_000_000_000);
        host.write("sys/devices/system/edac/mc/mc0/ue_count", "3\n");
        let frame = host.one_after(1_000_000_000);
        let value = |field| frame.value("", field);
        assert_eq!(
            (value("entropy_available_bits"), value("conntrack_entries"), value("conntrack_limit")),
            (256.0, 812.0, 262_144.0)
        );
        assert_eq!((value("file_descriptors_allocated"), value("file_descriptors_limit")), (4512.0, i64::MAX as f64));
        assert_eq!((value("edac_correctable_errors_total"), value("edac_uncorrectable_errors_total")), (20.0, 4.0));
    }

    #[test]
    fn pressure_fields_stand_in_the_order_they_are_written_in() {
        let names = SYSTEM.fields.iter().map(|field| field.name).filter(|name| name.starts_with("pressure_"));
        let mut expected = Vec::new();
        for resource in ["cpu", "memory", "io"] {
            for scope in ["some", "full"] {
                for value in ["avg10", "avg60", "avg300", "stall_us_per_sec"] {
                    expected.push(format!("pressure_{resource}_{scope}_{value}"));
                }
            }
        }
        assert_eq!(names.collect::<Vec<_>>(), expected);
    }
}
