//! The engine as a whole: captured hosts whose files the test changes, under a clock that the test moves.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::aside::Aside;
use super::engine::Engine;
use super::instances::Layouts;
use super::kernel::{Kernel, Roots};
use super::registry::FAMILIES;
use super::ring::{DEFAULT_WORDS, FLAG_DISTURBED, FLAG_GAP, FLAG_LOST, HEADER_WORDS, RingReader, ring};
use super::stats::Stats;
use crate::perf::PerfAccess;
use crate::testing::{ManualClock, TempDir, copy_host};

const MS: u64 = 1_000_000;
const SECOND: u64 = 1000 * MS;

fn family(name: &str) -> usize {
    FAMILIES.iter().position(|registration| registration.descriptor.name == name).unwrap()
}

#[derive(Debug)]
pub struct Frame {
    pub family: &'static str,
    pub instances: Vec<String>,
    timestamp_us: u64,
    interval_us: u64,
    pub gap: bool,
    flags: u32,
    pub values: Vec<f64>,
}

impl Frame {
    pub fn value(&self, instance: &str, field: &str) -> f64 {
        let fields = FAMILIES[family(self.family)].descriptor.fields;
        let row = self.instances.iter().position(|name| name == instance).unwrap();
        self.values[row * fields.len() + fields.iter().position(|known| known.name == field).unwrap()]
    }
}

pub struct Host {
    pub folder: TempDir,
    pub clock: Rc<ManualClock>,
    layouts: Layouts,
    pub engine: Engine,
    pub reader: RingReader,
    stats: Arc<Stats>,
    notified: Arc<AtomicU32>,
}

impl Host {
    pub fn new(name: &str) -> Self {
        Self::with_ring(name, DEFAULT_WORDS)
    }

    fn with_ring(name: &str, words: usize) -> Self {
        Self::with(name, words, PerfAccess::default())
    }

    /// What is slow is read on the spot, at each tick.
    pub fn inline(name: &str) -> Self {
        Self::inline_in(captured(name), PerfAccess::default())
    }

    /// The same for any tree.
    pub fn inline_in(folder: TempDir, perf: PerfAccess) -> Self {
        Self::made(folder, DEFAULT_WORDS, perf, Aside::inline())
    }

    pub fn with(name: &str, words: usize, perf: PerfAccess) -> Self {
        Self::made(captured(name), words, perf, Aside::default())
    }

    fn made(folder: TempDir, words: usize, perf: PerfAccess, aside: Aside) -> Self {
        let roots = Roots {
            proc: folder.path().join("proc"),
            sys: folder.path().join("sys"),
            cgroup: folder.path().join("cgroup"),
        };
        let (clock, layouts) = (Rc::new(ManualClock::default()), Layouts::default());
        let (writer, reader) = ring(words);
        let (stats, notified) = (Arc::<Stats>::default(), Arc::new(AtomicU32::new(0)));
        let count = Arc::clone(&notified);
        let notify = Box::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        let mut kernel = Kernel::new(roots, clock.clone(), layouts.clone());
        (kernel.perf, kernel.aside) = (perf, aside);
        let engine = Engine::new(kernel, writer, 0, notify, Arc::clone(&stats));
        Self { folder, clock, layouts, engine, reader, stats, notified }
    }

    pub fn subscribe(&mut self, id: u32, name: &str, interval_ns: u64) {
        self.engine.subscribe(id, family(name), interval_ns);
    }

    pub fn write(&self, file: &str, text: &str) {
        fs::write(self.path(file), text).unwrap();
    }

    /// Where a file of the host is, or will be: its folder is there.
    pub fn path(&self, file: &str) -> PathBuf {
        let path = self.folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    pub fn replace(&self, file: &str, from: &str, to: &str) {
        let path = self.folder.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from:?}");
        fs::write(path, text.replace(from, to)).unwrap();
    }

    pub fn remove_folder(&self, folder: &str) {
        fs::remove_dir_all(self.folder.path().join(folder)).unwrap();
    }

