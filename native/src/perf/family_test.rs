//! The families of counters in the engine, on captured trees of PMUs and a kernel that counts what the test says.

use std::rc::Rc;
use std::sync::Arc;

use super::PerfAccess;
use super::control::{EventStatus, PerfControl};
use super::events::{EVENTS, TABLE};
use super::fake::FakeKernel;
use super::kernel::{EventCode, TYPE_HARDWARE, TYPE_SOFTWARE};
use crate::sampler::engine_test::{Frame, Host};
use crate::sampler::ring::DEFAULT_WORDS;

const SECOND: u64 = 1_000_000_000;
/// Groups of the `perf` family, and counters, on a CPU that has all of them.
const GROUPS: u64 = 9;

struct Bench {
    fake: Rc<FakeKernel>,
    control: Arc<PerfControl>,
    host: Host,
}

impl Bench {
    fn new(host: &str, prepare: impl FnOnce(&FakeKernel, &PerfControl)) -> Self {
        let (fake, control) = (Rc::new(FakeKernel::default()), Arc::<PerfControl>::default());
        prepare(&fake, &control);
        let access = PerfAccess { kernel: Rc::<FakeKernel>::clone(&fake), control: Arc::clone(&control) };
        Self { host: Host::with(host, DEFAULT_WORDS, access), fake, control }
    }

    fn sampling(host: &str, family: &str) -> Self {
        let mut bench = Self::new(host, |_, _| ());
        bench.host.subscribe(1, family, SECOND);
        bench
    }

    /// The next frame, a second in which all counters counted so much.
    fn second(&mut self, running_ns: u64, amount: impl Fn(&EventCode, u32) -> u64) -> Frame {
        self.fake.run(SECOND, running_ns, amount);
        self.host.one_after(SECOND)
    }

    fn status(&self, name: &str) -> EventStatus {
        self.control.statuses().into_iter().find(|status| status.name == name).unwrap()
    }
}

fn generic(code: &EventCode) -> Option<u64> {
    (code.kind == TYPE_HARDWARE).then_some(code.config[0] & 0xffff_ffff)
}

/// Twice as many instructions as cycles, and one of 50 branches missed.
fn busy(code: &EventCode, cpu: u32) -> u64 {
    match generic(code) {
        Some(0) => 1_000_000,
        Some(1) => 2_000_000,
        Some(4) => 100_000,
        Some(5) => 2_000,
        _ if code.kind == TYPE_SOFTWARE && code.config[0] == 3 => 10 + u64::from(cpu),
        _ => 500,
    }
}

#[test]
fn two_sockets_are_counted_per_cpu_and_in_all() {
    let mut bench = Bench::sampling("intel-2s-server", "perf");
    assert_eq!(bench.fake.open_counters(), 8 * EVENTS);
    let reads = bench.fake.reads.get();
    let frame = bench.second(SECOND, busy);
    assert_eq!(bench.fake.reads.get() - reads, 8 * GROUPS);
    assert_eq!(frame.instances, ["all", "0", "1", "2", "3", "4", "5", "6", "7"]);
    assert_eq!(frame.value("5", "cycles_per_sec"), 1_000_000.0);
    assert_eq!(frame.value("all", "cycles_per_sec"), 8_000_000.0);
    assert_eq!(frame.value("all", "instructions_per_cycle"), 2.0);
    assert_eq!(frame.value("all", "branch_miss_percent"), 2.0);
    assert_eq!(frame.value("3", "branch_misses_per_1000_instructions"), 1.0);
    assert_eq!(frame.value("3", "l2_misses_per_sec"), 500.0);
    assert_eq!(frame.value("all", "l1d_misses_per_1000_instructions"), 0.25);
    assert_eq!(frame.value("all", "context_switches_per_sec"), f64::from(8 * 10 + 28));
    assert_eq!(frame.value("all", "running_ratio"), 1.0);
    let (available, reason) = bench.host.available()["perf"].clone();
    assert!(available && reason.starts_with("the NMI watchdog holds one"), "{reason}");
    let status = bench.status("cycles");
    assert_eq!((status.pmu.as_str(), status.available, status.reason.as_str()), ("cpu", true, ""));
    assert_eq!(bench.status("page-faults").pmu, "software");
}

