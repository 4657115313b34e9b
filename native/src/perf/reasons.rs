//! Why an event is not counted, in words a person can act on.

use std::collections::BTreeMap;

use super::control::EventStatus;
use super::kernel::Permission;
use crate::host::errno;

/// What an errno means depends on these.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    pub permission: Permission,
    /// Sysfs shows a PMU of the CPU cores.
    pub core_pmu: bool,
}

/// Said of every hardware event where sysfs shows no PMU of the cores.
pub const NO_CORE_PMU: &str =
    "no such PMU: this kernel shows no counters of the CPU (a virtual machine without a virtual PMU?)";

/// Why `perf_event_open` refused an event.
pub fn explain(refused: i32, hardware: bool, circumstances: &Circumstances) -> String {
    let name = errno::name(refused);
    match refused {
        libc::EACCES | libc::EPERM => format!("{name}: {}", permission(&circumstances.permission)),
        libc::ENOENT | libc::ENODEV | libc::EOPNOTSUPP | libc::EINVAL if hardware && !circumstances.core_pmu => {
            format!("{name}: {NO_CORE_PMU}")
        }
        libc::ENOENT | libc::ENODEV | libc::EOPNOTSUPP | libc::EINVAL => {
            format!("{name}: the PMU does not count this")
        }
        libc::EMFILE | libc::ENFILE => format!("{name}: raise the limit of open files (LimitNOFILE)"),
        libc::EBUSY | libc::ENOSPC => format!("{name}: all counters are held by somebody else"),
        libc::E2BIG => format!("{name}: the kernel is too old for config3"),
        libc::ENOSYS => format!("{name}: kernel without CONFIG_PERF_EVENTS, or a sandbox forbids perf_event_open"),
        _ => name,
    }
}

fn permission(Permission { root, paranoid }: &Permission) -> String {
    match paranoid {
        Some(level) if *level > 0 && !root => format!(
            "perf_event_paranoid={level}: run as root, grant CAP_PERFMON, or set sysctl kernel.perf_event_paranoid=0"
        ),
        _ => "a sandbox forbids perf_event_open: grant the container CAP_PERFMON, and let seccomp pass it".to_owned(),
    }
}

/// All that is not counted, the events of one reason together: `cycles, instructions: ENOENT: …`.
pub fn summary(statuses: &[EventStatus]) -> Vec<String> {
    let mut events: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for status in statuses.iter().filter(|status| !status.reason.is_empty()) {
        events.entry(&status.reason).or_default().push(&status.name);
    }
    events.into_iter().map(|(reason, names)| format!("{}: {reason}", names.join(", "))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circumstances(root: bool, paranoid: i64, core_pmu: bool) -> Circumstances {
        Circumstances { permission: Permission { root, paranoid: Some(paranoid) }, core_pmu }
    }

    #[test]
    fn permission_says_what_would_grant_it() {
        let reason = explain(libc::EACCES, true, &circumstances(false, 2, true));
        assert_eq!(
            reason,
            "EACCES: perf_event_paranoid=2: run as root, grant CAP_PERFMON, or set sysctl kernel.perf_event_paranoid=0"
        );
        for (root, paranoid) in [(true, 2), (false, -1)] {
            let reason = explain(libc::EPERM, false, &circumstances(root, paranoid, true));
            assert!(reason.starts_with("EPERM: a sandbox forbids"), "{reason}");
        }
    }

    #[test]
    fn a_missing_pmu_is_told_from_a_missing_event() {
        let missing = |hardware, core_pmu| explain(libc::ENOENT, hardware, &circumstances(true, 0, core_pmu));
        assert!(missing(true, false).starts_with("ENOENT: no such PMU"));
        assert_eq!(missing(true, true), "ENOENT: the PMU does not count this");
        assert_eq!(missing(false, false), "ENOENT: the PMU does not count this");
        assert_eq!(explain(libc::EINTR, true, &circumstances(true, 0, true)), "EINTR");
    }

    #[test]
    fn events_of_one_reason_stand_together() {
        let status = |name: &str, reason: &str| EventStatus {
            family: "perf",
            name: name.to_owned(),
            pmu: String::new(),
            available: false,
            reason: reason.to_owned(),
        };
        let statuses = [status("a", "ENOENT"), status("b", ""), status("c", "EACCES"), status("d", "ENOENT")];
        assert_eq!(summary(&statuses), ["c: EACCES", "a, d: ENOENT"]);
    }
}
