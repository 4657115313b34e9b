//! What is to be opened where: made anew whenever CPUs or settings change, from sysfs and the settings alone.

use std::path::PathBuf;

use super::control::Settings;
use super::events;
use super::kernel::EventCode;
use super::pmu::{self, Pmu};
use super::reasons::Problem;
use crate::sampler::kernel::Roots;

/// What plans are made from.
pub struct HostView {
    pub roots: Roots,
    pub pmus: Vec<Pmu>,
    pub online: Vec<u32>,
    pub settings: Settings,
}

impl HostView {
    /// # Errors
    /// The errno of reading the folder of PMUs.
    pub fn new(roots: &Roots, online: &[u32], settings: Settings) -> Result<Self, i32> {
        Ok(Self { roots: roots.clone(), pmus: pmu::all(&roots.sys)?, online: online.to_vec(), settings })
    }

    /// The CPUs whose own events are wanted.
    pub fn chosen(&self) -> Vec<u32> {
        let chosen = |cpu: &&u32| self.settings.cpus.as_ref().is_none_or(|cpus| cpus.contains(cpu));
        self.online.iter().filter(chosen).copied().collect()
    }

    /// The PMU of a CPU's core.
    pub fn core_pmu(&self, cpu: u32) -> Option<&Pmu> {
        self.pmus.iter().find(|pmu| pmu.is_core() && pmu.cpus(&[cpu]) == [cpu])
    }

    /// The text of /proc/cpuinfo; empty when it cannot be read.
    pub fn cpuinfo(&self) -> String {
        let cpuinfo: PathBuf = self.roots.proc.join("cpuinfo");
        std::fs::read_to_string(cpuinfo).unwrap_or_default()
    }

    pub fn amd_family(&self) -> Option<u32> {
        events::amd_family(&self.cpuinfo())
    }
}

/// An event as its status will name it.
pub struct PlannedEvent {
    pub name: String,
    pub hardware: bool,
    /// Why it (or some of it) is not even tried.
    pub problem: Option<Problem>,
}

/// A counter to open. Those of one CPU and group stand together; they are read in one go.
pub struct Request {
    /// Its place in the readings.
    pub slot: usize,
    /// Its event's place in the plan.
    pub event: usize,
    pub pmu: String,
    pub cpu: u32,
    pub group: u32,
    pub code: EventCode,
}

/// What a family wants counted, and what its readings then mean.
pub struct Plan<L> {
    pub events: Vec<PlannedEvent>,
    pub requests: Vec<Request>,
    pub slots: usize,
    pub layout: L,
}

/// A family of counters.
pub trait Planner: 'static {
    type Layout;
    const FAMILY: &'static str;
    /// Said when not a single event is counted.
    const NOTHING: &'static str;
    fn plan(host: &HostView) -> Plan<Self::Layout>;
}
