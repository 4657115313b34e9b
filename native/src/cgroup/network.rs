//! The network traffic of a group: that of the network namespace of one of its tasks, where that is not the host's.

use std::fs;
use std::path::{Path, PathBuf};

use super::files::FirstTask;
use super::group::Reading;
use crate::proc::net_dev::NetDev;
use crate::sampler::raw::Raw;
use crate::sampler::reader::{KernelFile, Source};

/// Tasks of a group may be in groups below it, no deeper than this.
const MAX_DEPTH: usize = 4;

/// Bytes since the namespace was made, of all interfaces but the loopback.
#[derive(Clone, Copy, Debug, Default)]
pub struct Traffic {
    pub received: Raw,
    pub sent: Raw,
    /// Counts namespaces: totals of two have nothing to do with each other.
    pub namespace: u32,
}

/// Reads the traffic of one group.
#[derive(Default)]
pub struct Network {
    namespace: Option<PathBuf>,
    namespaces: u32,
    /// None where the group has the host's network, or no task.
    interfaces: Option<KernelFile<NetDev>>,
    /// A task was found, so it is known whose network it had.
    pub has_task: bool,
}

/// What the link of a task's network namespace says: `net:[4026531840]`.
fn namespace_of(proc: &Path, task: &str) -> Option<PathBuf> {
    fs::read_link(proc.join(task).join("ns/net")).ok()
}

/// The namespace of the host: that of its first task, or of ourselves where that is hidden.
pub fn of_host(proc: &Path) -> Option<PathBuf> {
    namespace_of(proc, "1").or_else(|| namespace_of(proc, "self"))
}

impl Network {
    /// Whether it has one that is not the host's.
    pub const fn is_own(&self) -> bool {
        self.interfaces.is_some()
    }

    pub fn read(&mut self, reading: &mut Reading) -> Traffic {
        let Some(file) = &mut self.interfaces else { return Traffic::default() };
        if file.read(reading.buffer).is_err() {
            self.interfaces = None;
            return Traffic::default();
        }
        let interfaces = file.value().interfaces.iter().filter(|interface| interface.name.as_bytes() != b"lo");
        let mut traffic = Traffic { namespace: self.namespaces, ..Traffic::default() };
        for interface in interfaces {
            traffic.received = traffic.received.or_plus(interface.counters[0]);
            traffic.sent = traffic.sent.or_plus(interface.counters[1]);
        }
        reading.done_with(file);
        traffic
    }

    /// Finds out which namespace the group in this folder is in.
    pub fn look(&mut self, proc: &Path, host: Option<&Path>, folder: &Path, buffer: &mut Vec<u8>) {
        let Some(task) = first_task(folder, MAX_DEPTH, buffer) else { return };
        self.has_task = true;
        let task = task.to_string();
        let namespace = namespace_of(proc, &task);
        if namespace.is_none() || host.is_none() || namespace.as_deref() == host {
            (self.namespace, self.interfaces) = (None, None);
            return;
        }
        if self.namespace != namespace || self.interfaces.is_none() {
            self.namespaces = self.namespaces.wrapping_add(u32::from(self.namespace != namespace));
            self.namespace = namespace;
            self.interfaces = Some(KernelFile::new(proc.join(task).join("net/dev")));
        }
    }
}

/// A task of the group, or of one below it.
fn first_task(folder: &Path, depth: usize, buffer: &mut Vec<u8>) -> Option<u64> {
    let mut tasks = KernelFile::<FirstTask>::new(folder.join("cgroup.procs"));
    if tasks.read(buffer).is_ok()
        && let Some(task) = tasks.value().0
    {
        return Some(task);
    }
    if depth == 0 {
        return None;
    }
    let below = fs::read_dir(folder).into_iter().flatten().flatten();
    below
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .find_map(|entry| first_task(&entry.path(), depth - 1, buffer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TempDir;
    use std::os::unix::fs::symlink;

    struct Host(TempDir);

    impl Host {
        fn new() -> Self {
            let host = Self(TempDir::new());
            host.task("1", "net:[1]", 7);
            host.tasks("", "");
            host
        }

        fn task(&self, pid: &str, namespace: &str, bytes: u64) {
            let folder = self.0.path().join("proc").join(pid);
            fs::create_dir_all(folder.join("ns")).unwrap();
            fs::create_dir_all(folder.join("net")).unwrap();
            symlink(namespace, folder.join("ns/net")).unwrap();
            let table = format!(
                "|\n lo: 99 1 0 0 0 0 0 0 99 1 0 0 0 0 0 0\n eth0: {bytes} 1 0 0 0 0 0 0 {bytes}5 1 0 0 0 0 0 0\n"
            );
            fs::write(folder.join("net/dev"), table).unwrap();
        }

        fn tasks(&self, below: &str, tasks: &str) {
            let folder = self.0.path().join("group").join(below);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("cgroup.procs"), tasks).unwrap();
        }

        fn read(&self, network: &mut Network, thorough: bool) -> (Option<u64>, Option<u64>, u32) {
            let (proc, folder) = (self.0.path().join("proc"), self.0.path().join("group"));
            if thorough {
                network.look(&proc, of_host(&proc).as_deref(), &folder, &mut Vec::new());
            }
            let mut reading = Reading { thorough, keep_open: true, left_open: 0, buffer: &mut Vec::new() };
            let traffic = network.read(&mut reading);
            (traffic.received.get(), traffic.sent.get(), traffic.namespace)
        }
    }

    #[test]
    fn a_group_in_a_namespace_of_its_own_has_traffic() {
        let host = Host::new();
        host.task("41", "net:[2]", 10);
        let mut network = Network::default();
        assert_eq!(host.read(&mut network, true), (None, None, 0));
        host.tasks("inner", "41\n");
        assert_eq!(host.read(&mut network, false), (None, None, 0));
        assert_eq!(host.read(&mut network, true), (Some(10), Some(105), 1));
        // Another task of the same namespace: the same totals go on.
        host.task("42", "net:[2]", 20);
        host.tasks("inner", "42\n");
        assert_eq!(host.read(&mut network, true).2, 1);
        host.task("43", "net:[3]", 30);
        host.tasks("inner", "43\n");
        assert_eq!(host.read(&mut network, true), (Some(30), Some(305), 2));
    }

    #[test]
    fn the_hosts_network_is_no_containers() {
        let host = Host::new();
        host.task("41", "net:[1]", 10);
        host.tasks("", "41\n");
        assert_eq!(host.read(&mut Network::default(), true), (None, None, 0));
    }
}
