//! The `container` family: what each container, service or other control group uses.

use std::rc::Rc;

use super::containers::{self, ContainerReading, SCAN_NS, SlowContainers, Watcher};
use super::files::IoCounts;
use crate::host::errno;
use crate::sampler::clock::Clock;
use crate::sampler::family::{Descriptor, Family, Field, Output, Pair, Problems, Rows};
use crate::sampler::instances::MAX_INSTANCES;
use crate::sampler::kernel::Kernel;
use crate::sampler::raw::{Raw, per_second, percent, rate};
use crate::sampler::reader::{ReadError, Shared, Source};
use crate::sampler::slow::Wanted;

/// A group costs about 35 µs a pass (`npm run bench -- containers`), so 200 of them take 7 ms: 7 % of a core at this interval.
/// Therefore passes also rest for 19 times as long as they take, which makes that 140 ms, and a twentieth of a core for any number.
const FLOOR_INTERVAL_MS: u32 = 100;
pub const FLOOR_INTERVAL_NS: u64 = FLOOR_INTERVAL_MS as u64 * 1_000_000;

static CONTAINER: Descriptor = Descriptor {
    name: "container",
    help: "What each container uses, and each systemd service or scope and any other control group: from cgroup v2 or v1, the \
           network from that of one of its tasks. Containers go by their runtime's id",
    instance_label: "container",
    floor_interval_ms: FLOOR_INTERVAL_MS,
    fields: &[
        Field::rate("cpu_percent", "percent", "CPU time; 100 is one CPU"),
        // cgroup v1 counts these in ticks of 10 ms.
        Field::rate("cpu_user_percent", "percent", "CPU time in user space").resolution(10),
        Field::rate("cpu_system_percent", "percent", "CPU time in the kernel").resolution(10),
        Field::gauge("cpu_limit_cores", "CPUs", "CPU time it may use; no value without a limit").resolution(10_000),
        Field::rate("cpu_limit_percent", "percent", "Used share of that limit"),
        Field::rate("cpu_throttled_percent", "percent", "Share of the periods in which it was stopped at its limit"),
        Field::rate("cpu_throttled_us_per_sec", "us/s", "Time for which it was stopped at its limit, summed over CPUs"),
        Field::gauge("memory_bytes", "bytes", "Working set: memory in use, file cache not used lately excluded"),
        Field::gauge("memory_usage_bytes", "bytes", "Memory in use, all of the file cache included"),
        Field::gauge("memory_limit_bytes", "bytes", "Memory it may use; no value without a limit").resolution(10_000),
        Field::gauge("memory_percent", "percent", "Working set as a share of the limit, or else of the host's memory"),
        Field::gauge("memory_anon_bytes", "bytes", "Memory that is backed by no file"),
        Field::gauge("memory_file_bytes", "bytes", "File cache"),
        Field::gauge("swap_bytes", "bytes", "Memory that was swapped out"),
        Field::rate("major_faults_per_sec", "1/s", "Page faults that had to wait for a disk"),
        Field::counter("oom_kills_total", "tasks", "Tasks that were killed for want of memory"),
        Field::rate("read_bytes_per_sec", "bytes/s", "Read from devices"),
        Field::rate("write_bytes_per_sec", "bytes/s", "Written to devices"),
        Field::rate("reads_per_sec", "1/s", "Reads from devices"),
        Field::rate("writes_per_sec", "1/s", "Writes to devices"),
        Field::gauge("pids", "tasks", "Tasks"),
        Field::gauge("pids_limit", "tasks", "Tasks it may have; no value without a limit").resolution(10_000),
        Field::rate(
            "network_received_bytes_per_sec",
            "bytes/s",
            "Received; no value where it shares the host's network",
        ),
        Field::rate("network_sent_bytes_per_sec", "bytes/s", "Sent"),
        Field::counter("network_received_bytes_total", "bytes", "Received since its network was made"),
        Field::counter("network_sent_bytes_total", "bytes", "Sent since its network was made"),
        stall("pressure_cpu_some_stall_us_per_sec", "Time in which a task waited for a CPU (cgroup v2)"),
        stall("pressure_memory_some_stall_us_per_sec", "Time in which a task waited for memory (cgroup v2)"),
        stall("pressure_io_some_stall_us_per_sec", "Time in which a task waited for I/O (cgroup v2)"),
    ],
};