#[test]
fn counters_that_take_turns_are_extrapolated_and_say_so() {
    let mut bench = Bench::sampling("intel-2s-server", "perf");
    let frame = bench.second(SECOND / 4, busy);
    assert_eq!(frame.value("0", "cycles_per_sec"), 4_000_000.0);
    assert_eq!(frame.value("0", "context_switches_per_sec"), 10.0);
    assert_eq!((frame.value("0", "running_ratio"), frame.value("all", "running_ratio")), (0.25, 0.25));
    assert_eq!(frame.value("all", "instructions_per_cycle"), 2.0);
}

#[test]
fn a_counter_without_a_turn_has_no_value_and_neither_has_the_sum() {
    let mut bench = Bench::sampling("intel-2s-server", "perf");
    let frame = bench.second(0, |code, cpu| if code.kind == TYPE_SOFTWARE { busy(code, cpu) } else { 0 });
    for field in ["cycles_per_sec", "instructions_per_cycle", "l2_misses_per_sec"] {
        assert!(frame.value("0", field).is_nan() && frame.value("all", field).is_nan(), "{field}");
    }
    assert_eq!((frame.value("all", "running_ratio"), frame.value("2", "context_switches_per_sec")), (0.0, 12.0));
    // What was counted before it is not lost for later: the value covers the turn it had.
    assert_eq!(bench.second(SECOND, busy).value("0", "cycles_per_sec"), 1_000_000.0);
}

#[test]
fn counters_are_open_only_while_somebody_wants_them() {
    let mut bench = Bench::new("intel-2s-server", |_, _| ());
    assert_eq!(bench.fake.open_counters(), 0);
    assert!(bench.host.available()["perf"].0);
    bench.host.subscribe(1, "perf", SECOND);
    bench.host.subscribe(2, "perf", 2 * SECOND);
    bench.host.engine.unsubscribe(1);
    assert_eq!(bench.fake.open_counters(), 8 * EVENTS);
    bench.host.engine.unsubscribe(2);
    assert_eq!(bench.fake.open_counters(), 0);
    bench.host.subscribe(3, "perf", SECOND);
    assert_eq!(bench.second(SECOND, busy).value("1", "cycles_per_sec"), 1_000_000.0);
}

#[test]
fn cpus_that_come_and_go_are_followed() {
    let mut bench = Bench::sampling("intel-2s-server", "perf");
    bench.second(SECOND, busy);
    bench.host.write("sys/devices/system/cpu/online", "0-2,5\n");
    let frame = bench.second(SECOND, busy);
    assert_eq!(frame.instances, ["all", "0", "1", "2", "5"]);
    assert!(frame.value("0", "cycles_per_sec").is_nan(), "no rate across an opening");
    let frame = bench.second(SECOND, busy);
    assert_eq!(frame.value("all", "cycles_per_sec"), 4_000_000.0);
    bench.host.write("sys/devices/system/cpu/online", "0-7\n");
    bench.second(SECOND, busy);
    assert_eq!(bench.second(SECOND, busy).value("all", "cycles_per_sec"), 8_000_000.0);
}

#[test]
fn the_chosen_cpus_may_change() {
    let mut bench = Bench::sampling("intel-2s-server", "perf");
    bench.control.change(|settings| settings.cpus = Some(vec![1, 4, 99]));
    assert_eq!(bench.second(SECOND, busy).instances, ["all", "1", "4"]);
    assert_eq!(bench.second(SECOND, busy).value("all", "cycles_per_sec"), 2_000_000.0);
    bench.control.change(|settings| settings.cpus = Some(vec![99]));
    bench.fake.run(SECOND, SECOND, busy);
    bench.host.one_after(SECOND);
    assert!(!bench.host.available()["perf"].0);
    assert_eq!(bench.status("cycles").reason, "no CPU to count on");
}

