//! Where the hierarchies are mounted, and which groups are in them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::identity::{Class, Identity, classify};
use super::watch::Watch;

/// The controllers of v1 that we read, and how distributions mount them.
const CONTROLLERS: [(Controller, &[&str]); 5] = [
    (Controller::Cpuacct, &["cpuacct", "cpu,cpuacct", "cpuacct,cpu"]),
    (Controller::Cpu, &["cpu", "cpu,cpuacct", "cpuacct,cpu"]),
    (Controller::Memory, &["memory"]),
    (Controller::Blkio, &["blkio"]),
    (Controller::Pids, &["pids"]),
];
/// Where v1 counts the bytes and the operations of groups, those of the groups below included if it can.
const IO_FILES: [IoFiles; 3] = [
    ("blkio.throttle.io_service_bytes_recursive", "blkio.throttle.io_serviced_recursive"),
    ("blkio.bfq.io_service_bytes_recursive", "blkio.bfq.io_serviced_recursive"),
    ("blkio.throttle.io_service_bytes", "blkio.throttle.io_serviced"),
];
/// Groups that only hold others lie no deeper than this.
const MAX_DEPTH: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Controller {
    Cpuacct,
    Cpu,
    Memory,
    Blkio,
    Pids,
}

pub type IoFiles = (&'static str, &'static str);

/// How groups are mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hierarchies {
    /// One tree with all controllers.
    Unified(PathBuf),
    /// A tree for each controller, or for some together; no files where the kernel counts no I/O.
    Legacy { folders: BTreeMap<Controller, PathBuf>, io: Option<IoFiles> },
}

impl Hierarchies {
    /// None where no groups are mounted. A host that has both has its controllers in v1.
    pub fn find(root: &Path) -> Option<Self> {
        if root.join("cgroup.controllers").exists() {
            return Some(Self::Unified(root.to_owned()));
        }
        let folder = |names: &[&str]| names.iter().map(|name| root.join(name)).find(|folder| folder.is_dir());
        let folders: BTreeMap<_, _> =
            CONTROLLERS.iter().filter_map(|(controller, names)| Some((*controller, folder(names)?))).collect();
        let io = folders.get(&Controller::Blkio).and_then(|root| io_files(root));
        (!folders.is_empty()).then_some(Self::Legacy { folders, io })
    }

    /// Whether the kernel counts what groups read and write.
    pub const fn counts_io(&self) -> bool {
        matches!(self, Self::Unified(_) | Self::Legacy { io: Some(_), .. })
    }

    /// Each tree once, although several controllers may have it.
    fn roots(&self) -> BTreeSet<&Path> {
        match self {
            Self::Unified(root) => BTreeSet::from([root.as_path()]),
            Self::Legacy { folders, .. } => folders.values().map(PathBuf::as_path).collect(),
        }
    }

    /// The folder of a group in the first tree that has it: there its tasks are listed.
    pub fn folder(&self, path: &str) -> PathBuf {
        let folders = self.roots().into_iter().map(|root| root.join(path));
        folders.into_iter().find(|folder| folder.is_dir()).unwrap_or_default()
    }

    /// All groups worth showing, by path. What only holds others is watched before it is listed, so that nothing comes in
    /// between unseen.
    pub fn list(&self, watch: &mut Watch) -> Vec<(String, Identity)> {
        let mut found = BTreeMap::new();
        for root in self.roots() {
            descend(root, "", 0, &mut found, watch);
        }
        make_unique(found.into_iter().collect())
    }
}

/// Recent kernels count I/O only for devices that have a limit, and the BFQ scheduler only for its own. Of a device that is
/// counted, the group of all has a line.
fn io_files(root: &Path) -> Option<IoFiles> {
    let counts = |file: &str| fs::read(root.join(file)).is_ok_and(|text| text.first().is_some_and(u8::is_ascii_digit));
    IO_FILES.into_iter().find(|(bytes, _)| counts(bytes))
}