/// As of the whole host, the kernel brings these up to date every 2 s.
const fn stall(name: &'static str, help: &'static str) -> Field {
    Field::rate(name, "us/s", help).resolution(2000).window(2000)
}

/// A group, and the memory of its host.
#[derive(Clone, Copy)]
pub struct ContainerRow {
    reading: ContainerReading,
    host_memory_kib: Raw,
}

/// The `container` family.
pub struct Container {
    containers: Shared<SlowContainers>,
    watcher: Watcher,
    wanted: Wanted,
    clock: Rc<dyn Clock>,
    interval_ns: Option<u64>,
    /// Passes are rare, because there is nothing to read.
    paced_down: bool,
}

impl Family for Container {
    type Row = ContainerRow;
    const DESCRIPTOR: &'static Descriptor = &CONTAINER;

    fn new(kernel: &mut Kernel) -> Self {
        let wanted = Wanted::default();
        let (containers, watcher) = containers::shared(kernel, &wanted);
        Self {
            containers,
            watcher,
            wanted,
            clock: Rc::clone(&kernel.commons.clock),
            interval_ns: None,
            paced_down: false,
        }
    }

    fn capture(&mut self, tick: u64, rows: &mut Rows<ContainerRow>) -> Result<u64, ReadError> {
        let (taken, at_ns) = self.containers.read(tick)?;
        // What an earlier consumer had read is not current.
        let current = self.wanted.since_ns().is_some_and(|since_ns| taken.at_ns >= since_ns);
        if current {
            let host_memory_kib = taken.value.host_memory_kib;
            for (id, reading) in taken.value.ids.iter().zip(&taken.value.readings) {
                rows.push(id.as_bytes(), ContainerRow { reading: *reading, host_memory_kib });
            }
        }
        let nothing = current && taken.value.ids.is_empty();
        drop(taken);
        self.pace(nothing);
        Ok(at_ns)
    }

    fn derive(pair: &Pair<ContainerRow>, out: &mut Output) {
        for (before, now) in pair.rows() {
            // A group made again under the name of another starts anew.
            let before = before.map(|before| &before.reading).filter(|before| before.inode == now.reading.inode);
            derive_one(before, &now.reading, now.host_memory_kib, out);
        }
    }

    fn problems(&self) -> Problems {
        let partial = self.containers.with_source(|slow| {
            let containers = &slow.value().value;
            let failure = containers.watch_failure.map(|failure| {
                let name = errno::name(failure);
                format!("{name}: inotify: containers that come or go are seen late: raise sysctl fs.inotify.max_user_watches")
            });
            let left_out = (containers.left_out > 0)
                .then(|| format!("{} groups beyond {MAX_INSTANCES} are not read", containers.left_out));
            let io = containers.io_uncounted.then(|| {
                "this kernel does not count what groups of cgroup v1 read and write, unless a blkio.throttle limit is set for \
                 the device: use cgroup v2"
                    .to_owned()
            });
            failure.into_iter().chain(left_out).chain(io).collect()
        });
        Problems { unavailable: self.containers.problem(), partial }
    }

    fn demand(&mut self, interval_ns: Option<u64>) {
        if self.interval_ns == interval_ns {
            return;
        }
        let turned = self.interval_ns.is_none() || interval_ns.is_none();
        self.interval_ns = interval_ns;
        if turned {
            self.wanted.set(interval_ns.map(|_| self.clock.mono_ns()));
            let kicker = self.containers.with_source(|containers| containers.kicker());
            self.watcher.set(interval_ns.is_some(), || kicker);
        }
        self.paced_down = false;
        self.containers.with_source(|containers| {
            containers.demand(interval_ns);
            if interval_ns.is_none() {
                // Closes what is open.
                containers.kicker().kick();
            }
        });
    }
}

