//! One group: its files, kept open, and what they say.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::files::{
    Blkio, CpuMax, CpuStat, CpuacctStat, IoCounts, IoStat, MemoryStat, MemoryStatV1, Number, OomKills, Throttling,
    cores,
};
use super::hierarchies::{Controller, Hierarchies, IoFiles};
use crate::proc::pressure::Pressure;
use crate::proc::process_use::tick_ns;
use crate::sampler::raw::Raw;
use crate::sampler::reader::{KernelFile, Parse, Source};

/// A limit of v1 is this or a little less (it is rounded to pages) when there is none.
const NO_LIMIT: u64 = i64::MAX as u64 - (1 << 20);
/// Files of a group that are kept open at most.
pub const FILES_OF_GROUP: usize = 16;

/// What the kernel says of a group; absent (or NaN) where it does not. Times in ns, sizes in bytes, the rest counts.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    pub cpu: Raw,
    pub cpu_user: Raw,
    pub cpu_system: Raw,
    pub limit_cores: f64,
    pub periods: Raw,
    pub throttled_periods: Raw,
    pub throttled: Raw,
    pub memory: Raw,
    pub memory_limit: Raw,
    pub anon: Raw,
    pub file: Raw,
    pub inactive_file: Raw,
    pub swap: Raw,
    pub major_faults: Raw,
    pub oom_kills: Raw,
    pub io_bytes: IoCounts,
    pub io_operations: IoCounts,
    pub pids: Raw,
    pub pids_limit: Raw,
    /// Time in which some task had to wait for the CPU, memory, I/O, in µs.
    pub stalls_us: [Raw; 3],
}

impl Usage {
    const NOTHING: Self = Self {
        cpu: Raw::ABSENT,
        cpu_user: Raw::ABSENT,
        cpu_system: Raw::ABSENT,
        limit_cores: f64::NAN,
        periods: Raw::ABSENT,
        throttled_periods: Raw::ABSENT,
        throttled: Raw::ABSENT,
        memory: Raw::ABSENT,
        memory_limit: Raw::ABSENT,
        anon: Raw::ABSENT,
        file: Raw::ABSENT,
        inactive_file: Raw::ABSENT,
        swap: Raw::ABSENT,
        major_faults: Raw::ABSENT,
        oom_kills: Raw::ABSENT,
        io_bytes: IoCounts { read: Raw::ABSENT, written: Raw::ABSENT },
        io_operations: IoCounts { read: Raw::ABSENT, written: Raw::ABSENT },
        pids: Raw::ABSENT,
        pids_limit: Raw::ABSENT,
        stalls_us: [Raw::ABSENT; 3],
    };
}

/// A file that a group may not have: then it is looked for again only now and then, since opening costs more than reading.
struct Kept<P> {
    file: Option<KernelFile<P>>,
    absent: bool,
}

/// How a pass reads: whether what changes rarely is read too, and into what buffer.
pub struct Reading<'a> {
    pub thorough: bool,
    pub keep_open: bool,
    /// How many files stay open behind this pass.
    pub left_open: usize,
    pub buffer: &'a mut Vec<u8>,
}

impl Reading<'_> {
    /// To be called for each file that was read and is to be read again by the next pass.
    pub fn done_with<P: Parse>(&mut self, file: &mut KernelFile<P>) {
        if self.keep_open {
            self.left_open += 1;
        } else {
            file.close();
        }
    }
}

impl<P: Parse> Kept<P> {
    fn new(path: Option<PathBuf>) -> Self {
        Self { file: path.map(KernelFile::new), absent: false }
    }

    fn read(&mut self, reading: &mut Reading) -> Option<&P> {
        let file = self.file.as_mut()?;
        if self.absent && !reading.thorough {
            return None;
        }
        self.absent = file.read(reading.buffer).is_err();
        if self.absent {
            return None;
        }
        reading.done_with(file);
        Some(file.value())
    }

    /// For what changes rarely: as of the last thorough pass.
    fn read_now_and_then(&mut self, reading: &mut Reading) -> Option<&P> {
        let file = self.file.as_mut()?;
        if reading.thorough {
            self.absent = file.read(reading.buffer).is_err();
            file.close();
        }
        if self.absent { None } else { Some(file.value()) }
    }

