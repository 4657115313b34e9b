//! The kernel as families see it: its files, wherever their roots are, each behind one shared reader.

use std::any::{Any, TypeId};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use super::aside::Aside;
use super::clock::Clock;
use super::instances::Layouts;
use super::reader::{Commons, KernelFile, Parse, Reader, Shared, Source};
use super::slow::{Slow, SlowSource};
use super::stats::ReaderStats;
use crate::cgroup::KnownContainers;
use crate::perf::PerfAccess;

/// Where the kernel's file systems are mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roots {
    pub proc: PathBuf,
    pub sys: PathBuf,
    pub cgroup: PathBuf,
}

impl Default for Roots {
    fn default() -> Self {
        Self { proc: "/proc".into(), sys: "/sys".into(), cgroup: "/sys/fs/cgroup".into() }
    }
}

impl Roots {
    /// Whether /proc is this kernel's own: system calls answer for this kernel and may be mixed with its files.
    pub fn is_this_host(&self) -> bool {
        self.proc == Path::new("/proc")
    }
}

struct Entry {
    kind: TypeId,
    path: PathBuf,
    shared: Box<dyn Any>,
    stats: Arc<ReaderStats>,
}

/// Gives out readers; families that ask for the same file get the same reader.
pub struct Kernel {
    pub roots: Roots,
    pub commons: Commons,
    /// Where slow sources are read.
    pub aside: Aside,
    /// Where events are counted.
    pub perf: PerfAccess,
    /// What others are told of containers.
    pub containers: Arc<KnownContainers>,
    /// The family that is being made: readers remember who asked for them.
    pub asking: Option<&'static str>,
    layouts: Layouts,
    readers: Vec<Entry>,
}

impl Kernel {
    pub fn new(roots: Roots, clock: Rc<dyn Clock>, layouts: Layouts) -> Self {
        let (commons, aside, perf) = (Commons::new(clock), Aside::default(), PerfAccess::default());
        Self { roots, commons, aside, perf, containers: Arc::default(), asking: None, layouts, readers: Vec::new() }
    }

    pub fn layouts(&self) -> Layouts {
        self.layouts.clone()
    }

    /// The reader of a file under /proc, named by its path there.
    pub fn proc_file<P: Parse>(&mut self, name: &str) -> Shared<KernelFile<P>> {
        let path = self.roots.proc.join(name);
        self.source(name, path.clone(), || KernelFile::new(path))
    }

    /// The reader of anything else; `path` is what its errors name.
    pub fn source<S: Source>(&mut self, name: &str, path: PathBuf, make: impl FnOnce() -> S) -> Shared<S> {
        let kind = TypeId::of::<S>();
        let known = self.readers.iter().find(|entry| entry.kind == kind && entry.path == path);
        let known = known.and_then(|entry| entry.shared.downcast_ref::<Shared<S>>()).cloned();
        let shared = known.unwrap_or_else(|| {
            let shared = Shared::new(Reader::new(name, path.clone(), make(), self.commons.clone()));
            self.readers.push(Entry { kind, path, shared: Box::new(shared.clone()), stats: shared.stats() });
            shared
        });
        if let Some(family) = self.asking {
            shared.stats().add_family(family);
        }
        shared
    }

    /// The reader of something that is read aside.
    pub fn slow_source<S: SlowSource>(
        &mut self,
        name: &str,
        path: PathBuf,
        make: impl FnOnce(&Roots) -> S,
    ) -> Shared<Slow<S>> {
        let aside = self.aside.clone();
        self.slow_source_on(&aside, name, path, make)
    }

    /// The reader of something that is read on this thread.
    pub fn slow_source_on<S: SlowSource>(
        &mut self,
        aside: &Aside,
        name: &str,
        path: PathBuf,
        make: impl FnOnce(&Roots) -> S,
    ) -> Shared<Slow<S>> {
        let (roots, clock) = (self.roots.clone(), Rc::clone(&self.commons.clock));
        let shared = self.source(name, path, || Slow::new(make(&roots), aside, &clock));
        shared.stats().aside.set(1);
        shared
    }

    pub fn reader_stats(&self) -> Vec<Arc<ReaderStats>> {
        self.readers.iter().map(|entry| Arc::clone(&entry.stats)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proc::{meminfo::Meminfo, uptime::Uptime};
    use crate::sampler::clock::SystemClock;

    #[test]
    fn readers_remember_their_path_and_who_asked_for_them() {
        let mut kernel = Kernel::new(Roots::default(), Rc::new(SystemClock), Layouts::default());
        for family in ["memory", "swap", "memory"] {
            kernel.asking = Some(family);
            kernel.proc_file::<Meminfo>("meminfo");
        }
        kernel.asking = None;
        kernel.proc_file::<Uptime>("uptime");
        let told: Vec<_> = kernel.reader_stats().iter().map(|stats| (stats.path.clone(), stats.families())).collect();
        assert_eq!(told, [("/proc/meminfo".into(), vec!["memory", "swap"]), ("/proc/uptime".into(), Vec::new())]);
    }
}
