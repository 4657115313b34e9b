//! Hosts too large to keep as files: made when a test wants them, each with what is different a second later.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::{LATER, TempDir, copy_host};

pub struct LargeHost {
    pub name: &'static str,
    pub make: fn() -> TempDir,
}

pub static LARGE_HOSTS: [LargeHost; 2] = [
    LargeHost { name: "generated-512-cpus", make: || many_cpus(512) },
    LargeHost { name: "generated-2000-interfaces", make: || many_interfaces(2000) },
];

fn write(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// What is not made here is that of a small virtual machine.
fn small() -> TempDir {
    let folder = TempDir::new();
    copy_host("vm-2cpu", folder.path());
    fs::remove_dir_all(folder.path().join(LATER)).ok();
    fs::remove_dir_all(folder.path().join("sys/devices/system/cpu")).unwrap();
    folder
}

/// Four packages of equally many CPUs, two CPUs to a core, and every tenth CPU (0, 10, …) is busy.
fn many_cpus(cpus: u64) -> TempDir {
    let folder = small();
    let per_package = cpus / 4;
    for cpu in 0..cpus {
        let file = |name: &str| format!("sys/devices/system/cpu/cpu{cpu}/{name}");
        write(folder.path(), &file("topology/physical_package_id"), &format!("{}\n", cpu / per_package));
        write(folder.path(), &file("topology/core_id"), &format!("{}\n", cpu % per_package / 2));
        write(folder.path(), &file("cpufreq/scaling_cur_freq"), &format!("{}\n", 2_000_000 + cpu * 1000));
    }
    write(folder.path(), "sys/devices/system/cpu/online", &format!("0-{}\n", cpus - 1));
    let pmu = "sys/bus/event_source/devices/cpu";
    write(folder.path(), &format!("{pmu}/type"), "4\n");
    write(folder.path(), &format!("{pmu}/caps/pmu_name"), "sapphire_rapids\n");
    write(folder.path(), &format!("{pmu}/format/event"), "config:0-7\n");
    write(folder.path(), "proc/stat", &stat(cpus, 0));
    write(&folder.path().join(LATER), "proc/stat", &stat(cpus, 1));
    folder
}

/// `/proc/stat` so many seconds after an hour of uptime.
fn stat(cpus: u64, seconds: u64) -> String {
    let ticks = (3600 + seconds) * 100;
    let busy = |cpu: u64| if cpu.is_multiple_of(10) { ticks - 3600 * 90 } else { 3600 };
    let line = |user: u64, ticks: u64| format!("{user} 0 0 {} 0 0 0 0 0 0\n", ticks - user);
    let mut text = format!("cpu  {}", line((0..cpus).map(busy).sum(), cpus * ticks));
    for cpu in 0..cpus {
        write!(text, "cpu{cpu} {}", line(busy(cpu), ticks)).unwrap();
    }
    let happened = |per_second: u64| per_second * (3600 + seconds);
    let (interrupts, switches, softirqs) = (happened(400 * cpus), happened(800 * cpus), happened(300 * cpus));
    write!(text, "intr {interrupts}\nctxt {switches}\nbtime 1700000000\nprocesses 100000\nprocs_running 52\n").unwrap();
    write!(text, "procs_blocked 0\nsoftirq {softirqs}\n").unwrap();
    text
}

/// An uplink and a pair end for each container, of which number N moves N kB a second, and the uplink all of it.
fn many_interfaces(interfaces: u64) -> TempDir {
    let folder = small();
    write(folder.path(), "sys/devices/system/cpu/online", "0-1\n");
    write(folder.path(), "proc/net/dev", &net_dev(interfaces, 0));
    write(&folder.path().join(LATER), "proc/net/dev", &net_dev(interfaces, 1));
    folder
}

/// `/proc/net/dev` so many seconds after an hour of traffic.
fn net_dev(interfaces: u64, seconds: u64) -> String {
    let mut text = "Inter-|   Receive                                                |  Transmit\n \
                    face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"
        .to_owned();
    let happened = |per_second: u64| per_second * (3600 + seconds);
    let mut line = |name: &str, kilobytes: u64| {
        let (bytes, packets) = (happened(kilobytes * 1000), happened(kilobytes));
        writeln!(text, "{name:>6}: {bytes:7} {packets:7}    0    0    0     0          0         0 {bytes:8} {packets:7}    0    0    0     0       0          0").unwrap();
    };
    line("lo", 5);
    line("eth0", (1..interfaces - 1).sum());
    for number in 1..interfaces - 1 {
        line(&format!("veth{number:07x}"), number);
    }
    text
}