    fn raw(&mut self, reading: &mut Reading, of: fn(&P) -> Raw) -> Raw {
        self.read(reading).map_or(Raw::ABSENT, of)
    }
}

/// The files of a group in cgroup v2.
struct UnifiedFiles {
    cpu: Kept<CpuStat>,
    cpu_max: Kept<CpuMax>,
    memory: Kept<Number>,
    memory_stat: Kept<MemoryStat>,
    memory_max: Kept<Number>,
    swap: Kept<Number>,
    events: Kept<OomKills>,
    io: Kept<IoStat>,
    pids: Kept<Number>,
    pids_max: Kept<Number>,
    pressure: [Kept<Pressure>; 3],
}

/// The files of a group in the hierarchies of v1.
struct LegacyFiles {
    usage: Kept<Number>,
    cpuacct: Kept<CpuacctStat>,
    throttling: Kept<Throttling>,
    quota: Kept<Number>,
    period: Kept<Number>,
    memory: Kept<Number>,
    memory_stat: Kept<MemoryStatV1>,
    memory_limit: Kept<Number>,
    oom: Kept<OomKills>,
    io_bytes: Kept<Blkio>,
    io_operations: Kept<Blkio>,
    pids: Kept<Number>,
    pids_max: Kept<Number>,
}

enum Files {
    Unified(Box<UnifiedFiles>),
    Legacy(Box<LegacyFiles>),
}

/// A group and its files.
pub struct Group {
    files: Files,
}

impl Group {
    /// The group at a path below the roots.
    pub fn new(hierarchies: &Hierarchies, path: &str) -> Self {
        let files = match hierarchies {
            Hierarchies::Unified(root) => Files::Unified(Box::new(UnifiedFiles::new(&root.join(path)))),
            Hierarchies::Legacy { folders, io } => Files::Legacy(Box::new(LegacyFiles::new(folders, *io, path))),
        };
        Self { files }
    }

    /// Reads everything anew.
    pub fn read(&mut self, reading: &mut Reading) -> Usage {
        match &mut self.files {
            Files::Unified(files) => files.read(reading),
            Files::Legacy(files) => files.read(reading),
        }
    }
}

impl UnifiedFiles {
    fn new(folder: &Path) -> Self {
        let path = |name: &str| Some(folder.join(name));
        Self {
            cpu: Kept::new(path("cpu.stat")),
            cpu_max: Kept::new(path("cpu.max")),
            memory: Kept::new(path("memory.current")),
            memory_stat: Kept::new(path("memory.stat")),
            memory_max: Kept::new(path("memory.max")),
            swap: Kept::new(path("memory.swap.current")),
            events: Kept::new(path("memory.events")),
            io: Kept::new(path("io.stat")),
            pids: Kept::new(path("pids.current")),
            pids_max: Kept::new(path("pids.max")),
            pressure: ["cpu.pressure", "memory.pressure", "io.pressure"].map(|name| Kept::new(path(name))),
        }
    }

    fn read(&mut self, reading: &mut Reading) -> Usage {
        let mut usage = Usage::NOTHING;
        if let Some(cpu) = self.cpu.read(reading) {
            let ns = |us: Raw| us.get().map_or(Raw::ABSENT, |us| Raw::new(us.saturating_mul(1000)));
            (usage.cpu, usage.cpu_user, usage.cpu_system) = (ns(cpu.usage_us), ns(cpu.user_us), ns(cpu.system_us));
            (usage.periods, usage.throttled_periods) = (cpu.periods, cpu.throttled_periods);
            usage.throttled = ns(cpu.throttled_us);
        }
        usage.limit_cores = self.cpu_max.read_now_and_then(reading).map_or(f64::NAN, |max| max.0);
        usage.memory = self.memory.raw(reading, |number| number.0);
        if let Some(stat) = self.memory_stat.read(reading) {
            (usage.anon, usage.file, usage.inactive_file) = (stat.anon, stat.file, stat.inactive_file);
            usage.major_faults = stat.major_faults;
        }
        usage.memory_limit = self.memory_max.read_now_and_then(reading).map_or(Raw::ABSENT, |max| max.0);
        usage.swap = self.swap.raw(reading, |number| number.0);
        usage.oom_kills = self.events.raw(reading, |events| events.oom_kills);
        if let Some(io) = self.io.read(reading) {
            (usage.io_bytes, usage.io_operations) = (io.bytes, io.operations);
        }
        usage.pids = self.pids.raw(reading, |number| number.0);
        usage.pids_limit = self.pids_max.read_now_and_then(reading).map_or(Raw::ABSENT, |max| max.0);
        for (stall_us, file) in usage.stalls_us.iter_mut().zip(&mut self.pressure) {
            *stall_us = file.raw(reading, |pressure| pressure.some.total_us);
        }
        usage
    }
}

