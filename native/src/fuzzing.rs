//! Every parser of what a kernel says, in one table: the property tests (`proc/robustness.rs`) and the fuzz targets
//! (`native/fuzz`) both come from it.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use crate::cgroup::cpuacct::UsagePerCpu;
use crate::cgroup::files::{Blkio, CpuMax, CpuStat, FirstTask, IoStat, MemoryStat, Number};
use crate::cgroup::identity::classify;
use crate::net::inet_diag;
use crate::perf::{control::Settings, count, custom::Chosen, events, plan::HostView, plan::Planner, pmu};
use crate::proc::{
    cpu_counts::CpuTable, cpu_counts::Lines, cpuinfo::Cpuinfo, diskstats::Diskstats, interrupts, loadavg::Loadavg,
    meminfo::Meminfo, mounts, net_dev::NetDev, net_snmp::NetSnmp, pressure::Pressure, process_stat::ProcessIo,
    process_stat::ProcessStat, small_files, sockstat::Sockstat, softirqs, stat::Stat, text::lines, uptime::Uptime,
    vmstat::Vmstat, zoneinfo::Zoneinfo,
};
use crate::sampler::kernel::Roots;
use crate::sampler::raw::Raw;
use crate::sampler::reader::Parse;
use crate::sys::{cpu_list, hugepages, hwmon, numa::NodeMeminfo, numa::NumaStat, resctrl, thousandths};

/// A parser and what there is to know for trying it.
pub struct Parser {
    /// Also that of its fuzz target.
    pub name: &'static str,
    /// Files of the captured hosts to start from, by their path there; `*` stands for any name.
    seeds: &'static [&'static str],
    /// The numbers that it finds; none where it refuses.
    numbers: fn(&[u8]) -> Vec<f64>,
}