    /// Lets time pass, wakes the engine and takes what it made.
    pub fn after(&mut self, ns: u64) -> Vec<Frame> {
        self.clock.advance(ns);
        self.engine.wake();
        self.frames()
    }

    pub fn one_after(&mut self, ns: u64) -> Frame {
        let mut frames = self.after(ns);
        assert_eq!(frames.len(), 1);
        frames.remove(0)
    }

    fn frames(&mut self) -> Vec<Frame> {
        let words = self.reader.drain(|head, tail| [head, tail].concat());
        let mut frames = Vec::new();
        let mut rest = words.as_slice();
        while let Some(length) = rest.first() {
            let (frame, after) = rest.split_at(*length as usize);
            let layout = self.layouts.get(frame[1] as u32).unwrap();
            frames.push(Frame {
                family: layout.family,
                instances: layout.instances.iter().map(ToString::to_string).collect(),
                timestamp_us: frame[2] as u64,
                interval_us: frame[3] as u64,
                gap: frame[5] as u32 & FLAG_GAP != 0,
                flags: frame[5] as u32,
                values: frame[HEADER_WORDS..].to_vec(),
            });
            rest = after;
        }
        frames
    }

    pub fn clock_ns(&self) -> u64 {
        super::clock::Clock::mono_ns(self.clock.as_ref())
    }

    /// What a family is read from, as far as it tells.
    pub fn source_of(&self, family: &str) -> Option<String> {
        self.stats.families().into_iter().find(|told| told.name == family)?.source
    }

    pub fn available(&self) -> HashMap<&'static str, (bool, String)> {
        self.stats.families().into_iter().map(|family| (family.name, (family.available, family.reason))).collect()
    }
}

/// A copy of a captured host.
fn captured(name: &str) -> TempDir {
    let folder = TempDir::new();
    copy_host(name, folder.path());
    folder
}

fn stat(total: [u64; 4], others: &str) -> String {
    let [user, system, idle, switches] = total;
    format!("cpu {user} 0 {system} {idle} 0 0 0 0 0 0\n{others}intr 0\nctxt {switches}\nprocesses 0\nprocs_running 1\n")
}

#[test]
fn the_first_tick_already_has_rates_over_the_time_since_subscribing() {
    let mut host = Host::new("vm-2cpu");
    host.clock.advance(600 * MS);
    host.subscribe(1, "system", SECOND);
    host.replace("proc/stat", "ctxt 408962", "ctxt 409362");
    let frame = host.one_after(400 * MS);
    assert_eq!(frame.value("", "context_switches_per_sec"), 1000.0);
    assert_eq!(frame.timestamp_us, 1_700_000_001_000_000);
    assert_eq!((frame.interval_us, frame.gap), (1_000_000, false));
    // Too little time for what needs a window of 2 s.
    assert!(frame.value("", "pressure_cpu_some_stall_us_per_sec").is_nan());
    assert_eq!(frame.value("", "load1"), 0.41);
}

#[test]
fn what_is_read_aside_may_be_read_on_the_spot() {
    let mut host = Host::inline("cpu-holes");
    host.subscribe(1, "cpu", SECOND);
    assert_eq!(host.one_after(SECOND).value("3", "frequency_mhz"), 3600.0);
    host.write("sys/devices/system/cpu/cpu3/cpufreq/scaling_cur_freq", "1900000\n");
    assert_eq!(host.one_after(SECOND).value("3", "frequency_mhz"), 1900.0);
}