#[test]
fn counting_may_be_switched_off_and_on() {
    let mut bench = Bench::sampling("intel-2s-server", "perf");
    bench.control.change(|settings| settings.enabled = false);
    bench.second(SECOND, busy);
    assert_eq!(bench.fake.open_counters(), 0);
    let (available, reason) = bench.host.available()["perf"].clone();
    assert!(!available && reason.contains("switched off"), "{reason}");
    assert!(!bench.status("cycles").available);
    bench.control.change(|settings| settings.enabled = true);
    bench.second(SECOND, busy);
    assert_eq!(bench.second(SECOND, busy).value("all", "cycles_per_sec"), 8_000_000.0);
}

#[test]
fn without_permission_there_is_nothing_and_the_reason() {
    let mut bench = Bench::new("intel-2s-server", |fake, _| fake.refuse_all.set(Some(libc::EACCES)));
    bench.host.subscribe(1, "perf", SECOND);
    let frame = bench.second(SECOND, busy);
    assert!(frame.instances.is_empty() && frame.values.is_empty());
    let (available, reason) = bench.host.available()["perf"].clone();
    assert!(!available && reason.contains("cycles") && reason.contains("EACCES: "), "{reason}");
    let statuses = bench.control.statuses();
    assert_eq!(statuses.iter().filter(|status| status.family == "perf").count(), EVENTS);
    assert!(statuses.iter().all(|status| !status.available));
    // Permission is granted while it runs.
    bench.fake.refuse_all.set(None);
    for _ in 0..12 {
        bench.second(SECOND, busy);
    }
    assert_eq!(bench.second(SECOND, busy).value("all", "cycles_per_sec"), 8_000_000.0);
    assert!(bench.host.available()["perf"].0);
}

#[test]
fn a_hybrid_host_counts_each_kind_of_core_with_its_own_pmu() {
    let l1i_misses_on_atom = 8 << 32 | 0x1_0001;
    let mut bench = Bench::new("hybrid-laptop", |fake, _| fake.refuse(l1i_misses_on_atom, libc::ENOENT));
    bench.host.subscribe(1, "perf", SECOND);
    let on = |cpu: u32| bench.fake.opened().into_iter().filter(move |(_, at)| *at == cpu).map(|(code, _)| code);
    assert!(on(1).any(|code| code == EventCode { kind: 0, config: [4 << 32, 0, 0, 0] }));
    assert!(on(5).any(|code| code == EventCode { kind: 0, config: [8 << 32, 0, 0, 0] }));
    let frame = bench.second(SECOND, busy);
    assert_eq!(frame.value("all", "instructions_per_sec"), 16_000_000.0);
    assert!(frame.value("5", "l1i_load_misses_per_sec").is_nan() && frame.value("5", "l2_misses_per_sec").is_nan());
    // The cores that have it make up the sum, and its share of their instructions.
    assert_eq!(frame.value("all", "l1i_load_misses_per_sec"), 4.0 * 500.0);
    for cpus in ["all", "0"] {
        assert_eq!(frame.value(cpus, "l1i_misses_per_1000_instructions"), 0.25);
        assert_eq!(frame.value(cpus, "l2_misses_per_1000_instructions"), 0.25);
    }
    assert_eq!(bench.status("cycles").pmu, "cpu_core,cpu_atom");
    let status = bench.status("L1-icache-load-misses");
    assert!(status.available);
    assert_eq!(status.reason, "ENOENT: the PMU does not count this (CPUs 4-7)");
    assert_eq!(bench.status("l2-misses").reason, "no event of cpu_atom for it is known");
}