const fn parser(name: &'static str, seeds: &'static [&'static str], numbers: fn(&[u8]) -> Vec<f64>) -> Parser {
    Parser { name, seeds, numbers }
}

/// A line for each.
pub static PARSERS: &[Parser] = &[
    parser("cpuinfo", &["proc/cpuinfo"], |text| {
        file(text, |it: &Cpuinfo| it.frequencies.iter().map(|it| it.1).collect())
    }),
    parser("diskstats", &["proc/diskstats"], |text| {
        file(text, |it: &Diskstats| {
            it.lines.iter().flat_map(|it| levels([it.counters.reads, it.counters.flushes])).collect()
        })
    }),
    parser("loadavg", &["proc/loadavg"], |text| {
        file(text, |it: &Loadavg| vec![it.load1, it.load5, it.load15, it.threads.level()])
    }),
    parser("meminfo", &["proc/meminfo"], |text| {
        file(text, |it: &Meminfo| levels([it.lines.total, it.lines.available]))
    }),
    parser("mounts", &["proc/mounts"], |text| {
        mounts::measured(text, &HashSet::from([b"ext4".to_vec()])).iter().map(|it| it.path.len() as f64).collect()
    }),
    parser("filesystems", &["proc/filesystems"], |text| vec![mounts::types_on_devices(text).len() as f64]),
    parser("net_dev", &["proc/net/dev"], |text| {
        file(text, |it: &NetDev| it.interfaces.iter().flat_map(|it| levels(it.counters)).collect())
    }),
    parser("net_snmp", &["proc/net/snmp"], |text| {
        file(text, |it: &NetSnmp| levels([it.tcp_established, it.udp_errors]))
    }),
    parser("pressure", &["proc/pressure/*"], |text| {
        file(text, |it: &Pressure| {
            [it.some, it.full].into_iter().flat_map(|it| [it.avg10, it.avg60, it.avg300, it.total_us.level()]).collect()
        })
    }),
    parser("interrupts", &["proc/interrupts"], table_numbers::<interrupts::Table>),
    parser("softirqs", &["proc/softirqs"], table_numbers::<softirqs::Table>),
    parser(
        "number",
        &[
            "proc/sys/kernel/random/entropy_avail",
            "proc/sys/net/netfilter/*",
            "sys/devices/system/edac/mc/*/ce_count",
            "sys/kernel/mm/hugepages/*/nr_hugepages",
        ],
        |text| file(text, |it: &small_files::Number| vec![it.0.level()]),
    ),
    parser("file_nr", &["proc/sys/fs/file-nr"], |text| {
        file(text, |it: &small_files::FileNr| levels([it.allocated, it.limit]))
    }),
    parser("node_meminfo", &["sys/devices/system/node/*/meminfo"], |text| {
        file(text, |it: &NodeMeminfo| {
            vec![it.total.scaled(1024), it.free.level(), it.file.level(), it.anonymous.level()]
        })
    }),
    parser("numastat", &["sys/devices/system/node/*/numastat"], |text| {
        file(text, |it: &NumaStat| levels([it.hit, it.miss, it.foreign, it.local, it.other]))
    }),
    parser("hugepage_size", &[], |text| hugepages::size_kib(utf8(text)).into_iter().map(|it| it as f64).collect()),
    parser("sockstat", &["proc/net/sockstat", "proc/net/sockstat6"], |text| {
        file(text, |it: &Sockstat| levels([it.used, it.tcp_in_use, it.udp6_in_use]))
    }),
    parser("stat", &["proc/stat"], |text| {
        file(text, |it: &Stat| {
            it.cpus
                .iter()
                .flat_map(|it| levels([it.times.user, it.times.guest_nice]))
                .chain(levels([it.interrupts, it.softirqs]))
                .collect()
        })
    }),
    parser("uptime", &["proc/uptime"], |text| file(text, |it: &Uptime| vec![it.seconds])),
    parser("vmstat", &["proc/vmstat"], |text| {
        file(text, |it: &Vmstat| levels([it.lines.page_in, it.lines.major_faults]))
    }),
    parser("zoneinfo", &["proc/zoneinfo"], |text| {
        file(text, |it: &Zoneinfo| levels([it.low_pages, it.low_watermark_bytes()]))
    }),
    parser("cpu_list", &["sys/devices/system/cpu/online"], cpu_list_numbers),
    parser("hwmon_labels", &["sys/class/hwmon/*/temp1_label"], hwmon_label_numbers),
    parser(
        "thousandths",
        &["sys/class/hwmon/*/temp1_input", "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq"],
        |text| vec![thousandths(utf8(text).trim_end())],
    ),
    parser("process_stat", &["proc/*/stat"], |text| {
        ProcessStat::parse(text).map_or_else(Vec::new, |it| levels([it.major_faults, it.cpu_ticks, it.resident_pages]))
    }),
    parser("process_io", &["proc/*/io"], |text| {
        let io = ProcessIo::parse(text);
        levels([io.read_bytes, io.written_bytes])
    }),
    parser("cgroup_path", &[], |text| {
        classify(utf8(text));
        Vec::new()
    }),
    parser("cgroup_number", &["cgroup/*/*/memory.current", "cgroup/*/*/pids.max"], |text| {
        file(text, |it: &Number| vec![it.0.level()])
    }),
    parser("cgroup_cpu_max", &["cgroup/*/*/cpu.max"], |text| file(text, |it: &CpuMax| vec![it.0])),
    parser("cgroup_cpu_stat", &["cgroup/*/*/cpu.stat"], |text| {
        file(text, |it: &CpuStat| levels([it.usage_us, it.throttled_us]))
    }),
    parser("cgroup_memory_stat", &["cgroup/*/*/memory.stat"], |text| {
        file(text, |it: &MemoryStat| levels([it.anon, it.inactive_file]))
    }),
    parser("cgroup_io_stat", &["cgroup/*/*/io.stat"], |text| {
        file(text, |it: &IoStat| levels([it.bytes.read, it.operations.written]))
    }),
    parser("cgroup_blkio", &["cgroup/blkio/*/*/blkio.throttle.io_service_bytes"], |text| {
        file(text, |it: &Blkio| levels([it.0.read, it.0.written]))
    }),
    parser("cgroup_procs", &["cgroup/*/*/cgroup.procs"], |text| {
        file(text, |it: &FirstTask| it.0.into_iter().map(|pid| pid as f64).collect())
    }),
    parser("cpuacct", &["cgroup/cpuacct/cpuacct.usage_percpu"], |text| {
        file(text, |it: &UsagePerCpu| levels([it.of(0), it.all()]))
    }),
    parser("resctrl", &[], |text| file(text, |it: &resctrl::Bytes| vec![it.0.level()])),
    parser("amd_family", &["proc/cpuinfo"], |text| events::amd_family(utf8(text)).into_iter().map(f64::from).collect()),
    parser("pmu_format", &["sys/bus/event_source/devices/*/format/*"], pmu_format_numbers),
    parser("pmu_event", &["sys/bus/event_source/devices/*/events/*"], pmu_event_numbers),
    parser("pmu_scale", &["sys/bus/event_source/devices/*/events/*"], |text| {
        pmu::scale(utf8(text)).into_iter().collect()
    }),
    parser("perf_custom", &[], perf_custom_numbers),
    parser("perf_read", &[], perf_read_numbers),
    parser("inet_diag", &[], |bytes| inet_diag::messages(bytes).into_iter().map(|it| it.sockets as f64).collect()),
];

impl Parser {
    /// Parses whatever it is.
    ///
    /// # Panics
    /// When the parser does, and when it gives a number that is neither finite nor NaN for "no value".
    pub fn survive(&self, input: &[u8]) {
        let numbers = (self.numbers)(input);
        assert!(!numbers.iter().any(|number| number.is_infinite()), "{}: {numbers:?}", self.name);
    }

    /// The files of all captured hosts to start from.
    pub fn seeds(&self) -> Vec<PathBuf> {
        let roots = [matching(&hosts(), "*"), matching(&hosts(), "*/later")].concat();
        roots.iter().flat_map(|root| self.seeds.iter().flat_map(|seed| matching(root, seed))).collect()
    }
}

fn hosts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../test/fixtures/hosts")
}

