//! `/sys/block`: which names of diskstats are whole devices, and of what kind.

use std::path::{Path, PathBuf};

use crate::proc::name::Name;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    /// Counts towards the sum of all devices.
    Physical,
    /// Built on other devices (or on memory), so its I/O is counted there already.
    Virtual,
    /// Like virtual, and usually there without being used: loop, RAM and optical devices.
    Occasional,
    Partition,
}

/// Remembers the kind of each line of diskstats; asks /sys only about lines that are new or have moved.
pub struct BlockDevices {
    folder: PathBuf,
    known: Vec<(Name, DeviceKind)>,
}

impl BlockDevices {
    pub fn new(sysfs: &Path) -> Self {
        Self { folder: sysfs.join("block"), known: Vec::new() }
    }

    /// The kind of the device on this line.
    pub fn kind(&mut self, line: usize, name: Name) -> DeviceKind {
        match self.known.get(line) {
            Some((known, kind)) if *known == name => return *kind,
            _ => {}
        }
        let kind = self.look_up(&String::from_utf8_lossy(name.as_bytes()));
        if line >= self.known.len() {
            self.known.resize(line + 1, (Name::default(), DeviceKind::Partition));
        }
        self.known[line] = (name, kind);
        kind
    }

    fn look_up(&self, name: &str) -> DeviceKind {
        // A device such as cciss/c0d0 has its slash replaced in /sys.
        let whole = self.folder.join(name.replace('/', "!")).exists();
        if !whole && (self.folder.is_dir() || looks_like_partition(name)) {
            return DeviceKind::Partition;
        }
        kind_of_whole(name)
    }
}

fn kind_of_whole(name: &str) -> DeviceKind {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| numbered(name, prefix));
    if starts(&["loop", "ram", "zram", "sr"]) {
        DeviceKind::Occasional
    } else if starts(&["dm-", "md", "bcache"]) || name.starts_with("md_") || is_nvme_path(name) {
        DeviceKind::Virtual
    } else {
        DeviceKind::Physical
    }
}

fn numbered(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

/// `nvme0c1n1` is one path to `nvme0n1`, which counts all of them.
fn is_nvme_path(name: &str) -> bool {
    name.strip_prefix("nvme").is_some_and(|rest| rest.contains('c'))
}

/// Without /sys there are only names to go by: `sda1`, `nvme0n1p1`, `mmcblk0p1`.
fn looks_like_partition(name: &str) -> bool {
    let stem = name.trim_end_matches(|last: char| last.is_ascii_digit());
    if stem.len() == name.len() {
        return false;
    }
    let lettered = ["sd", "hd", "vd", "xvd"].iter().any(|prefix| stem.starts_with(prefix));
    let numbered = stem.strip_suffix('p').is_some_and(|whole| whole.ends_with(|last: char| last.is_ascii_digit()));
    lettered || numbered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::host;

    #[test]
    fn whole_devices_are_those_of_sys_block() {
        let mut devices = BlockDevices::new(&host("old-kernel").join("sys"));
        let mut kind = |line, name: &str| devices.kind(line, Name::new(name.as_bytes()));
        assert_eq!(kind(0, "sda"), DeviceKind::Physical);
        assert_eq!(kind(1, "sda1"), DeviceKind::Partition);
        assert_eq!(kind(5, "cciss/c0d0"), DeviceKind::Physical);
        assert_eq!(kind(2, "dm-0"), DeviceKind::Virtual);
        assert_eq!(kind(3, "sr0"), DeviceKind::Occasional);
        assert_eq!(kind(0, "dm-0"), DeviceKind::Virtual);
    }

    #[test]
    fn without_sys_names_decide() {
        let devices = BlockDevices::new(Path::new("/nonexistent"));
        let kind = |name: &str| devices.look_up(name);
        for whole in ["sda", "vdb", "nvme0n1", "mmcblk0", "nbd0"] {
            assert_eq!(kind(whole), DeviceKind::Physical, "{whole}");
        }
        for partition in ["sda1", "xvda12", "nvme0n1p3", "mmcblk0p1"] {
            assert_eq!(kind(partition), DeviceKind::Partition, "{partition}");
        }
        for other in ["md127", "dm-3", "nvme0c1n1", "bcache0"] {
            assert_eq!(kind(other), DeviceKind::Virtual, "{other}");
        }
        for rare in ["loop3", "ram0", "zram0", "sr0"] {
            assert_eq!(kind(rare), DeviceKind::Occasional, "{rare}");
        }
    }
}
