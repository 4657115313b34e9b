//! The `container` family in the engine, on trees of groups that the test changes.

use crate::sampler::engine_test::{Frame, Host};
use crate::testing::allocations;

const MS: u64 = 1_000_000;
const SECOND: u64 = 1000 * MS;
const ID: &str = "4fa6e0f0c6786287e131c3852c58a2e01cc697a68231826813597e4994f1d6e2";

fn unified() -> Host {
    let host = Host::inline("vm-2cpu");
    host.write("cgroup/cgroup.controllers", "cpu io memory pids\n");
    // What is not there is looked for again only after a while.
    host.clock.advance(SECOND);
    host
}

/// Writes the files of a group that has used so many µs of CPU time and so on.
fn group(host: &Host, path: &str, used_us: u64, memory: u64, io: u64) {
    let file = |name: &str, text: String| host.write(&format!("cgroup/{path}/{name}"), &text);
    let (user, system) = (used_us * 3 / 4, used_us / 4);
    file(
        "cpu.stat",
        format!(
            "usage_usec {used_us}\nuser_usec {user}\nsystem_usec {system}\nnr_periods {}\nnr_throttled {}\nthrottled_usec {used_us}\n",
            used_us / 100,
            used_us / 400
        ),
    );
    file("cpu.max", "200000 100000\n".to_owned());
    file("memory.current", format!("{memory}\n"));
    file(
        "memory.stat",
        format!("anon {}\nfile {}\ninactive_file {}\npgmajfault {io}\n", memory / 2, memory / 2, memory / 4),
    );
    file("memory.max", "max\n".to_owned());
    file("memory.events", "low 0\noom 1\noom_kill 1\n".to_owned());
    file("io.stat", format!("254:0 rbytes={io} wbytes={} rios=1 wios=2 dbytes=0 dios=0\n", io * 2));
    file("pids.current", "3\n".to_owned());
    file("pids.max", "max\n".to_owned());
    file("cpu.pressure", format!("some avg10=0.00 avg60=0.00 avg300=0.00 total={used_us}\n"));
    file("cgroup.procs", String::new());
}

fn one(frames: Vec<Frame>) -> Frame {
    frames.into_iter().next().unwrap()
}

#[test]
fn a_container_has_what_it_used_since_the_frame_before() {
    let mut host = unified();
    let path = format!("system.slice/docker-{ID}.scope");
    group(&host, &path, 1_000_000, 8 << 20, 1000);
    host.subscribe(1, "container", SECOND);
    group(&host, &path, 1_500_000, 16 << 20, 3000);
    let frame = host.one_after(SECOND);
    assert_eq!(frame.instances, [ID]);
    let value = |field: &str| frame.value(ID, field);
    assert_eq!([value("cpu_percent"), value("cpu_user_percent"), value("cpu_system_percent")], [50.0, 37.5, 12.5]);
    assert_eq!(
        (value("cpu_limit_cores"), value("cpu_limit_percent"), value("cpu_throttled_percent")),
        (2.0, 25.0, 25.0)
    );
    assert_eq!((value("memory_bytes"), value("memory_usage_bytes")), (f64::from(12 << 20), f64::from(16 << 20)));
    assert!(value("memory_limit_bytes").is_nan() && value("pids_limit").is_nan() && value("swap_bytes").is_nan());
    assert!(value("memory_percent") > 0.0 && value("memory_percent") < 1.0);
    assert_eq!((value("oom_kills_total"), value("major_faults_per_sec"), value("pids")), (1.0, 2000.0, 3.0));
    assert_eq!(
        (value("read_bytes_per_sec"), value("write_bytes_per_sec"), value("reads_per_sec")),
        (2000.0, 4000.0, 0.0)
    );
    assert!(value("network_received_bytes_total").is_nan());
}

