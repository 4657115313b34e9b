//! `cpuacct.usage_percpu` of the root group (Documentation/admin-guide/cgroup-v1/cpuacct.rst): how long tasks have run on each
//! CPU, in ns. Only hosts with cgroup v1 have it: version 2 tells its root group what /proc/stat tells.

use std::path::Path;

use crate::proc::text::Cells;
use crate::sampler::kernel::Kernel;
use crate::sampler::raw::Raw;
use crate::sampler::reader::{KernelFile, Malformed, Parse, Shared};

/// Where distributions mount the controller, alone or together with `cpu`.
const FOLDERS: [&str; 3] = ["cpuacct", "cpu,cpuacct", "cpuacct,cpu"];
const FILE: &str = "cpuacct.usage_percpu";

/// In the order of the CPUs' numbers, those that are not online included.
#[derive(Debug, Default)]
pub struct UsagePerCpu {
    usages_ns: Vec<Raw>,
    all_ns: Raw,
}

impl UsagePerCpu {
    pub fn of(&self, cpu: u32) -> Raw {
        self.usages_ns.get(cpu as usize).copied().unwrap_or_default()
    }

    /// The sum of all CPUs.
    pub const fn all(&self) -> Raw {
        self.all_ns
    }

    pub fn shared(kernel: &mut Kernel) -> Shared<KernelFile<Self>> {
        let root = kernel.roots.cgroup.clone();
        let path = |folder: &&str| root.join(folder).join(FILE);
        let folder = FOLDERS.iter().find(|folder| Path::exists(&path(folder))).unwrap_or(&FOLDERS[0]);
        let path = path(folder);
        kernel.source(FILE, path.clone(), || KernelFile::new(path))
    }
}

impl Parse for UsagePerCpu {
    const MISSING: &'static str = "no cpuacct controller of cgroup v1 is mounted";

    fn parse(&mut self, text: &[u8]) -> Result<(), Malformed> {
        self.usages_ns.clear();
        self.all_ns = Raw::ABSENT;
        let mut cells = Cells::new(text);
        loop {
            match cells.number() {
                Raw::ABSENT => break,
                usage_ns => {
                    self.usages_ns.push(usage_ns);
                    self.all_ns = self.all_ns.or_plus(usage_ns);
                }
            }
        }
        if self.usages_ns.is_empty() {
            Err(Malformed { line: 1, what: "expected a number for each CPU" })
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cpu_has_its_place() {
        let mut usage = UsagePerCpu::default();
        usage.parse(b"465791737710 421350723792 0 \n").unwrap();
        assert_eq!([usage.of(0), usage.of(2)], [Raw::new(465_791_737_710), Raw::new(0)]);
        assert_eq!((usage.of(3), usage.all()), (Raw::ABSENT, Raw::new(887_142_461_502)));
        usage.parse(b"7").unwrap();
        assert_eq!((usage.of(0), usage.of(1), usage.all()), (Raw::new(7), Raw::ABSENT, Raw::new(7)));
        for nonsense in [&b""[..], b"\n", b"x 1"] {
            assert!(usage.parse(nonsense).is_err());
        }
    }
}