impl Container {
    /// On a host without containers no thread wakes up to read none: when one comes, the watcher sees it.
    fn pace(&mut self, down: bool) {
        if self.paced_down != down && self.watcher.is_on() {
            self.paced_down = down;
            let interval_ns =
                self.interval_ns.map(|interval_ns| if down { SCAN_NS.max(interval_ns) } else { interval_ns });
            self.containers.with_source(|containers| containers.demand(interval_ns));
        }
    }
}

fn derive_one(before: Option<&ContainerReading>, now: &ContainerReading, host_memory_kib: Raw, out: &mut Output) {
    let elapsed_ns = before.map_or(0, |before| now.at_ns.saturating_sub(before.at_ns));
    let grown = |of: fn(&ContainerReading) -> Raw| before.and_then(|before| of(now).grown_since(of(before)));
    let per_sec = |of: fn(&ContainerReading) -> Raw| per_second(grown(of), elapsed_ns);
    // ns per second.
    let cpu_percent = |of: fn(&ContainerReading) -> Raw| per_sec(of) / 1e7;
    let usage = &now.usage;

    let cpu = cpu_percent(|reading| reading.usage.cpu);
    out.put(cpu);
    out.put(cpu_percent(|reading| reading.usage.cpu_user));
    out.put(cpu_percent(|reading| reading.usage.cpu_system));
    out.put(usage.limit_cores);
    out.put(cpu / usage.limit_cores);
    let periods = grown(|reading| reading.usage.periods).zip(grown(|reading| reading.usage.throttled_periods));
    out.put(periods.map_or(f64::NAN, |(all, throttled)| percent(throttled as f64, all as f64)));
    out.put(per_sec(|reading| reading.usage.throttled) / 1e3);

    let working_set = working_set(usage.memory, usage.inactive_file);
    let limit = [usage.memory_limit.level(), host_memory_kib.scaled(1024)].into_iter().fold(f64::NAN, f64::min);
    out.put_all([working_set, usage.memory.level(), usage.memory_limit.level(), percent(working_set, limit)]);
    out.put_all([usage.anon.level(), usage.file.level(), usage.swap.level()]);
    out.put(per_sec(|reading| reading.usage.major_faults));
    out.put(usage.oom_kills.level());

    out.put_all(io_rates(before.map(|before| before.usage.io_bytes), usage.io_bytes, elapsed_ns));
    out.put_all(io_rates(before.map(|before| before.usage.io_operations), usage.io_operations, elapsed_ns));
    out.put_all([usage.pids.level(), usage.pids_limit.level()]);

    let same_network = before.filter(|before| before.traffic.namespace == now.traffic.namespace);
    let traffic = |of: fn(&ContainerReading) -> Raw| {
        same_network.map_or(f64::NAN, |before| rate(of(before), of(now), elapsed_ns))
    };
    out.put(traffic(|reading| reading.traffic.received));
    out.put(traffic(|reading| reading.traffic.sent));
    out.put_all([now.traffic.received.level(), now.traffic.sent.level()]);

    out.put(per_sec(|reading| reading.usage.stalls_us[0]));
    out.put(per_sec(|reading| reading.usage.stalls_us[1]));
    out.put(per_sec(|reading| reading.usage.stalls_us[2]));
}

/// Memory in use without what the kernel would give back first, as kubelet and `docker stats` have it.
fn working_set(memory: Raw, inactive_file: Raw) -> f64 {
    let reclaimable = inactive_file.get().unwrap_or(0);
    memory.get().map_or(f64::NAN, |memory| memory.saturating_sub(reclaimable) as f64)
}

/// Reads and writes per second.
fn io_rates(before: Option<IoCounts>, now: IoCounts, elapsed_ns: u64) -> [f64; 2] {
    let Some(before) = before else { return [f64::NAN; 2] };
    [rate(before.read, now.read, elapsed_ns), rate(before.written, now.written, elapsed_ns)]
}
