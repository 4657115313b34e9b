//! Why an event is not counted and what would change that, in words a person can act on.

use std::collections::BTreeMap;

use super::control::EventStatus;
use super::kernel::Permission;
use crate::host::descriptors::RESERVED_DESCRIPTORS;
use crate::host::errno;

/// What an errno means depends on these.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    pub permission: Permission,
    /// Sysfs shows a PMU of the CPU cores.
    pub core_pmu: bool,
}

/// Why something is not counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    pub reason: String,
    /// The commands, settings or hosts that would change it; empty when nothing is known that would.
    pub remedy: String,
}

impl From<String> for Problem {
    /// A problem that only its reason helps with.
    fn from(reason: String) -> Self {
        Self { reason, remedy: String::new() }
    }
}

impl Problem {
    fn new(reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { reason: reason.into(), remedy: remedy.into() }
    }

    /// Both, where a remedy that helps with both is said once.
    pub fn and(self, other: Self) -> Self {
        let remedy = if self.remedy.contains(&other.remedy) {
            self.remedy
        } else if self.remedy.is_empty() {
            other.remedy
        } else {
            format!("{}; {}", self.remedy, other.remedy)
        };
        Self { reason: format!("{}; {}", self.reason, other.reason), remedy }
    }
}

/// Said of every hardware event where sysfs shows no PMU of the cores.
pub fn no_core_pmu(refused: i32) -> Problem {
    Problem::new(
        format!("{}: no such PMU: this kernel shows no counters of the CPU", errno::name(refused)),
        "use bare metal, or a virtual machine type that passes the PMU through (QEMU/KVM: -cpu host,pmu=on)",
    )
}

/// Said where sysfs shows no PMU of memory controllers; what would help depends on the machine, as /proc/cpuinfo has it.
pub fn no_memory_pmu(cpuinfo: &str) -> Problem {
    let says = |word: &str| cpuinfo.split_ascii_whitespace().any(|said| said == word);
    let driver = match ["GenuineIntel", "AuthenticAMD", "HygonGenuine"].map(says) {
        [true, _, _] => Some("modprobe intel_uncore"),
        [_, true, _] | [_, _, true] => Some("modprobe amd_uncore"),
        _ => None,
    };
    let monitored = says("cqm_mbm_total").then_some("mount -t resctrl resctrl /sys/fs/resctrl");
    let remedies: Vec<&str> = if says("hypervisor") {
        vec!["use bare metal: hypervisors keep these counters to themselves"]
    } else {
        driver.into_iter().chain(monitored).collect()
    };
    let reason = "ENOENT: no such PMU: this kernel shows no counters of memory controllers";
    Problem::new(reason, remedies.join(", or "))
}

/// Said of every event while `perf_events_enabled` is false.
pub fn switched_off() -> Problem {
    Problem::new("switched off (perf_events_enabled)", "set perf_events_enabled to true (PUT /api/config)")
}

/// Said of the events that were given up because so many descriptors were wanted and there is only room for fewer.
pub fn too_few_descriptors(wanted: usize, room: usize) -> Problem {
    // As much again for what else is open as is kept free for it.
    let limit = wanted as u64 + 2 * RESERVED_DESCRIPTORS;
    Problem::new(
        format!("EMFILE: all events need {wanted} file descriptors and there are {room}"),
        format!("raise the limit of open files: LimitNOFILE={limit} in the systemd unit, or ulimit -n {limit}"),
    )
}

/// Why `perf_event_open` refused an event.
pub fn explain(refused: i32, hardware: bool, circumstances: &Circumstances) -> Problem {
    let name = errno::name(refused);
    match refused {
        // Permission comes first for the kernel, but would not help.
        libc::EACCES | libc::EPERM | libc::ENOENT | libc::ENODEV | libc::EOPNOTSUPP | libc::EINVAL
            if hardware && !circumstances.core_pmu =>
        {
            no_core_pmu(refused)
        }
        libc::EACCES | libc::EPERM => permission(&name, &circumstances.permission),
        libc::ENOENT | libc::ENODEV | libc::EOPNOTSUPP | libc::EINVAL => {
            format!("{name}: the PMU does not count this").into()
        }
        libc::EMFILE | libc::ENFILE => Problem::new(
            format!("{name}: no file descriptor is left"),
            "raise the limit of open files: LimitNOFILE= in the systemd unit, ulimit -n, or for all processes \
             sysctl -w fs.file-max=N",
        ),
        libc::EBUSY | libc::ENOSPC => Problem::new(
            format!("{name}: all counters are held by somebody else"),
            "end what else counts (perf, a profiler), and sysctl -w kernel.nmi_watchdog=0",
        ),
        libc::E2BIG => Problem::new(format!("{name}: the kernel is too old for config3"), "use Linux 6.3 or newer"),
        libc::ENOSYS => Problem::new(
            format!("{name}: kernel without CONFIG_PERF_EVENTS, or a sandbox forbids perf_event_open"),
            "use a kernel with CONFIG_PERF_EVENTS=y, and a seccomp profile that lets perf_event_open pass",
        ),
        _ => name.into(),
    }
}

fn permission(name: &str, Permission { capable, paranoid }: &Permission) -> Problem {
    match paranoid {
        Some(level) if *level > 0 && !capable => Problem::new(
            format!("{name}: perf_event_paranoid={level} and no CAP_PERFMON"),
            format!(
                "sysctl -w kernel.perf_event_paranoid=0, or AmbientCapabilities=CAP_PERFMON in the systemd unit, or \
                 setcap cap_perfmon+ep {}, or run as root",
                executable()
            ),
        ),
        _ => Problem::new(
            format!("{name}: a sandbox forbids perf_event_open"),
            "docker run --cap-add=PERFMON, or let the sandbox's seccomp profile pass perf_event_open",
        ),
    }
}