fn descend(root: &Path, path: &str, depth: usize, found: &mut BTreeMap<String, Identity>, watch: &mut Watch) {
    let folder = root.join(path);
    watch.add(&folder);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        // Names that are not UTF-8 cannot be told to anybody.
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = if path.is_empty() { name } else { format!("{path}/{name}") };
        match classify(&path) {
            Class::Folder if depth < MAX_DEPTH => descend(root, &path, depth + 1, found, watch),
            Class::Shown(identity) => drop(found.insert(path, identity)),
            Class::Folder | Class::Ignored => {}
        }
    }
}

/// Of groups that would have one name, all but the first go by their paths.
fn make_unique(mut found: Vec<(String, Identity)>) -> Vec<(String, Identity)> {
    let mut taken = BTreeSet::new();
    for (path, identity) in &mut found {
        if !taken.insert(identity.id.clone()) {
            identity.id.clone_from(path);
            taken.insert(path.clone());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::identity::Kind;
    use super::*;
    use crate::testing::TempDir;

    fn ids(root: &Path) -> Vec<String> {
        let groups = Hierarchies::find(root).unwrap().list(&mut Watch::default());
        groups.into_iter().map(|(_, identity)| identity.id).collect()
    }

    fn make(root: &TempDir, folders: &[&str]) {
        for folder in folders {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
    }

    #[test]
    fn without_groups_there_are_no_hierarchies() {
        let root = TempDir::new();
        assert_eq!(Hierarchies::find(root.path()), None);
        assert_eq!(Hierarchies::find(&root.path().join("missing")), None);
    }

    #[test]
    fn one_tree_is_walked_through_what_holds_others() {
        let root = TempDir::new();
        fs::write(root.path().join("cgroup.controllers"), "cpu io memory pids\n").unwrap();
        make(&root, &["init.scope", "system.slice/ssh.service/inner.service", "system.slice/tmp.mount", "batch/job"]);
        assert_eq!(ids(root.path()), ["batch", "ssh.service"]);
    }

    #[test]
    fn a_group_of_any_controller_counts_once() {
        let root = TempDir::new();
        make(&root, &["cpu,cpuacct/batch", "memory/batch", "memory/other", "pids/system.slice/a.service", "unified/x"]);
        let hierarchies = Hierarchies::find(root.path()).unwrap();
        let Hierarchies::Legacy { folders, .. } = &hierarchies else { panic!("{hierarchies:?}") };
        assert_eq!(folders[&Controller::Cpu], folders[&Controller::Cpuacct]);
        assert!(!folders.contains_key(&Controller::Blkio));
        assert_eq!(ids(root.path()), ["batch", "other", "a.service"]);
    }

    #[test]
    fn io_is_read_where_the_kernel_counts_it() {
        let root = TempDir::new();
        make(&root, &["blkio"]);
        let io = || match Hierarchies::find(root.path()).unwrap() {
            Hierarchies::Legacy { io, .. } => io.map(|(bytes, _)| bytes),
            Hierarchies::Unified(_) => None,
        };
        let write = |file: &str, text: &str| fs::write(root.path().join("blkio").join(file), text).unwrap();
        for (file, _) in IO_FILES {
            write(file, "Total 0\n");
        }
        assert_eq!(io(), None);
        assert!(!Hierarchies::find(root.path()).unwrap().counts_io());
        for (file, _) in IO_FILES.into_iter().rev() {
            write(file, "8:0 Read 4096\n8:0 Write 0\nTotal 4096\n");
            assert_eq!(io(), Some(file));
        }
    }

    #[test]
    fn names_that_stand_twice_become_paths() {
        let identity = |id: &str| Identity { kind: Kind::Service, id: id.to_owned(), pod_uid: String::new() };
        let found = vec![
            ("a.slice/x.service".to_owned(), identity("x.service")),
            ("b.slice/x.service".to_owned(), identity("x.service")),
        ];
        let ids: Vec<String> = make_unique(found).into_iter().map(|(_, identity)| identity.id).collect();
        assert_eq!(ids, ["x.service", "b.slice/x.service"]);
    }
}
