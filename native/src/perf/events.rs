//! The events of the `perf` family: what they are called, how they are encoded, and which are counted together.

use super::kernel::{EventCode, TYPE_HARDWARE, TYPE_HW_CACHE, TYPE_RAW, TYPE_SOFTWARE};
use super::pmu::{Pmu, Reach};
use super::reasons::{self, Problem};

/// The place of each event in a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Event {
    CpuClock,
    TaskClock,
    ContextSwitches,
    CpuMigrations,
    PageFaults,
    MinorFaults,
    MajorFaults,
    Cycles,
    Instructions,
    Branches,
    BranchMisses,
    L2Misses,
    LlcLoads,
    LlcLoadMisses,
    L1dLoads,
    L1dLoadMisses,
    L1iLoads,
    L1iLoadMisses,
    DtlbLoads,
    DtlbLoadMisses,
    ItlbLoads,
    ItlbLoadMisses,
    StalledFrontend,
    StalledBackend,
}

pub const EVENTS: usize = Event::StalledBackend as usize + 1;

#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// `PERF_COUNT_SW_*`.
    Software(u64),
    /// `PERF_COUNT_HW_*`.
    Hardware(u64),
    /// `PERF_COUNT_HW_CACHE_*`: the cache, and whether misses are meant; loads always.
    Cache(u64, bool),
    /// There is no generic one: see [`l2_misses`].
    L2Misses,
}

/// What the kernel and `perf list` call the event, and with whom it shares a group.
pub struct Definition {
    pub name: &'static str,
    pub source: Source,
    pub group: u32,
}

const fn event(name: &'static str, source: Source, group: u32) -> Definition {
    Definition { name, source, group }
}

/// In the order of [`Event`], which is also the order in which they are given up when descriptors are short.
///
/// Hardware events that a ratio is made of share a group, so that they are counted over the same time. Groups are small:
/// a CPU may have as few as four counters, the NMI watchdog takes one, and a group gets its turn only as a whole.
pub static TABLE: [Definition; EVENTS] = [
    event("cpu-clock", Source::Software(0), 0),
    event("task-clock", Source::Software(1), 0),
    event("context-switches", Source::Software(3), 0),
    event("cpu-migrations", Source::Software(4), 0),
    event("page-faults", Source::Software(2), 0),
    event("minor-faults", Source::Software(5), 0),
    event("major-faults", Source::Software(6), 0),
    event("cycles", Source::Hardware(0), 1),
    event("instructions", Source::Hardware(1), 1),
    event("branches", Source::Hardware(4), 2),
    event("branch-misses", Source::Hardware(5), 2),
    event("l2-misses", Source::L2Misses, 2),
    event("LLC-loads", Source::Cache(2, false), 3),
    event("LLC-load-misses", Source::Cache(2, true), 3),
    event("L1-dcache-loads", Source::Cache(0, false), 4),
    event("L1-dcache-load-misses", Source::Cache(0, true), 4),
    event("L1-icache-loads", Source::Cache(1, false), 5),
    event("L1-icache-load-misses", Source::Cache(1, true), 5),
    event("dTLB-loads", Source::Cache(3, false), 6),
    event("dTLB-load-misses", Source::Cache(3, true), 6),
    event("iTLB-loads", Source::Cache(4, false), 7),
    event("iTLB-load-misses", Source::Cache(4, true), 7),
    event("stalled-cycles-frontend", Source::Hardware(7), 8),
    event("stalled-cycles-backend", Source::Hardware(8), 8),
];

/// The generic events may name the PMU that is meant in their upper half (`PERF_PMU_TYPE_SHIFT`).
const PMU_TYPE_SHIFT: u32 = 32;
const CACHE_RESULT_MISS: u64 = 1 << 16;

impl Definition {
    pub const fn is_hardware(&self) -> bool {
        !matches!(self.source, Source::Software(_))
    }

    /// The encoding on a core PMU (`None`: there is none in sysfs).
    pub fn encode(&self, pmu: Option<&Pmu>, amd_family: Option<u32>) -> Result<EventCode, Problem> {
        let generic = |kind, config| EventCode { kind, config: [config | extended_type(pmu), 0, 0, 0] };
        match self.source {
            Source::Software(config) => Ok(EventCode { kind: TYPE_SOFTWARE, config: [config, 0, 0, 0] }),
            Source::Hardware(config) => Ok(generic(TYPE_HARDWARE, config)),
            Source::Cache(cache, miss) => Ok(generic(TYPE_HW_CACHE, cache | if miss { CACHE_RESULT_MISS } else { 0 })),
            Source::L2Misses => {
                let pmu = pmu.ok_or_else(|| reasons::no_core_pmu(libc::ENOENT))?;
                Ok(l2_misses(pmu, amd_family)?)
            }
        }
    }
}

/// x86 with several kinds of core refuses generic events that do not say which kind is meant. Elsewhere the CPU decides.
fn extended_type(pmu: Option<&Pmu>) -> u64 {
    match pmu {
        Some(Pmu { name, kind, reach: Reach::Cores(_), .. }) if name.starts_with("cpu_") => {
            u64::from(*kind) << PMU_TYPE_SHIFT
        }
        _ => 0,
    }
}

