//! What the kernel has only so much of (randomness, open files, tracked connections), and errors of memory: small files, read
//! together aside.
//!
//! Documentation/admin-guide/sysctl/{kernel,fs}.rst, Documentation/networking/nf_conntrack-sysctl.rst,
//! Documentation/driver-api/edac.rst.

use std::path::PathBuf;

use super::small_files::{FileNr, Number, OptionalFile, PASSES_PER_SEARCH};
use crate::sampler::kernel::{Kernel, Roots};
use crate::sampler::raw::Raw;
use crate::sampler::reader::{ReadError, Shared, Source};
use crate::sampler::slow::{Slow, SlowSource};
use crate::sys::numbered;

/// Larger than any of the files: for one under /proc/sys the kernel allocates as much as is asked for.
const SMALL_BYTES: usize = 256;

/// What was read; absent where the kernel has no such thing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Resources {
    pub entropy_bits: Raw,
    pub files_allocated: Raw,
    pub files_limit: Raw,
    pub connections: Raw,
    pub connections_limit: Raw,
    /// Of all memory controllers together.
    pub correctable_errors: Raw,
    pub uncorrectable_errors: Raw,
}

/// The files.
pub struct ResourceFiles {
    edac: PathBuf,
    buffer: Vec<u8>,
    passes: u32,
    entropy: OptionalFile<Number>,
    files: OptionalFile<FileNr>,
    connections: [OptionalFile<Number>; 2],
    /// Correctable and uncorrectable errors of each memory controller.
    controllers: Vec<[OptionalFile<Number>; 2]>,
}

impl ResourceFiles {
    fn new(roots: &Roots) -> Self {
        let setting = |name: &str| roots.proc.join("sys").join(name);
        Self {
            edac: roots.sys.join("devices/system/edac/mc"),
            buffer: vec![0; SMALL_BYTES],
            passes: 0,
            entropy: OptionalFile::new(setting("kernel/random/entropy_avail")),
            files: OptionalFile::new(setting("fs/file-nr")),
            connections: ["nf_conntrack_count", "nf_conntrack_max"]
                .map(|name| OptionalFile::new(setting("net/netfilter").join(name))),
            controllers: Vec::new(),
        }
    }

    fn search(&mut self) {
        let controllers = numbered(&self.edac, "mc");
        if controllers.len() != self.controllers.len() {
            let counts = |folder: PathBuf| ["ce_count", "ue_count"].map(|name| OptionalFile::new(folder.join(name)));
            self.controllers = controllers.into_iter().map(|(_, folder)| counts(folder)).collect();
        }
    }
}

impl SlowSource for ResourceFiles {
    type Value = Resources;
    const FLOOR_NS: u64 = 1_000_000_000;
    const OVERDUE: &'static str =
        "a file under /proc/sys or /sys/devices/system/edac has not been read for a long time";

    fn read(&mut self, resources: &mut Resources, asking: &dyn Fn()) -> Result<(), ReadError> {
        if self.passes.is_multiple_of(PASSES_PER_SEARCH) {
            asking();
            self.search();
        }
        self.passes = self.passes.wrapping_add(1);
        asking();
        let buffer = &mut self.buffer;
        let files = self.files.read(buffer).map_or((Raw::ABSENT, Raw::ABSENT), |files| (files.allocated, files.limit));
        let [connections, connections_limit] = self.connections.each_mut().map(|file| file.number(buffer));
        *resources = Resources {
            entropy_bits: self.entropy.number(buffer),
            files_allocated: files.0,
            files_limit: files.1,
            connections,
            connections_limit,
            ..Resources::default()
        };
        for [correctable, uncorrectable] in &mut self.controllers {
            // Some drivers ask the hardware.
            asking();
            resources.correctable_errors = resources.correctable_errors.or_plus(correctable.number(buffer));
            resources.uncorrectable_errors = resources.uncorrectable_errors.or_plus(uncorrectable.number(buffer));
        }
        Ok(())
    }

    fn news(resources: &Resources) -> u64 {
        resources.lacks().iter().enumerate().map(|(bit, (lacks, _))| u64::from(*lacks) << bit).sum()
    }
}

impl Resources {
    /// What may be missing, and what a person should know then.
    const fn lacks(&self) -> [(bool, &'static str); 2] {
        [
            (is_absent(self.connections), "connections are not tracked: the module nf_conntrack is not loaded"),
            (
                is_absent(self.correctable_errors) && is_absent(self.uncorrectable_errors),
                "memory errors are not counted: memory without ECC, or no EDAC driver is loaded for it",
            ),
        ]
    }

    /// Why some of it is not known.
    pub fn reasons(&self) -> impl Iterator<Item = String> {
        self.lacks().into_iter().filter(|(lacks, _)| *lacks).map(|(_, reason)| reason.to_owned())
    }
}

const fn is_absent(raw: Raw) -> bool {
    raw.get().is_none()
}

/// The last reading, as the sampler sees it.
pub type KernelResources = Slow<ResourceFiles>;

pub fn shared(kernel: &mut Kernel) -> Shared<KernelResources> {
    let path = kernel.roots.proc.join("sys");
    kernel.slow_source("resources", path, ResourceFiles::new)
}

/// Why some of what was read last is not known.
pub fn reasons(resources: &Shared<KernelResources>) -> Vec<String> {
    let lacking = resources.with_source(|slow| slow.value().value.reasons().collect::<Vec<_>>());
    resources.problem().map_or(lacking, |problem| vec![problem])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::host;

    fn read(name: &str) -> Resources {
        let root = host(name);
        let roots = Roots { proc: root.join("proc"), sys: root.join("sys"), cgroup: root.join("cgroup") };
        let mut resources = Resources::default();
        ResourceFiles::new(&roots).read(&mut resources, &|| ()).unwrap();
        resources
    }

    #[test]
    fn controllers_are_added_up() {
        let resources = read("numa-2node");
        assert_eq!(resources.entropy_bits, Raw::new(256));
        assert_eq!((resources.files_allocated, resources.files_limit), (Raw::new(4512), Raw::new(i64::MAX as u64)));
        assert_eq!((resources.connections, resources.connections_limit), (Raw::new(812), Raw::new(262_144)));
        assert_eq!((resources.correctable_errors, resources.uncorrectable_errors), (Raw::new(20), Raw::new(1)));
        assert_eq!(resources.reasons().count(), 0);
    }

    #[test]
    fn what_a_host_does_not_have_is_not_zero() {
        let resources = read("vm-2cpu");
        assert_eq!((resources.connections, resources.correctable_errors), (Raw::ABSENT, Raw::ABSENT));
        assert_eq!(resources.reasons().count(), 2);
        assert_ne!(ResourceFiles::news(&resources), ResourceFiles::news(&read("numa-2node")));
    }
}
