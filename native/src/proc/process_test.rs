//! The `process` family as a whole, on a captured host whose processes the tests change.

use crate::sampler::engine_test::{Frame, Host};

const MS: u64 = 1_000_000;
const SECOND: u64 = 1000 * MS;
/// What `Host` shows on its clock at first, in clock ticks since boot.
const BOOTED_TICKS: u64 = 100_000;
const PAGE_BYTES: f64 = 4096.0;

/// What a test says of a process; anything else is the same for all.
#[derive(Clone, Copy)]
struct Made {
    pid: u32,
    command: &'static str,
    ticks: u64,
    start: u64,
    pages: u64,
}

const MADE: Made = Made { pid: 1000, command: "made", ticks: 0, start: 7000, pages: 0 };

impl Made {
    fn write(self, host: &Host) {
        let Self { pid, command, ticks, start, pages } = self;
        let text =
            format!("{pid} ({command}) S 1 1 1 0 -1 4194304 0 0 0 0 {ticks} 0 0 0 20 0 1 0 {start} 0 {pages} 0\n");
        host.write(&format!("proc/{pid}/stat"), &text);
    }

    fn write_io(self, host: &Host, read: u64, written: u64) {
        host.write(&format!("proc/{}/io", self.pid), &format!("read_bytes: {read}\nwrite_bytes: {written}\n"));
    }
}

/// As the family names it: the fixture is not this host's, so its users are numbers.
fn name(pid: u32, command: &str) -> String {
    // SAFETY: no arguments, cannot fail.
    format!("{pid} {} {command}", unsafe { libc::geteuid() })
}

fn of(frame: &Frame, pid: u32, command: &str, field: &str) -> f64 {
    frame.value(&name(pid, command), field)
}

fn has(frame: &Frame, pid: u32, command: &str) -> bool {
    frame.instances.contains(&name(pid, command))
}

/// A host somebody samples once a second, after its first tick.
fn sampled() -> Host {
    let mut host = Host::inline("processes");
    host.subscribe(1, "process", SECOND);
    host.one_after(SECOND);
    host
}

#[test]
fn processes_have_their_figures() {
    let mut host = sampled();
    host.replace("proc/300/stat", " 300 50 ", " 330 60 ");
    host.replace("proc/300/io", "write_bytes: 52428800", "write_bytes: 52433920");
    host.replace("proc/300/io", "read_bytes: 1048576", "read_bytes: 1052672");
    host.replace("proc/61/stat", " 0 812 ", " 0 813 ");
    let frame = host.one_after(SECOND);
    assert_eq!(
        frame.instances,
        [name(1, "systemd"), name(61, "kworker/u8:2-flush-254:0"), name(300, "postgres"), name(400, "a) R 1 (b")]
    );
    let postgres = |field| of(&frame, 300, "postgres", field);
    assert_eq!((postgres("cpu_percent"), postgres("threads"), postgres("started_seconds")), (40.0, 3.0, 41.0));
    assert_eq!((postgres("read_bytes_per_sec"), postgres("write_bytes_per_sec")), (4096.0, 5120.0));
    assert_eq!(postgres("memory_bytes"), 15_360.0 * PAGE_BYTES);
    assert_eq!(postgres("memory_percent"), 15_360.0 * 4.0 * 100.0 / 24_684_084.0);
    let kernel_thread = |field| of(&frame, 61, "kworker/u8:2-flush-254:0", field);
    assert_eq!(kernel_thread("cpu_percent"), 1.0);
    assert!(kernel_thread("memory_bytes").is_nan() && kernel_thread("memory_percent").is_nan());
    assert_eq!((of(&frame, 1, "systemd", "cpu_percent"), of(&frame, 1, "systemd", "write_bytes_per_sec")), (0.0, 0.0));
    assert_eq!(host.available()["process"], (true, String::new()));
}