#[test]
fn too_few_descriptors_leave_out_the_last_events() {
    let mut bench = Bench::new("arm-big-little", |fake, _| fake.room.set(Some(4 * 10 + 3)));
    bench.host.subscribe(1, "perf", SECOND);
    assert_eq!(bench.fake.open_counters(), 4 * 10);
    let frame = bench.second(SECOND, busy);
    assert_eq!(frame.value("all", "cycles_per_sec"), 4_000_000.0);
    assert!(frame.value("all", "branch_misses_per_sec").is_nan());
    assert!(bench.status(TABLE[9].name).available);
    let EventStatus { reason, remedy, .. } = bench.status(TABLE[10].name);
    assert_eq!(reason, "EMFILE: all events need 96 file descriptors and there are 43");
    assert!(remedy.contains("ulimit -n 2144") && remedy.contains("LimitNOFILE=2144"), "{remedy}");
}

#[test]
fn counters_that_stand_still_are_opened_anew_less_and_less_often() {
    let mut bench = Bench::sampling("arm-big-little", "perf");
    bench.second(SECOND, busy);
    let opens = bench.fake.opens.get();
    bench.fake.broken.set(true);
    for _ in 0..30 {
        assert!(bench.host.one_after(SECOND).value("0", "cycles_per_sec").is_nan());
    }
    let openings = (bench.fake.opens.get() - opens) / (4 * EVENTS as u64);
    assert!((2..=4).contains(&openings), "{openings}");
    bench.fake.broken.set(false);
    bench.second(SECOND, busy);
    assert_eq!(bench.second(SECOND, busy).value("0", "cycles_per_sec"), 1_000_000.0);
}

#[test]
fn many_cpus_are_not_interrupted_more_than_a_tenth_of_the_time() {
    const MS: u64 = 1_000_000;
    let mut bench = Bench::new("intel-2s-server", |_, _| ());
    // 72 groups: 3.6 ms a reading, and so one every 36 ms.
    *bench.fake.slow.borrow_mut() = Some((Rc::clone(&bench.host.clock), MS / 20));
    bench.host.subscribe(1, "perf", 10 * MS);
    let (mut valued, mut empty) = (0, 0);
    let reads = bench.fake.reads.get();
    let start_ns = bench.host.clock_ns();
    while bench.host.clock_ns() - start_ns < 4 * SECOND {
        bench.fake.run(10 * MS, 10 * MS, busy);
        for frame in bench.host.after(10 * MS) {
            let cycles = frame.value("all", "cycles_per_sec");
            if cycles.is_nan() {
                empty += 1;
            } else {
                valued += 1;
                assert_eq!(cycles, 800_000_000.0);
            }
        }
    }
    let readings = (bench.fake.reads.get() - reads) / (8 * GROUPS);
    // At first it is not known what it takes.
    assert!((80..=130).contains(&readings), "{readings}");
    assert!(valued >= 80 && empty > valued, "{valued} {empty}");
}

#[test]
fn chosen_events_of_any_pmu_are_counted_in_their_unit() {
    let mut bench = Bench::new("intel-2s-server", |_, control| {
        let events = ["msr/tsc/", "uncore_imc/cas_count_read/", "r13c", "nothing/x/", "cpu/bogus/", "huh", "msr/tsc/u"];
        control.change(|settings| {
            settings.events = events.map(str::to_owned).to_vec();
            settings.cpus = Some(vec![0, 1]);
        });
    });
    bench.host.subscribe(1, "perf_custom", SECOND);
    let frame = bench.second(SECOND / 2, |code, _| if code.kind == 13 { 3_000 } else { 1 << 20 });
    assert_eq!(frame.instances[..3], ["msr/tsc/", "msr/tsc/@0", "msr/tsc/@1"]);
    assert_eq!(frame.value("msr/tsc/@1", "value_per_sec"), 6_000.0);
    assert_eq!(frame.value("msr/tsc/", "value_per_sec"), 12_000.0);
    assert_eq!(frame.value("msr/tsc/", "running_ratio"), 0.5);
    // Three controllers on each of two sockets, whatever CPUs are chosen; 64 bytes a count, in MiB.
    assert_eq!(frame.value("uncore_imc/cas_count_read/", "value_per_sec"), 6.0 * 128.0);
    assert_eq!(frame.value("uncore_imc_10/cas_count_read/@4", "value_per_sec"), 128.0);
    assert_eq!(frame.value("r13c@1", "value_per_sec"), f64::from(2 << 20));
    assert!(frame.value("nothing/x/", "value_per_sec").is_nan());
    assert!(bench.status("nothing/x/").reason.starts_with("ENOENT: no such PMU: nothing; this host has cpu msr "));
    assert!(bench.status("cpu/bogus/").reason.starts_with("cpu has no event or field bogus"));
    assert!(bench.status("huh").reason.starts_with("expected PMU/EVENT/"));
    assert!(bench.status("msr/tsc/u").reason.starts_with("expected PMU/EVENT/ with nothing behind"));
    assert_eq!(bench.status("r13c").pmu, "cpu");
    let (available, reason) = bench.host.available()["perf_custom"].clone();
    assert!(available && reason.contains("huh"), "{reason}");
}