#[test]
fn a_fast_stream_changes_nothing_in_a_slow_one() {
    let rows = |fast: bool| {
        let mut host = Host::new("vm-2cpu");
        host.subscribe(1, "cpu", SECOND);
        host.subscribe(2, "network", SECOND);
        if fast {
            host.subscribe(3, "cpu", 10 * MS);
            host.subscribe(4, "network", MS);
        }
        let mut slow = Vec::new();
        for step in 1..=3000_u64 {
            let jiffies = step / 10;
            host.write("proc/stat", &stat([jiffies * 3, jiffies * 2, jiffies * 5, step], "cpu0 1 2 3 4\n"));
            host.write("proc/net/dev", &format!("|\n eth0: {} 1 0 0 0 0 0 0 {} 1 0 0 0 0 0 0\n", step * 100, step * 7));
            let frames = host.after(MS).into_iter();
            slow.extend(frames.filter(|frame| frame.interval_us == 1_000_000).map(|frame| frame.values));
        }
        slow
    };
    let (alone, beside) = (rows(false), rows(true));
    assert_eq!(alone.len(), 6);
    // Bit by bit, since NaN is not equal to itself.
    let bits = |rows: &[Vec<f64>]| rows.iter().flatten().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&alone), bits(&beside));
    // The second of `cpu`: the first has to do with the numbers that were there before.
    assert_eq!(alone[2][..3], [50.0, 30.0, 0.0]);
}

#[test]
fn fields_with_a_window_look_further_back_at_high_rates() {
    let mut host = Host::new("vm-2cpu");
    host.subscribe(1, "cpu", 10 * MS);
    let mut usages = Vec::new();
    // Busy for 100 ms, then idle: ten ticks on two CPUs.
    for step in 1..=40_u64 {
        let busy = step.min(20);
        host.write("proc/stat", &stat([busy, 0, 1000 + step - busy, 0], ""));
        usages.push(host.one_after(10 * MS).value("all", "usage_percent"));
    }
    assert!(usages[..8].iter().all(|usage| usage.is_nan()), "{usages:?}");
    assert_eq!(usages[19], 100.0);
    // Half a window after the change about half of the window is busy: no steps from 100 to 0.
    assert!((30.0..70.0).contains(&usages[24]), "{usages:?}");
    assert_eq!(usages[39], 0.0);
}

#[test]
fn ticks_that_were_slept_through_are_counted_and_end_in_a_gap() {
    let mut host = Host::new("vm-2cpu");
    host.subscribe(1, "system", SECOND);
    assert!(!host.one_after(SECOND).gap);
    host.replace("proc/stat", "ctxt 408962", "ctxt 410962");
    let frame = host.one_after(2 * SECOND);
    assert_eq!((frame.gap, frame.value("", "context_switches_per_sec")), (false, 1000.0));
    assert_eq!((host.stats.missed.get(), host.stats.gaps.get()), (1, 0));
    let frame = host.one_after(4 * SECOND);
    assert!(frame.gap && frame.value("", "context_switches_per_sec").is_nan());
    assert_eq!((host.stats.missed.get(), host.stats.gaps.get()), (4, 1));
    let frame = host.one_after(SECOND);
    assert_eq!((frame.gap, frame.value("", "context_switches_per_sec")), (false, 0.0));
}

#[test]
fn no_rate_crosses_a_suspend_or_a_clock_step_and_no_timestamp_comes_twice() {
    let mut host = Host::new("vm-2cpu");
    host.subscribe(1, "system", SECOND);
    let mut timestamps = vec![host.one_after(SECOND).timestamp_us];
    host.clock.suspend(3600 * SECOND);
    let frame = host.one_after(SECOND);
    assert!(frame.gap);
    timestamps.push(frame.timestamp_us);
    host.clock.step(-3602);
    assert_eq!(host.after(0).len(), 0);
    for _ in 0..3 {
        timestamps.push(host.one_after(SECOND).timestamp_us);
    }
    assert_eq!(host.stats.epoch.get(), 1);
    assert_eq!(timestamps[3], 1_700_000_002_000_001);
    timestamps.sort_unstable();
    timestamps.dedup();
    assert_eq!(timestamps.len(), 5);
    assert_eq!(host.stats.missed.get(), 0);
}