#[test]
fn what_comes_is_seen_and_what_goes_is_closed_without_a_rate_in_between() {
    let mut host = unified();
    host.subscribe(1, "container", SECOND);
    assert_eq!(host.one_after(SECOND).instances, [""; 0]);
    group(&host, "system.slice/a.service", 1_000_000, 1 << 20, 0);
    let frame = host.one_after(SECOND);
    assert_eq!(frame.instances, ["a.service"]);
    assert!(frame.value("a.service", "cpu_percent").is_nan());
    group(&host, "system.slice/a.service", 1_100_000, 1 << 20, 0);
    assert_eq!(host.one_after(SECOND).value("a.service", "cpu_percent"), 10.0);
    host.remove_folder("cgroup/system.slice/a.service");
    group(&host, "system.slice/a.service", 9_000_000, 1 << 20, 0);
    assert!(host.one_after(SECOND).value("a.service", "cpu_percent").is_nan(), "another group of the same name");
    host.remove_folder("cgroup/system.slice/a.service");
    assert_eq!(host.one_after(SECOND).instances, [""; 0]);
}

#[test]
fn limits_are_read_again_now_and_then() {
    let mut host = unified();
    group(&host, "batch", 0, 8 << 20, 0);
    host.subscribe(1, "container", SECOND);
    host.write("cgroup/batch/memory.max", "16777216\n");
    let mut frames: Vec<f64> = (0..15).map(|_| host.one_after(SECOND).value("batch", "memory_limit_bytes")).collect();
    assert!(frames[0].is_nan());
    assert_eq!(frames.pop(), Some(16_777_216.0));
    assert_eq!(host.one_after(SECOND).value("batch", "memory_percent"), 37.5);
}

#[test]
fn the_hierarchies_of_v1_say_the_same() {
    let mut host = Host::inline("vm-2cpu");
    let path = format!("docker/{ID}");
    let write = |host: &Host, used_ns: u64| {
        let file = |name: &str, text: &str| host.write(&format!("cgroup/{}", name.replace('*', &path)), text);
        file("cpu,cpuacct/*/cpuacct.usage", &format!("{used_ns}\n"));
        file("cpu,cpuacct/*/cpuacct.stat", &format!("user {}\nsystem 0\n", used_ns / 10_000_000));
        file("cpu,cpuacct/*/cpu.stat", "nr_periods 0\nnr_throttled 0\nthrottled_time 0\n");
        file("cpu,cpuacct/*/cpu.cfs_quota_us", "-1\n");
        file("cpu,cpuacct/*/cpu.cfs_period_us", "100000\n");
        file("memory/*/memory.usage_in_bytes", "4194304\n");
        file(
            "memory/*/memory.stat",
            "rss 1\ntotal_rss 1048576\ntotal_cache 2097152\ntotal_inactive_file 1048576\ntotal_swap 4096\n",
        );
        file("memory/*/memory.limit_in_bytes", "9223372036854771712\n");
        file("blkio/*/blkio.throttle.io_service_bytes", &format!("8:0 Read {used_ns}\n8:0 Write 0\nTotal {used_ns}\n"));
        file("blkio/blkio.throttle.io_service_bytes", "8:0 Read 1\nTotal 1\n");
        file("pids/*/pids.current", "2\n");
        file("pids/*/pids.max", "100\n");
    };
    write(&host, 1_000_000_000);
    host.clock.advance(SECOND);
    host.subscribe(1, "container", SECOND);
    write(&host, 1_500_000_000);
    let frame = host.one_after(SECOND);
    let value = |field: &str| frame.value(ID, field);
    assert_eq!((value("cpu_percent"), value("cpu_user_percent")), (50.0, 50.0));
    assert!(value("cpu_limit_cores").is_nan() && value("memory_limit_bytes").is_nan());
    assert!(value("cpu_throttled_percent").is_nan(), "no period has ended");
    assert_eq!((value("memory_bytes"), value("swap_bytes")), (3_145_728.0, 4096.0));
    assert_eq!((value("read_bytes_per_sec"), value("pids_limit")), (500_000_000.0, 100.0));
    assert!(value("oom_kills_total").is_nan());
}