#[test]
fn until_somebody_samples_them_processes_are_not_read() {
    let mut host = Host::inline("processes");
    assert_eq!(host.available()["process"], (true, String::new()));
    host.replace("proc/1/stat", "120 80", "220 80");
    host.clock.advance(3600 * SECOND);
    host.subscribe(1, "process", SECOND);
    // Had they been read at start, this would be 100 ticks over an hour.
    host.replace("proc/1/stat", "220 80", "230 80");
    assert_eq!(of(&host.one_after(SECOND), 1, "systemd", "cpu_percent"), 10.0);
    host.engine.unsubscribe(1);
    host.clock.advance(3600 * SECOND);
    host.replace("proc/1/stat", "230 80", "730 80");
    host.subscribe(2, "process", SECOND);
    assert_eq!(of(&host.one_after(SECOND), 1, "systemd", "cpu_percent"), 0.0);
}

#[test]
fn the_top_is_ten_of_each_kind_together() {
    let mut host = Host::inline("processes");
    let (busy, large, writing) = (1000..1015_u32, 2000..2015_u32, 3000..3015_u32);
    let write = |host: &Host, second: u64| {
        for pid in busy.clone() {
            Made { pid, ticks: second * u64::from(pid - 995), ..MADE }.write(host);
        }
        for pid in large.clone() {
            Made { pid, pages: 100_000 + u64::from(pid), ..MADE }.write(host);
        }
        for pid in writing.clone() {
            Made { pid, ..MADE }.write(host);
            Made { pid, ..MADE }.write_io(host, 0, second * u64::from(pid) * 1000);
        }
    };
    write(&host, 0);
    host.subscribe(1, "process", SECOND);
    let mut frame = None;
    // Those that only do I/O are found by turns.
    for second in 1..10 {
        write(&host, second);
        frame = Some(host.one_after(SECOND));
    }
    let frame = frame.unwrap();
    let expected: Vec<String> =
        [1005..1015, 2005..2015, 3005..3015].into_iter().flatten().map(|pid| name(pid, "made")).collect();
    assert_eq!(frame.instances, expected);
    assert_eq!(of(&frame, 1014, "made", "cpu_percent"), 19.0);
    assert_eq!(of(&frame, 3014, "made", "write_bytes_per_sec"), 3_014_000.0);
}

#[test]
fn rivals_do_not_take_turns() {
    let mut host = sampled();
    let mut sets = std::collections::HashSet::new();
    let mut ticks = [0; 14];
    for second in 0..30_u64 {
        for (index, ticks) in ticks.iter_mut().enumerate() {
            // From 8 to 11 ticks, whoever it is.
            *ticks += 8 + (second * 7 + index as u64 * 5) % 4;
            Made { pid: 1000 + index as u32, ticks: *ticks, ..MADE }.write(&host);
        }
        let frame = host.one_after(SECOND);
        if second > 1 {
            sets.insert(frame.instances);
        }
    }
    assert_eq!(sets.len(), 1);
}

#[test]
fn a_newcomer_has_used_what_it_used_since_the_last_look() {
    let mut host = sampled();
    Made { ticks: 50, start: BOOTED_TICKS + 120, ..MADE }.write(&host);
    MADE.write_io(&host, 0, 8192);
    let frame = host.one_after(SECOND);
    assert_eq!(of(&frame, 1000, "made", "cpu_percent"), 50.0);
    assert_eq!(of(&frame, 1000, "made", "write_bytes_per_sec"), 8192.0);
    // One that was hidden until now is no newcomer.
    Made { pid: 1001, ticks: 50_000, start: 300, pages: 900, ..MADE }.write(&host);
    let frame = host.one_after(SECOND);
    assert!(of(&frame, 1001, "made", "cpu_percent").is_nan());
    assert_eq!(of(&frame, 1000, "made", "cpu_percent"), 0.0);
}