#[test]
fn a_cpu_that_leaves_ends_and_one_that_returns_starts_anew() {
    let mut host = Host::new("cpu-holes");
    host.subscribe(1, "cpu", SECOND);
    let frame = host.one_after(SECOND);
    assert_eq!(frame.instances, ["all", "0", "2", "3", "7"]);
    assert_eq!(frame.value("2", "frequency_mhz"), 1200.5);
    let line = "cpu2 100412 301 30001 2051829 5090 0 1010 30 721 3\n";
    host.replace("proc/stat", line, "");
    assert_eq!(host.one_after(SECOND).instances, ["all", "0", "3", "7"]);
    host.replace("proc/stat", "cpu3 ", "cpu2 100512 301 30001 2051829 5090 0 1010 30 721 3\ncpu3 ");
    host.replace("proc/stat", "cpu3 100562", "cpu3 100662");
    let frame = host.one_after(SECOND);
    assert!(frame.gap && frame.value("2", "usage_percent").is_nan());
    assert_eq!(frame.value("3", "usage_percent"), 100.0);
    host.replace("proc/stat", "cpu2 100512", "cpu2 100612");
    let frame = host.one_after(SECOND);
    assert_eq!((frame.gap, frame.value("2", "usage_percent")), (false, 100.0));
}

#[test]
fn a_file_that_becomes_unreadable_leaves_no_values_and_recovers() {
    let mut host = Host::new("vm-2cpu");
    host.subscribe(1, "memory", SECOND);
    assert!(host.one_after(SECOND).value("", "usage_percent") > 0.0);
    let text = fs::read_to_string(host.folder.path().join("proc/meminfo")).unwrap();
    host.write("proc/meminfo", "");
    assert!(host.one_after(SECOND).values.iter().all(|value| value.is_nan()));
    let (available, reason) = host.available().remove("memory").unwrap();
    assert!(!available && reason.ends_with("proc/meminfo: line 1: expected MemTotal"), "{reason}");
    assert!(host.available()["cpu"].0);
    host.write("proc/meminfo", &text);
    assert!(host.one_after(SECOND).value("", "usage_percent") > 0.0);
    assert_eq!(host.available()["memory"], (true, String::new()));
}

#[test]
fn an_old_kernel_says_what_it_lacks() {
    let mut host = Host::new("old-kernel");
    for (id, registration) in FAMILIES.iter().enumerate() {
        host.engine.subscribe(id as u32, id, SECOND);
        let (available, reason) = host.available().remove(registration.descriptor.name).unwrap();
        let lacks = match registration.descriptor.name {
            "perf" | "perf_custom" => Some("CONFIG_PERF_EVENTS"),
            "container" => Some("mount -t cgroup2"),
            "interrupts" | "softirqs" => Some("ENOENT"),
            "numa" => Some("CONFIG_NUMA"),
            "hugepages" => Some("CONFIG_HUGETLBFS"),
            _ => None,
        };
        assert!(lacks.map_or(available, |lacks| reason.contains(lacks)), "{reason}");
    }
    let frames = host.after(SECOND);
    let of = |name: &str| frames.iter().find(|frame| frame.family == name).unwrap();
    let reason = host.available()["system"].1.clone();
    assert!(
        reason.contains("ENOENT") && reason.contains("kernel without CONFIG_PSI, or booted with psi=0"),
        "{reason}"
    );
    assert!(of("system").value("", "pressure_io_some_avg10").is_nan());
    assert_eq!(of("memory").value("", "available_bytes"), 2_660_080.0 * 1024.0);
    assert_eq!(of("memory").value("", "hugepages_reserved"), 2.0);
    assert_eq!(of("disk").instances, ["all", "sda", "dm-0", "loop0", "cciss/c0d0"]);
    assert_eq!(of("disk").value("all", "reads_total"), 203_918.0 + 5120.0);
    assert!(of("disk").value("sda", "flushes_per_sec").is_nan());
    assert_eq!(of("swap").value("", "used_bytes"), 45_216.0 * 1024.0);
    assert!(of("sockets").value("", "tcp_listen").is_nan());
    assert!(host.available()["sockets"].1.contains("procfs is not this host's"));
    assert_eq!(of("filesystem").instances, ["/", "/boot"]);
    assert_eq!(of("filesystem").value("/boot", "stuck"), 0.0);
}