#[test]
fn no_chosen_events_are_no_fault() {
    let mut bench = Bench::sampling("intel-2s-server", "perf_custom");
    assert!(bench.second(SECOND, busy).values.is_empty());
    let (available, reason) = bench.host.available()["perf_custom"].clone();
    assert!(!available && reason.ends_with("no events are chosen, or none of them can be counted"), "{reason}");
}

#[test]
fn memory_controllers_give_bytes_per_second_and_their_names() {
    let mut bench = Bench::new("intel-2s-server", |_, _| ());
    bench.host.write("proc/vmstat", "pgpgin 1\npgpgout 2\npswpin 3\npswpout 4\npgfault 5\npgmajfault 6\n");
    bench.host.subscribe(1, "memory_bandwidth", SECOND);
    let traffic = |code: &EventCode, _| if code.config[0] == 0xf04 { 1_000_000 } else { 250_000 };
    bench.second(SECOND, traffic);
    let frame = bench.second(SECOND, traffic);
    assert_eq!(frame.value("", "read_bytes_per_sec"), 6.0 * 64e6);
    assert_eq!(frame.value("", "write_bytes_per_sec"), 6.0 * 16e6);
    assert_eq!(frame.value("", "total_bytes_per_sec"), 6.0 * 80e6);
    assert_eq!(frame.value("", "swap_in_pages_per_sec"), 0.0);
    let status = bench.status("memory-reads");
    assert_eq!((status.family, status.pmu.as_str()), ("memory_bandwidth", "uncore_imc_0,uncore_imc_1,uncore_imc_10"));
    assert_eq!(bench.host.available()["memory_bandwidth"], (true, String::new()));
    assert_eq!(bench.host.source_of("memory_bandwidth").as_deref(), Some("uncore_imc"));
    bench.host.engine.unsubscribe(1);
    assert_eq!(bench.fake.open_counters(), 0);
}

#[test]
fn without_controllers_memory_traffic_comes_from_resctrl_or_says_why_not() {
    let mut bench = Bench::new("arm-big-little", |_, _| ());
    bench.host.write("proc/vmstat", "pgfault 5\n");
    bench.host.subscribe(1, "memory_bandwidth", SECOND);
    assert!(bench.second(SECOND, busy).value("", "total_bytes_per_sec").is_nan());
    let reason = bench.host.available()["memory_bandwidth"].1.clone();
    assert!(reason.contains("ENOENT: no such PMU") && reason.contains("(MBM)"), "{reason}");
    assert_eq!(bench.host.source_of("memory_bandwidth"), None);
    bench.host.write("sys/fs/resctrl/mon_data/mon_L3_00/mbm_total_bytes", "1000\n");
    for _ in 0..61 {
        bench.second(SECOND, busy);
    }
    bench.host.write("sys/fs/resctrl/mon_data/mon_L3_00/mbm_total_bytes", "5000\n");
    let frame = bench.second(SECOND, busy);
    assert_eq!(frame.value("", "total_bytes_per_sec"), 4000.0);
    assert!(frame.value("", "read_bytes_per_sec").is_nan());
    assert_eq!(bench.host.source_of("memory_bandwidth").as_deref(), Some("resctrl"));
}