impl LegacyFiles {
    fn new(roots: &BTreeMap<Controller, PathBuf>, io: Option<IoFiles>, group: &str) -> Self {
        let path = |controller, name: &str| roots.get(&controller).map(|root| root.join(group).join(name));
        Self {
            usage: Kept::new(path(Controller::Cpuacct, "cpuacct.usage")),
            cpuacct: Kept::new(path(Controller::Cpuacct, "cpuacct.stat")),
            throttling: Kept::new(path(Controller::Cpu, "cpu.stat")),
            quota: Kept::new(path(Controller::Cpu, "cpu.cfs_quota_us")),
            period: Kept::new(path(Controller::Cpu, "cpu.cfs_period_us")),
            memory: Kept::new(path(Controller::Memory, "memory.usage_in_bytes")),
            memory_stat: Kept::new(path(Controller::Memory, "memory.stat")),
            memory_limit: Kept::new(path(Controller::Memory, "memory.limit_in_bytes")),
            oom: Kept::new(path(Controller::Memory, "memory.oom_control")),
            io_bytes: Kept::new(io.and_then(|(bytes, _)| path(Controller::Blkio, bytes))),
            io_operations: Kept::new(io.and_then(|(_, operations)| path(Controller::Blkio, operations))),
            pids: Kept::new(path(Controller::Pids, "pids.current")),
            pids_max: Kept::new(path(Controller::Pids, "pids.max")),
        }
    }

    fn read(&mut self, reading: &mut Reading) -> Usage {
        let mut usage = Usage { cpu: self.usage.raw(reading, |number| number.0), ..Usage::NOTHING };
        if let Some(cpu) = self.cpuacct.read(reading) {
            let ns = |ticks: Raw| ticks.get().map_or(Raw::ABSENT, |ticks| Raw::new(ticks.saturating_mul(tick_ns())));
            (usage.cpu_user, usage.cpu_system) = (ns(cpu.user_ticks), ns(cpu.system_ticks));
        }
        if let Some(cpu) = self.throttling.read(reading) {
            (usage.periods, usage.throttled_periods) = (cpu.periods, cpu.throttled_periods);
            usage.throttled = cpu.throttled_ns;
        }
        let quota_us = self.quota.read_now_and_then(reading).map_or(Raw::ABSENT, |quota| quota.0);
        let period_us = self.period.read_now_and_then(reading).map_or(Raw::ABSENT, |period| period.0);
        usage.limit_cores = cores(quota_us, period_us);
        usage.memory = self.memory.raw(reading, |number| number.0);
        if let Some(stat) = self.memory_stat.read(reading) {
            (usage.anon, usage.file, usage.inactive_file) = (stat.anon, stat.file, stat.inactive_file);
            (usage.swap, usage.major_faults) = (stat.swap, stat.major_faults);
        }
        let limit = self.memory_limit.read_now_and_then(reading).and_then(|limit| limit.0.get());
        usage.memory_limit = limit.filter(|limit| *limit < NO_LIMIT).map_or(Raw::ABSENT, Raw::new);
        usage.oom_kills = self.oom.raw(reading, |events| events.oom_kills);
        usage.io_bytes = self.io_bytes.read(reading).map_or(usage.io_bytes, |io| io.0);
        usage.io_operations = self.io_operations.read(reading).map_or(usage.io_operations, |io| io.0);
        usage.pids = self.pids.raw(reading, |number| number.0);
        usage.pids_limit = self.pids_max.read_now_and_then(reading).map_or(Raw::ABSENT, |max| max.0);
        usage
    }
}