#[test]
fn a_host_without_anything_has_nothing_and_says_so() {
    let mut host = Host::new("vm-2cpu");
    fs::remove_dir_all(host.folder.path()).unwrap();
    let (writer, reader) = ring(DEFAULT_WORDS);
    let roots = Roots { proc: "/nonexistent".into(), sys: "/nonexistent".into(), cgroup: "/nonexistent".into() };
    let kernel = Kernel::new(roots, host.clock.clone(), host.layouts.clone());
    host.engine = Engine::new(kernel, writer, 0, Box::new(|| ()), Arc::clone(&host.stats));
    host.reader = reader;
    for id in 0..FAMILIES.len() {
        host.engine.subscribe(id as u32, id, SECOND);
    }
    for frame in host.after(SECOND) {
        assert!(frame.values.iter().all(|value| value.is_nan()), "{frame:?}");
    }
    for (available, reason) in host.available().into_values() {
        assert!(!available && reason.contains("ENOENT: /nonexistent"), "{reason}");
    }
}

#[test]
fn the_consumer_is_woken_per_batch_and_frames_are_never_stuck() {
    let mut host = Host::new("vm-2cpu");
    host.subscribe(1, "memory", MS);
    let mut drained = 0;
    for _ in 0..100 {
        let notified = host.notified.load(Ordering::Relaxed);
        host.clock.advance(MS);
        host.engine.wake();
        if host.notified.load(Ordering::Relaxed) > notified {
            drained += host.frames().len();
        }
    }
    let notified = host.notified.load(Ordering::Relaxed);
    assert!((2..=3).contains(&notified), "{notified}");
    host.engine.unsubscribe(1);
    let deadline_ns = host.engine.wake();
    host.clock.advance(deadline_ns - host.clock_ns());
    assert_eq!(host.engine.wake(), u64::MAX);
    assert_eq!(host.notified.load(Ordering::Relaxed), notified + 1);
    assert_eq!(drained + host.frames().len(), 100);
}

#[test]
fn a_consumer_that_does_not_drain_loses_frames_that_are_counted() {
    let mut host = Host::with_ring("vm-2cpu", 1024);
    host.subscribe(1, "memory", SECOND);
    for _ in 0..40 {
        host.clock.advance(SECOND);
        host.engine.wake();
    }
    let kept = host.frames().len() as u64;
    assert_eq!((host.stats.ticks.get(), host.stats.overruns.get()), (40, 40 - kept));
    assert_eq!(kept, 1024 / 32);
    let flags = |frames: Vec<Frame>| frames.iter().map(|frame| frame.flags).collect::<Vec<_>>();
    assert_eq!(flags(host.after(SECOND)), [FLAG_LOST]);
    assert_eq!(flags(host.after(SECOND)), [0]);
    host.clock.step(3600);
    assert_eq!(flags(host.after(SECOND)), [FLAG_GAP | FLAG_DISTURBED]);
}

#[test]
fn a_frame_that_is_lost_hands_its_flags_on() {
    let mut host = Host::with_ring("vm-2cpu", 1024);
    host.subscribe(1, "memory", SECOND);
    for second in 0..40 {
        if second == 35 {
            host.clock.step(3600);
        }
        host.clock.advance(SECOND);
        host.engine.wake();
    }
    assert!(host.frames().iter().all(|frame| frame.flags == 0));
    let flags = |frames: Vec<Frame>| frames.iter().map(|frame| frame.flags).collect::<Vec<_>>();
    assert_eq!(flags(host.after(SECOND)), [FLAG_GAP | FLAG_LOST | FLAG_DISTURBED]);
    assert_eq!(flags(host.after(SECOND)), [0]);
}

#[test]
fn roots_tell_whose_they_are() {
    assert!(Roots::default().is_this_host());
    assert!(!Roots { proc: Path::new("/host/proc").into(), ..Roots::default() }.is_this_host());
}
