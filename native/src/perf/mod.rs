//! perf: the counters of the CPUs, of their memory controllers and of the kernel, in counting mode.

pub mod control;
pub mod core;
pub mod count;
pub mod counting;
pub mod custom;
pub mod events;
#[cfg(test)]
pub mod fake;
#[cfg(test)]
mod family_test;
pub mod group;
pub mod kernel;
pub mod memory;
pub mod plan;
pub mod pmu;
pub mod reasons;

use std::rc::Rc;
use std::sync::Arc;

use control::PerfControl;
use kernel::{PerfKernel, SystemKernel};

/// What families of counters get from the sampler.
#[derive(Clone)]
pub struct PerfAccess {
    pub kernel: Rc<dyn PerfKernel>,
    pub control: Arc<PerfControl>,
}

impl Default for PerfAccess {
    fn default() -> Self {
        Self { kernel: Rc::new(SystemKernel), control: Arc::default() }
    }
}
