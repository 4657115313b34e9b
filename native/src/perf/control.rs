//! What other threads ask of the counters, and what they are told about them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whether an event is counted, and why not, or not everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventStatus {
    pub family: &'static str,
    /// As `perf list` has it, or as it was asked for.
    pub name: String,
    /// The PMUs that count it, or that would; empty when there is none.
    pub pmu: String,
    pub available: bool,
    /// Empty when it is counted everywhere.
    pub reason: String,
    /// What would have it counted; empty when nothing is known that would.
    pub remedy: String,
}

/// What is to be counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether anything is.
    pub enabled: bool,
    /// The CPUs whose events are counted; all when there is no list. What CPUs share (memory controllers) is not of one CPU.
    pub cpus: Option<Vec<u32>>,
    /// Events beside those of the `perf` family, as `perf stat -e` takes them: `msr/tsc/`.
    pub events: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { enabled: true, cpus: None, events: Vec::new() }
    }
}

#[derive(Default)]
struct State {
    settings: Settings,
    statuses: Vec<EventStatus>,
}

/// Shared by the sampler thread and its owner.
#[derive(Default)]
pub struct PerfControl {
    state: Mutex<State>,
    /// Grows with each change of the settings, so that a tick need not take the lock to see that there was none.
    changes: AtomicU64,
}

impl PerfControl {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn settings(&self) -> Settings {
        self.lock().settings.clone()
    }

    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    pub fn change(&self, change: impl FnOnce(&mut Settings)) {
        let mut state = self.lock();
        let before = state.settings.clone();
        change(&mut state.settings);
        if state.settings != before {
            self.changes.fetch_add(1, Ordering::Release);
        }
    }

    /// Of all families, in the order in which they first told.
    pub fn statuses(&self) -> Vec<EventStatus> {
        self.lock().statuses.clone()
    }

    /// Replaces what a family told before.
    pub fn tell(&self, family: &str, told: &[EventStatus]) {
        let mut state = self.lock();
        let at = state.statuses.iter().position(|status| status.family == family).unwrap_or(state.statuses.len());
        state.statuses.retain(|status| status.family != family);
        let at = at.min(state.statuses.len());
        state.statuses.splice(at..at, told.iter().cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(family: &'static str, name: &str) -> EventStatus {
        EventStatus {
            family,
            name: name.to_owned(),
            pmu: String::new(),
            available: true,
            reason: String::new(),
            remedy: String::new(),
        }
    }

    #[test]
    fn a_family_replaces_what_it_told_before() {
        let control = PerfControl::default();
        control.tell("perf", &[status("perf", "cycles"), status("perf", "branches")]);
        control.tell("perf_custom", &[status("perf_custom", "msr/tsc/")]);
        control.tell("perf", &[status("perf", "instructions")]);
        let names: Vec<String> = control.statuses().into_iter().map(|status| status.name).collect();
        assert_eq!(names, ["instructions", "msr/tsc/"]);
    }

    #[test]
    fn only_a_real_change_counts() {
        let control = PerfControl::default();
        control.change(|settings| settings.cpus = None);
        assert_eq!(control.changes(), 0);
        control.change(|settings| settings.cpus = Some(vec![1]));
        control.change(|settings| settings.cpus = Some(vec![1]));
        control.change(|settings| settings.enabled = false);
        assert_eq!(control.changes(), 2);
        assert_eq!(control.settings(), Settings { enabled: false, cpus: Some(vec![1]), events: Vec::new() });
    }
}
