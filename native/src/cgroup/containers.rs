//! All groups worth showing: found, followed and read, on a thread of their own.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::group::{FILES_OF_GROUP, Group, Reading, Usage};
use super::hierarchies::Hierarchies;
use super::network::{self, Network, Traffic};
use super::watch::{Alarm, Watch};
use super::{KnownContainer, KnownContainers};
use crate::host::descriptors;
use crate::proc::meminfo::Meminfo;
use crate::sampler::aside::AsideJob;
use crate::sampler::clock::Now;
use crate::sampler::instances::MAX_INSTANCES;
use crate::sampler::kernel::{Kernel, Roots};
use crate::sampler::raw::Raw;
use crate::sampler::reader::{KernelFile, ReadError, Shared, Source};
use crate::sampler::slow::{Slow, SlowSource, Wanted};

/// Limits change rarely.
const THOROUGH_NS: u64 = 10_000_000_000;
/// A runtime makes a group first, then puts a task into it, and gives that a network last.
const SETTLING_NS: u64 = 2_000_000_000;
/// Should a group that comes or goes ever go unseen, or a group be given another network, this puts it right.
pub const SCAN_NS: u64 = 60_000_000_000;
/// Where the kernel does not say what changes.
const UNWATCHED_SCAN_NS: u64 = 1_000_000_000;

/// A group as of one pass.
#[derive(Clone, Copy, Debug)]
pub struct ContainerReading {
    pub usage: Usage,
    pub traffic: Traffic,
    /// When the pass began: each group has about the same place in every pass.
    pub at_ns: u64,
    /// Of the folder: one that is made again is another group, although its name is the same.
    pub inode: u64,
}

/// What a pass found, in the order of the names.
#[derive(Default)]
pub struct Containers {
    pub ids: Arc<Vec<Box<str>>>,
    pub readings: Vec<ContainerReading>,
    pub host_memory_kib: Raw,
    /// Groups beyond what a family may have.
    pub left_out: usize,
    pub watch_failure: Option<i32>,
    pub io_uncounted: bool,
    news: u64,
}

struct Container {
    known: KnownContainer,
    group: Group,
    folder: PathBuf,
    network: Network,
    inode: u64,
    since_ns: u64,
    /// When it was last found out whose network it has.
    looked_ns: u64,
}

/// Reads all groups.
pub struct ContainerReader {
    roots: Roots,
    wanted: Wanted,
    told: Arc<KnownContainers>,
    now: Now,
    open: Option<Open>,
    host_memory: KernelFile<Meminfo>,
    buffer: Vec<u8>,
    watch: Arc<Mutex<Watch>>,
    news: u64,
}

/// What there is while somebody wants it.
struct Open {
    hierarchies: Hierarchies,
    containers: Vec<Container>,
    ids: Arc<Vec<Box<str>>>,
    left_out: usize,
    /// The first so many keep their files open.
    kept_open: usize,
    /// Files that the last pass left open.
    left_open: usize,
    /// When the groups were last looked for.
    scanned_ns: u64,
    host_network: Option<PathBuf>,
    next_scan_ns: u64,
    next_thorough_ns: u64,
}

pub type SlowContainers = Slow<ContainerReader>;

/// Keeps watch as long as somebody wants containers.
pub struct Watcher {
    watch: Arc<Mutex<Watch>>,
    alarm: Option<Alarm>,
}

impl Watcher {
    /// Whether somebody is woken when a group comes.
    pub const fn is_on(&self) -> bool {
        self.alarm.is_some()
    }

    /// From now on, or not any more.
    pub fn set(&mut self, wanted: bool, kicker: impl FnOnce() -> AsideJob) {
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        *watch = if wanted { Watch::new() } else { Watch::default() };
        self.alarm = if wanted { watch.alarm(kicker()) } else { None };
    }
}

/// The reader, and what sees to it that it is woken when a group comes or goes.
pub fn shared(kernel: &mut Kernel, wanted: &Wanted) -> (Shared<SlowContainers>, Watcher) {
    let path = kernel.roots.cgroup.clone();
    let watch = Arc::<Mutex<Watch>>::default();
    let (told, aside) = (Arc::clone(&kernel.containers), kernel.aside.another());
    let reader = kernel.slow_source_on(&aside, "cgroup", path, |roots| ContainerReader {
        roots: roots.clone(),
        wanted: wanted.clone(),
        told,
        now: Now::default(),
        open: None,
        host_memory: KernelFile::new(roots.proc.join("meminfo")),
        buffer: Vec::new(),
        watch: Arc::clone(&watch),
        news: 0,
    });
    (reader, Watcher { watch, alarm: None })
}