/// The file that capabilities would be given to: the runtime that this addon is loaded into.
fn executable() -> String {
    std::env::current_exe().map_or_else(|_| "its node".to_owned(), |path| path.display().to_string())
}

/// All that is not counted, the events of one reason together: `cycles, instructions: ENOENT: …: use …`.
pub fn summary(statuses: &[EventStatus]) -> Vec<String> {
    let mut events: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for status in statuses.iter().filter(|status| !status.reason.is_empty()) {
        events.entry((&status.reason, &status.remedy)).or_default().push(&status.name);
    }
    let said = |((reason, remedy), names): ((&str, &str), Vec<&str>)| match remedy {
        "" => format!("{}: {reason}", names.join(", ")),
        remedy => format!("{}: {reason}: {remedy}", names.join(", ")),
    };
    events.into_iter().map(said).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circumstances(capable: bool, paranoid: i64, core_pmu: bool) -> Circumstances {
        Circumstances { permission: Permission { capable, paranoid: Some(paranoid) }, core_pmu }
    }

    #[test]
    fn permission_says_what_would_grant_it() {
        let Problem { reason, remedy } = explain(libc::EACCES, true, &circumstances(false, 2, true));
        assert_eq!(reason, "EACCES: perf_event_paranoid=2 and no CAP_PERFMON");
        assert!(remedy.starts_with("sysctl -w kernel.perf_event_paranoid=0, or Ambient"), "{remedy}");
        let executable = std::env::current_exe().unwrap();
        assert!(remedy.contains(&format!("setcap cap_perfmon+ep {},", executable.display())), "{remedy}");
        for (capable, paranoid) in [(true, 2), (false, -1)] {
            let Problem { reason, remedy } = explain(libc::EPERM, false, &circumstances(capable, paranoid, true));
            assert_eq!(reason, "EPERM: a sandbox forbids perf_event_open");
            assert!(remedy.contains("--cap-add=PERFMON") && remedy.contains("seccomp"), "{remedy}");
        }
    }

    #[test]
    fn a_missing_pmu_is_told_from_a_missing_event() {
        let missing = |hardware, core_pmu| explain(libc::ENOENT, hardware, &circumstances(true, 0, core_pmu));
        let no_pmu = missing(true, false);
        assert!(no_pmu.reason.starts_with("ENOENT: no such PMU") && no_pmu.remedy.contains("pmu=on"), "{no_pmu:?}");
        let forbidden = explain(libc::EACCES, true, &circumstances(false, 2, false));
        assert!(forbidden.reason.starts_with("EACCES: no such PMU") && forbidden.remedy == no_pmu.remedy);
        let no_event = Problem::from("ENOENT: the PMU does not count this".to_owned());
        assert_eq!([missing(true, true), missing(false, false)], [no_event.clone(), no_event]);
        assert_eq!(explain(libc::EINTR, true, &circumstances(true, 0, true)), Problem::from("EINTR".to_owned()));
    }

    #[test]
    fn memory_controllers_are_made_visible_by_what_the_machine_has() {
        let remedy = |cpuinfo: &str| no_memory_pmu(cpuinfo).remedy;
        assert_eq!(remedy("vendor_id\t: GenuineIntel\nflags\t: fpu cqm_llc\n"), "modprobe intel_uncore");
        assert_eq!(
            remedy("vendor_id\t: AuthenticAMD\nflags\t: fpu cqm_mbm_total\n"),
            "modprobe amd_uncore, or mount -t resctrl resctrl /sys/fs/resctrl"
        );
        assert!(remedy("vendor_id\t: GenuineIntel\nflags\t: fpu hypervisor\n").starts_with("use bare metal"));
        assert_eq!(remedy("CPU implementer\t: 0x41\n"), "");
    }

    #[test]
    fn reasons_hold_no_remedies() {
        for refused in [libc::EACCES, libc::EPERM, libc::ENOENT, libc::EMFILE, libc::EBUSY, libc::E2BIG, libc::ENOSYS] {
            for (capable, core_pmu) in [(false, false), (true, true)] {
                let Problem { reason, remedy } = explain(refused, true, &circumstances(capable, 2, core_pmu));
                assert!(reason.starts_with(&errno::name(refused)), "{reason}");
                for word in ["run as root", "sysctl", "raise", "use ", "grant", "setcap"] {
                    assert!(!reason.contains(word), "{reason}");
                }
                assert!(!remedy.is_empty() || reason.ends_with("does not count this"), "{reason}");
            }
        }
    }

    #[test]
    fn two_problems_name_a_common_remedy_once() {
        let problem = |reason: &str, remedy: &str| Problem::new(reason, remedy);
        assert_eq!(problem("a", "x").and(problem("b", "x")), problem("a; b", "x"));
        assert_eq!(problem("a", "x").and(problem("b", "")), problem("a; b", "x"));
        assert_eq!(problem("a", "").and(problem("b", "y")), problem("a; b", "y"));
        assert_eq!(problem("a", "x").and(problem("b", "y")), problem("a; b", "x; y"));
    }

    #[test]
    fn events_of_one_reason_stand_together() {
        let status = |name: &str, reason: &str, remedy: &str| EventStatus {
            family: "perf",
            name: name.to_owned(),
            pmu: String::new(),
            available: false,
            reason: reason.to_owned(),
            remedy: remedy.to_owned(),
        };
        let statuses = [
            status("a", "ENOENT", ""),
            status("b", "", ""),
            status("c", "EACCES", "ask root"),
            status("d", "ENOENT", ""),
        ];
        assert_eq!(summary(&statuses), ["c: EACCES: ask root", "a, d: ENOENT"]);
    }
}
