//! The one list of metric families.

use super::family::{Descriptor, Family};
use super::kernel::Kernel;
use super::tracked::{AnyFamily, Tracked};
use crate::cgroup::container::Container;
use crate::perf::{core::Perf, custom::PerfCustom};
use crate::proc::{
    diskstats::Disk, interrupts::Interrupts, meminfo::Memory, mounts::Filesystem, net_dev::Network, process::Processes,
    sockstat::Sockets, softirqs::Softirqs, stat::Cpu, swap::Swap, system::System, vmstat::MemoryBandwidth,
};
use crate::sys::{hugepages::Hugepages, numa::Numa};

/// A family as listed: what it is, and how to get one.
pub struct Registration {
    pub descriptor: &'static Descriptor,
    pub make: fn(&mut Kernel) -> Box<dyn AnyFamily>,
    /// Not recorded unless asked for. Until somebody samples it, it must cost next to nothing.
    pub opt_in: bool,
}

const fn family<F: Family>() -> Registration {
    Registration { descriptor: F::DESCRIPTOR, make: |kernel| Box::new(Tracked::<F>::new(kernel)), opt_in: false }
}

impl Registration {
    const fn opt_in(mut self) -> Self {
        self.opt_in = true;
        self
    }
}

/// Every family there is, in the order consumers see them.
pub static FAMILIES: &[Registration] = &[
    family::<Cpu>(),
    family::<System>(),
    family::<Interrupts>().opt_in(),
    family::<Softirqs>(),
    family::<Memory>(),
    family::<Numa>(),
    family::<Hugepages>(),
    family::<Swap>(),
    family::<MemoryBandwidth>(),
    family::<Network>(),
    family::<Sockets>(),
    family::<Disk>(),
    family::<Filesystem>(),
    family::<Perf>(),
    family::<PerfCustom>(),
    family::<Container>(),
    family::<Processes>().opt_in(),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_fit_columns() {
        let mut families = HashSet::new();
        for Registration { descriptor, .. } in FAMILIES {
            assert!(families.insert(descriptor.name));
            assert!(!descriptor.help.is_empty() && descriptor.floor_interval_ms >= 1);
            let mut fields = HashSet::new();
            for field in descriptor.fields {
                assert!(fields.insert(field.name), "{} twice in {}", field.name, descriptor.name);
                assert!(field.name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_')));
                assert!(!field.help.is_empty() && !field.unit.is_empty(), "{}.{}", descriptor.name, field.name);
            }
        }
    }
}