#[test]
fn the_folders_of_a_group_come_one_after_the_other() {
    let mut host = Host::inline("vm-2cpu");
    host.write("cgroup/cpuacct/docker/cpuacct.usage", "0\n");
    host.write("cgroup/memory/docker/memory.usage_in_bytes", "0\n");
    host.clock.advance(SECOND);
    host.subscribe(1, "container", SECOND);
    host.write(&format!("cgroup/cpuacct/docker/{ID}/cpuacct.usage"), "1000000000\n");
    assert!(host.one_after(SECOND).value(ID, "memory_bytes").is_nan());
    host.write(&format!("cgroup/memory/docker/{ID}/memory.usage_in_bytes"), "4096\n");
    host.write(&format!("cgroup/cpuacct/docker/{ID}/cpuacct.usage"), "1500000000\n");
    let frame = host.one_after(SECOND);
    assert_eq!((frame.value(ID, "memory_bytes"), frame.value(ID, "cpu_percent")), (4096.0, 50.0));
}

#[test]
fn what_groups_below_a_container_read_is_its_own() {
    let mut host = Host::inline("vm-2cpu");
    for name in ["io_service_bytes", "io_serviced"] {
        for (end, read) in [("", 1), ("_recursive", 5)] {
            host.write(&format!("cgroup/blkio/blkio.throttle.{name}{end}"), "8:0 Read 9\nTotal 9\n");
            host.write(&format!("cgroup/blkio/lxc/web/blkio.throttle.{name}{end}"), &format!("8:0 Read {read}\n"));
        }
    }
    host.clock.advance(SECOND);
    host.subscribe(1, "container", SECOND);
    host.write("cgroup/blkio/lxc/web/blkio.throttle.io_service_bytes_recursive", "8:0 Read 4101\n");
    let frame = host.one_after(SECOND);
    assert_eq!((frame.value("web", "read_bytes_per_sec"), frame.value("web", "reads_per_sec")), (4096.0, 0.0));
}

/// The network of a task is made after its group.
#[test]
fn a_container_that_has_just_begun_is_asked_again_for_its_network() {
    let mut host = unified();
    std::os::unix::fs::symlink("net:[1]", host.path("proc/1/ns/net")).unwrap();
    group(&host, "batch", 0, 0, 0);
    host.write("cgroup/batch/cgroup.procs", "41\n");
    std::os::unix::fs::symlink("net:[1]", host.path("proc/41/ns/net")).unwrap();
    host.write("proc/41/net/dev", "|\n eth0: 70 1 0 0 0 0 0 0 30 1 0 0 0 0 0 0\n");
    host.subscribe(1, "container", 500 * MS);
    assert!(host.one_after(500 * MS).value("batch", "network_received_bytes_total").is_nan());
    std::fs::remove_file(host.path("proc/41/ns/net")).unwrap();
    std::os::unix::fs::symlink("net:[2]", host.path("proc/41/ns/net")).unwrap();
    assert_eq!(host.one_after(500 * MS).value("batch", "network_received_bytes_total"), 70.0);
}

#[test]
fn without_groups_it_says_what_to_do() {
    let host = Host::inline("vm-2cpu");
    let (available, reason) = host.available()["container"].clone();
    assert!(!available && reason.contains("mount -t cgroup2"), "{reason}");
}

#[test]
fn a_steady_pass_allocates_nothing() {
    let mut host = unified();
    for number in 0..50 {
        group(&host, &format!("system.slice/s{number}.service"), 1_000_000, 1 << 20, 5);
    }
    host.subscribe(1, "container", 200 * MS);
    let mut tick = |count| {
        for _ in 0..count {
            host.clock.advance(200 * MS);
            host.engine.wake();
            host.reader.drain(|_, _| ());
        }
    };
    // Groups without a task are looked into for a while, and the rest is thorough every ten seconds.
    tick(60);
    let before = allocations();
    tick(35);
    assert_eq!(allocations() - before, 0);
}

#[test]
fn nobody_is_told_of_containers_that_nobody_samples() {
    let mut host = unified();
    group(&host, "system.slice/a.service", 0, 0, 0);
    host.subscribe(1, "container", SECOND);
    assert_eq!(host.one_after(SECOND).instances, ["a.service"]);
    host.engine.unsubscribe(1);
    host.subscribe(2, "container", SECOND);
    assert_eq!(one(host.after(SECOND)).instances, ["a.service"]);
}