#[test]
fn a_pid_that_is_used_again_is_another_process() {
    let mut host = sampled();
    Made { ticks: 1000, start: 7000, pages: 500, ..MADE }.write(&host);
    MADE.write_io(&host, 0, 1 << 20);
    host.one_after(SECOND);
    // With the same name, and more of everything than its predecessor had.
    Made { ticks: 1020, start: BOOTED_TICKS + 290, pages: 500, ..MADE }.write(&host);
    MADE.write_io(&host, 0, 3 << 20);
    let frame = host.one_after(SECOND);
    // All of it since the last look: against its predecessor it would be 20 ticks and 2 MiB.
    assert_eq!(of(&frame, 1000, "made", "cpu_percent"), 1020.0);
    assert_eq!(of(&frame, 1000, "made", "write_bytes_per_sec"), f64::from(3 << 20));
    assert_eq!(of(&frame, 1000, "made", "started_seconds"), 1002.9);
    // Started before the last look, so that nothing is known of what it used since.
    Made { ticks: 1500, start: 9000, pages: 500, ..MADE }.write(&host);
    let frame = host.one_after(SECOND);
    assert!(of(&frame, 1000, "made", "cpu_percent").is_nan());
    assert!(of(&frame, 1000, "made", "write_bytes_per_sec").is_nan());
}

#[test]
fn a_process_that_goes_is_gone_and_one_that_comes_back_to_the_top_makes_no_gap() {
    let mut host = sampled();
    Made { ticks: 10, pages: 500, ..MADE }.write(&host);
    assert!(has(&host.one_after(SECOND), 1000, "made"));
    host.remove_folder("proc/1000");
    assert!(!has(&host.one_after(SECOND), 1000, "made"));
    Made { ticks: 40, pages: 500, ..MADE }.write(&host);
    let frame = host.one_after(SECOND);
    assert!(has(&frame, 1000, "made") && !frame.gap);
    assert!(of(&frame, 1000, "made", "cpu_percent").is_nan());
}

#[test]
fn a_slow_consumer_has_rates_over_its_own_interval() {
    let mut host = Host::inline("processes");
    host.subscribe(1, "process", SECOND);
    host.subscribe(2, "process", 4 * SECOND);
    let mut frames = Vec::new();
    for (second, ticks) in [130, 130, 130, 150].into_iter().enumerate() {
        let earlier = [120, 130, 130, 130][second];
        host.replace("proc/1/stat", &format!(" {earlier} 80 "), &format!(" {ticks} 80 "));
        frames = host.after(SECOND);
    }
    let values: Vec<f64> = frames.iter().map(|frame| of(frame, 1, "systemd", "cpu_percent")).collect();
    assert_eq!(values, [20.0, 7.5]);
}

#[test]
fn no_rate_crosses_a_gap() {
    let mut host = sampled();
    host.clock.suspend(3600 * SECOND);
    host.replace("proc/1/stat", "120 80", "180 80");
    let frame = host.one_after(SECOND);
    assert!(frame.gap && of(&frame, 1, "systemd", "cpu_percent").is_nan());
    assert_eq!(of(&host.one_after(SECOND), 1, "systemd", "cpu_percent"), 0.0);
}

#[test]
fn a_name_that_changes_is_another_instance_with_rates_of_the_same_process() {
    let mut host = sampled();
    host.replace("proc/300/stat", "(postgres)", "(checkpointer)");
    host.replace("proc/300/stat", " 300 50 ", " 310 50 ");
    assert_eq!(of(&host.one_after(SECOND), 300, "checkpointer", "cpu_percent"), 10.0);
}

#[test]
fn a_kernel_without_io_accounting_says_so() {
    let mut host = Host::inline("old-kernel");
    host.subscribe(1, "process", SECOND);
    host.one_after(SECOND);
    host.replace("proc/1/stat", " 2 141 ", " 2 144 ");
    let frame = host.one_after(SECOND);
    assert_eq!(of(&frame, 1, "init", "cpu_percent"), 3.0);
    assert!(of(&frame, 1, "init", "read_bytes_per_sec").is_nan());
    let expected = "no I/O: kernel without CONFIG_TASK_IO_ACCOUNTING".to_owned();
    assert_eq!(host.available()["process"], (true, expected));
}

#[test]
fn a_proc_file_system_without_processes_is_none() {
    let host = Host::inline("cpu-holes");
    let (available, reason) = host.available().remove("process").unwrap();
    assert!(!available && reason.ends_with("no processes: is /proc mounted there?"), "{reason}");
}