/// What is there at `pattern` under `folder`, sorted.
fn matching(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    for name in pattern.split('/') {
        let inside = |folder: PathBuf| -> Vec<PathBuf> {
            if name != "*" {
                return Some(folder.join(name)).into_iter().filter(|path| path.exists()).collect();
            }
            std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
        };
        found = found.into_iter().flat_map(inside).collect();
    }
    found.sort();
    found
}

/// Parses with what is remembered of another text: a part of it, and itself.
fn file<P: Parse>(text: &[u8], numbers: fn(&P) -> Vec<f64>) -> Vec<f64> {
    let mut content = P::default();
    let parts = [text, &text[text.len() / 2..], text];
    parts.into_iter().flat_map(|part| content.parse(part).map_or_else(|_| Vec::new(), |()| numbers(&content))).collect()
}

fn levels<const N: usize>(counters: [Raw; N]) -> Vec<f64> {
    counters.map(Raw::level).to_vec()
}

/// Attributes of sysfs are read as text; one that is not has no value.
fn utf8(text: &[u8]) -> &str {
    std::str::from_utf8(text).unwrap_or_default()
}

/// As read three times, once only a part of it: no two lines have one name.
fn table_numbers<T: CpuTable>(text: &[u8]) -> Vec<f64> {
    let (mut followed, mut numbers) = (Lines::default(), Vec::new());
    for (part, at_ns) in [text, &text[..text.len() / 2], text].into_iter().zip(1..) {
        let mut pass = followed.begin(at_ns);
        lines(part).for_each(|line| pass.take::<T>(line));
        if pass.end().is_ok() {
            let names: HashSet<&str> = followed.rates().map(|(name, _)| name).collect();
            assert_eq!(names.len(), followed.rates().count());
            numbers.extend(followed.rates().map(|(_, rate)| rate));
        }
    }
    numbers
}