impl ContainerReader {
    fn lock_watch(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds the groups anew, keeping those that are still there.
    fn scan(&mut self, hierarchies: Hierarchies) {
        self.news += 1;
        let (found, watched) = {
            let mut watch = self.lock_watch();
            watch.begin();
            (hierarchies.list(&mut watch), watch.failure.is_none())
        };
        let before = self.open.take().filter(|open| open.hierarchies == hierarchies);
        let next_thorough_ns = before.as_ref().map_or(0, |open| open.next_thorough_ns);
        let left_open = before.as_ref().map_or(0, |open| open.left_open);
        let before = before.into_iter().flat_map(|open| open.containers);
        let mut before: HashMap<String, Container> =
            before.map(|container| (container.known.path.clone(), container)).collect();
        let left_out = found.len().saturating_sub(MAX_INSTANCES);
        let mut containers = Vec::with_capacity(found.len() - left_out);
        for (path, identity) in found.into_iter().take(MAX_INSTANCES) {
            let folder = hierarchies.folder(&path);
            let inode = std::fs::metadata(&folder).map_or(0, |folder| folder.ino());
            let same = before.remove(&path).filter(|same| same.inode == inode && same.known.identity == identity);
            containers.push(same.unwrap_or_else(|| Container {
                group: Group::new(&hierarchies, &path),
                known: KnownContainer { identity, path },
                folder,
                network: Network::default(),
                inode,
                since_ns: self.now.mono_ns,
                looked_ns: 0,
            }));
        }
        self.told.set(containers.iter().map(|container| container.known.clone()).collect());
        // Its own files are among those that are open already.
        let files = descriptors::room((containers.len() * FILES_OF_GROUP).saturating_sub(left_open)) + left_open;
        self.open = Some(Open {
            ids: Arc::new(containers.iter().map(|container| container.known.identity.id.as_str().into()).collect()),
            kept_open: files / FILES_OF_GROUP,
            left_open,
            scanned_ns: self.now.mono_ns,
            hierarchies,
            containers,
            left_out,
            host_network: network::of_host(&self.roots.proc),
            next_scan_ns: self.now.mono_ns + if watched { SCAN_NS } else { UNWATCHED_SCAN_NS },
            next_thorough_ns,
        });
    }

    fn forget(&mut self) {
        if self.open.take().is_some() {
            self.told.set(Vec::new());
            self.news += 1;
        }
    }
}

impl SlowSource for ContainerReader {
    type Value = Containers;
    const FLOOR_NS: u64 = super::container::FLOOR_INTERVAL_NS;
    const OVERDUE: &'static str = "a file of a control group has not answered for a long time";
    const REST_FACTOR: u64 = 19;

    fn begin(&mut self, now: &Now) {
        self.now = *now;
    }

    fn read(&mut self, value: &mut Containers, asking: &dyn Fn()) -> Result<(), ReadError> {
        asking();
        let wanted = self.wanted.since_ns().is_some();
        let changed = self.lock_watch().changed();
        let due = changed || self.open.as_ref().is_none_or(|open| self.now.mono_ns >= open.next_scan_ns);
        if due || !wanted {
            let Some(hierarchies) = Hierarchies::find(&self.roots.cgroup) else {
                self.forget();
                return Err(ReadError::Io(libc::ENOENT));
            };
            if wanted { self.scan(hierarchies) } else { self.forget() }
        }
        value.readings.clear();
        value.news = self.news;
        value.watch_failure = self.lock_watch().failure;
        let Some(open) = &mut self.open else {
            value.ids = Arc::default();
            return Ok(());
        };
        if !Arc::ptr_eq(&value.ids, &open.ids) {
            value.ids = Arc::clone(&open.ids);
        }
        value.left_out = open.left_out;
        value.io_uncounted = !open.hierarchies.counts_io();
        asking();
        if self.host_memory.read(&mut self.buffer).is_ok() {
            value.host_memory_kib = self.host_memory.value().lines.total;
        }
        let all_thorough = self.now.mono_ns >= open.next_thorough_ns;
        if all_thorough {
            open.next_thorough_ns = self.now.mono_ns + THOROUGH_NS;
        }
        let (proc, host_network) = (&self.roots.proc, open.host_network.as_deref());
        open.left_open = 0;
        for (index, container) in open.containers.iter_mut().enumerate() {
            asking();
            let age_ns = self.now.mono_ns.saturating_sub(container.since_ns);
            // The folders of a group of v1 come one after the other.
            let thorough = all_thorough || (open.scanned_ns == self.now.mono_ns && age_ns < THOROUGH_NS);
            let settled = container.network.is_own() || (container.network.has_task && age_ns >= SETTLING_NS);
            let look = if settled { container.looked_ns + SCAN_NS <= self.now.mono_ns } else { age_ns < THOROUGH_NS };
            if look || (thorough && !settled) {
                container.network.look(proc, host_network, &container.folder, &mut self.buffer);
                container.looked_ns = self.now.mono_ns;
            }
            let keep_open = index < open.kept_open;
            let mut reading = Reading { thorough, keep_open, left_open: 0, buffer: &mut self.buffer };
            let usage = container.group.read(&mut reading);
            let traffic = container.network.read(&mut reading);
            open.left_open += reading.left_open;
            value.readings.push(ContainerReading { usage, traffic, at_ns: self.now.mono_ns, inode: container.inode });
        }
        Ok(())
    }

    fn hint(error: ReadError) -> &'static str {
        match error {
            ReadError::Io(libc::ENOENT) => "no control groups are mounted here: mount -t cgroup2 none /sys/fs/cgroup",
            _ => "",
        }
    }

    fn news(value: &Containers) -> u64 {
        value.news
    }
}