/// Arm's drivers name the event in sysfs. Intel's big cores have had `L2_RQSTS.MISS` at 0x24/0x3f since Haswell, and AMD's
/// `L2CacheReqStat` (0x64) counts misses of instruction fills (0x01) and data fills (0x08) since Zen: see the event lists
/// in the kernel's `tools/perf/pmu-events/arch/x86`. Codes mean other things on other cores, so these have no value there.
fn l2_misses(pmu: &Pmu, amd_family: Option<u32>) -> Result<EventCode, String> {
    const ZEN: [u32; 3] = [0x17, 0x19, 0x1a];
    const INTEL_BIG_CORES: [&str; 10] = [
        "haswell",
        "broadwell",
        "skylake",
        "icelake",
        "sapphire_rapids",
        "granite_rapids",
        "alderlake_hybrid",
        "meteorlake_hybrid",
        "arrowlake_hybrid",
        "lunarlake_hybrid",
    ];
    let raw = |config| Ok(EventCode { kind: if pmu.name == "cpu" { TYPE_RAW } else { pmu.kind }, config });
    if let Some(name) = ["l2d_cache_refill", "l2_cache_miss"].iter().find(|name| pmu.has_event(name)) {
        return pmu.encode(name).map(|encoded| encoded.code);
    }
    if pmu.name == "cpu" && amd_family.is_some_and(|family| ZEN.contains(&family)) {
        return raw([0x0964, 0, 0, 0]);
    }
    let microarchitecture = pmu.microarchitecture().unwrap_or_default();
    if ["cpu", "cpu_core"].contains(&pmu.name.as_str()) && INTEL_BIG_CORES.contains(&microarchitecture.as_str()) {
        return raw([0x3f24, 0, 0, 0]);
    }
    Err(format!("no event of {} for it is known", pmu.name))
}

/// The family of an AMD (or Hygon, whose are alike) CPU, from the text of /proc/cpuinfo.
pub fn amd_family(cpuinfo: &str) -> Option<u32> {
    let value = |key: &str| {
        let line = cpuinfo.lines().find(|line| line.split(':').next().is_some_and(|name| name.trim() == key))?;
        line.split_once(':').map(|(_, value)| value.trim())
    };
    match value("vendor_id")? {
        "AuthenticAMD" => value("cpu family")?.parse().ok(),
        // Zen under another number.
        "HygonGenuine" => Some(0x17),
        _ => None,
    }
}

/// The generic event of that name.
pub fn by_name(name: &str) -> Option<&'static Definition> {
    TABLE.iter().find(|definition| definition.name == name)
}

#[cfg(test)]
mod tests {
    use super::super::pmu;
    use super::*;
    use crate::testing::host;

    fn code(name: &str, host_name: &str, pmu_name: &str, amd_family: Option<u32>) -> Result<EventCode, String> {
        let pmus = pmu::all(&host(host_name).join("sys")).unwrap();
        let pmu = pmus.iter().find(|pmu| pmu.name == pmu_name);
        by_name(name).unwrap().encode(pmu, amd_family).map_err(|problem| problem.reason)
    }

    const fn plain(kind: u32, config: u64) -> Result<EventCode, String> {
        Ok(EventCode { kind, config: [config, 0, 0, 0] })
    }

    #[test]
    fn the_table_is_in_the_order_of_the_readings() {
        let place = |event: Event| TABLE[event as usize].name;
        assert_eq!(place(Event::CpuClock), "cpu-clock");
        assert_eq!(place(Event::MajorFaults), "major-faults");
        assert_eq!(place(Event::Cycles), "cycles");
        assert_eq!(place(Event::L2Misses), "l2-misses");
        assert_eq!(place(Event::L1iLoadMisses), "L1-icache-load-misses");
        assert_eq!(place(Event::ItlbLoadMisses), "iTLB-load-misses");
        assert_eq!(place(Event::StalledBackend), "stalled-cycles-backend");
    }

    #[test]
    fn generic_events_name_the_kind_of_core_only_where_x86_has_several() {
        assert_eq!(code("instructions", "intel-2s-server", "cpu", None), plain(0, 1));
        assert_eq!(code("instructions", "hybrid-laptop", "cpu_core", None), plain(0, 4 << 32 | 1));
        assert_eq!(code("dTLB-load-misses", "hybrid-laptop", "cpu_atom", None), plain(3, 8 << 32 | 0x1_0003));
        assert_eq!(code("cycles", "arm-big-little", "armv8_cortex_a76", None), plain(0, 0));
        assert_eq!(code("page-faults", "hybrid-laptop", "cpu_core", None), plain(1, 2));
        assert_eq!(code("cycles", "arm-big-little", "no such", None), plain(0, 0));
    }

    #[test]
    fn l2_misses_are_named_by_sysfs_or_known_for_the_core_or_absent() {
        assert_eq!(code("l2-misses", "arm-big-little", "armv8_cortex_a76", None), plain(8, 0x17));
        assert_eq!(code("l2-misses", "intel-2s-server", "cpu", None), plain(4, 0x3f24));
        assert_eq!(code("l2-misses", "hybrid-laptop", "cpu_core", None), plain(4, 0x3f24));
        assert_eq!(code("l2-misses", "amd-epyc", "cpu", Some(0x19)), plain(4, 0x0964));
        assert!(code("l2-misses", "amd-epyc", "cpu", Some(0x15)).unwrap_err().contains("no event of cpu"));
        assert!(code("l2-misses", "hybrid-laptop", "cpu_atom", None).unwrap_err().contains("no event of cpu_atom"));
    }

    #[test]
    fn the_family_of_amds_is_known_from_cpuinfo() {
        assert_eq!(amd_family("vendor_id\t: AuthenticAMD\ncpu family\t: 25\n"), Some(25));
        assert_eq!(amd_family("vendor_id\t: HygonGenuine\ncpu family\t: 24\n"), Some(0x17));
        assert_eq!(amd_family("vendor_id\t: GenuineIntel\ncpu family\t: 6\n"), None);
        assert_eq!(amd_family("processor\t: 0\nBogoMIPS\t: 243.75\n"), None);
    }
}