/// A list in order is written as it is read.
fn cpu_list_numbers(text: &[u8]) -> Vec<f64> {
    let Some(mut cpus) = cpu_list::parse(text) else { return Vec::new() };
    cpus.sort_unstable();
    cpus.dedup();
    assert_eq!(cpu_list::parse(cpu_list::format(&cpus).as_bytes()).as_ref(), Some(&cpus));
    file(text, |online: &cpu_list::OnlineCpus| online.cpus.iter().copied().map(f64::from).collect())
}

/// A label to a line, as those of one chip.
fn hwmon_label_numbers(text: &[u8]) -> Vec<f64> {
    let label = |line: &[u8]| (String::from_utf8_lossy(line).trim_end().to_ascii_lowercase(), PathBuf::new());
    let labelled: BTreeMap<String, PathBuf> = lines(text).map(label).collect();
    let place = |place| match place {
        hwmon::Place::Core { core, .. } => f64::from(core),
        hwmon::Place::Package(package) => package.map_or(f64::NAN, f64::from),
    };
    hwmon::places(&labelled, None).iter().map(|thermometer| place(thermometer.place)).collect()
}

/// No more bits are set than there are.
fn pmu_format_numbers(text: &[u8]) -> Vec<f64> {
    let Some(format) = pmu::Format::parse(utf8(text)) else { return Vec::new() };
    for value in [0, 1, 0x5555_5555_5555_5555, u64::MAX] {
        let mut word = 0;
        if format.put(&mut word, value).is_ok() {
            assert!(word.count_ones() <= format.bits());
        }
    }
    vec![f64::from(format.bits())]
}

/// As what a person wrote between the slashes, for every PMU of a server.
fn pmu_event_numbers(text: &[u8]) -> Vec<f64> {
    thread_local! {
        static PMUS: Vec<pmu::Pmu> = pmu::all(&hosts().join("intel-2s-server/sys")).unwrap_or_default();
    }
    let scale = |pmu: &pmu::Pmu| pmu.encode(utf8(text).trim_end()).ok().map(|encoded| encoded.scale);
    PMUS.with(|pmus| pmus.iter().filter_map(scale).collect())
}

/// As an event that the settings name, on a host with two kinds of core.
fn perf_custom_numbers(text: &[u8]) -> Vec<f64> {
    let laptop = hosts().join("hybrid-laptop");
    let roots = Roots { proc: laptop.join("proc"), sys: laptop.join("sys"), cgroup: laptop.join("cgroup") };
    let settings = Settings { events: vec![utf8(text).to_owned()], ..Settings::default() };
    let cpus = [0, 1, 2, 3, 4, 5, 6, 7];
    let Ok(host) = HostView::new(&roots, &cpus, settings) else { return Vec::new() };
    let plan = Chosen::plan(&host);
    assert!(plan.requests.len() == plan.slots && plan.events.len() == 1);
    plan.requests.iter().map(|request| f64::from(request.cpu)).collect()
}

/// The words of two readings of a group, one behind the other.
fn perf_read_numbers(bytes: &[u8]) -> Vec<f64> {
    let words: Vec<u64> =
        bytes.chunks_exact(8).filter_map(|word| Some(u64::from_ne_bytes(*word.first_chunk()?))).collect();
    let (before, now) = words.split_at(words.len() / 2);
    let (Some(before), Some(now)) = (count::decode(before), count::decode(now)) else { return Vec::new() };
    let numbers = before.zip(now).flat_map(|((_, before), (_, now))| {
        let growth = now.since(before);
        let nonsense = growth.per_sec < 0.0 || growth.running_ratio < 0.0 || growth.running_ratio > 1.0;
        assert!(!nonsense, "{growth:?}");
        [growth.per_sec, growth.running_ratio, now.grown_since(before).map_or(f64::NAN, |grown| grown as f64)]
    });
    numbers.collect()
}
