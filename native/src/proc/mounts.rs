//! `/proc/mounts` and `/proc/filesystems` (proc_mounts(5), proc_filesystems(5)): what is mounted and worth measuring.
//! And the `filesystem` family.

use std::collections::{HashMap, HashSet};

use super::statvfs::{Filesystems, Usage};
use super::text::lines;
use crate::sampler::family::{Descriptor, Family, Field, Output, Pair, Problems, Rows};
use crate::sampler::kernel::Kernel;
use crate::sampler::raw::percent;
use crate::sampler::reader::{ReadError, Shared};

/// A mounted file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    pub path: Vec<u8>,
    pub device: Vec<u8>,
    pub read_only: bool,
}

/// File systems without a block device of their own that hold data all the same.
const WITHOUT_DEVICE: [&[u8]; 12] = [
    b"zfs",
    b"btrfs",
    b"bcachefs",
    b"nfs",
    b"nfs4",
    b"cifs",
    b"smb3",
    b"ceph",
    b"9p",
    b"virtiofs",
    b"glusterfs",
    b"lustre",
];
/// Images that are always full and never written.
const IMAGES: [&[u8]; 5] = [b"squashfs", b"erofs", b"iso9660", b"cramfs", b"romfs"];
/// FUSE file systems that present something else than storage.
const NOT_STORAGE: [&[u8]; 5] = [b"fuse.lxcfs", b"fuse.gvfsd-fuse", b"fuse.portal", b"fuse.snapfuse", b"fuse.dumpfs"];

/// The types that live on block devices: those without `nodev` in /proc/filesystems.
pub fn types_on_devices(filesystems: &[u8]) -> HashSet<Vec<u8>> {
    lines(filesystems).filter_map(|line| line.strip_prefix(b"\t")).map(<[u8]>::to_vec).collect()
}

fn is_measured(kind: &[u8], path: &[u8], on_devices: &HashSet<Vec<u8>>) -> bool {
    if IMAGES.contains(&kind) || NOT_STORAGE.contains(&kind) {
        return false;
    }
    on_devices.contains(kind)
        || WITHOUT_DEVICE.contains(&kind)
        || kind.starts_with(b"fuse.")
        // The root of a container.
        || (kind == b"overlay" && path == b"/")
}

/// The mounts worth measuring, in the file's order: of several mounts of one device (bind mounts, subvolumes) the one
/// with the shortest path; of several at one path the last, which hides the others.
pub fn measured(mounts: &[u8], on_devices: &HashSet<Vec<u8>>) -> Vec<Mount> {
    let mut by_path: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut all: Vec<Option<Mount>> = Vec::new();
    for line in lines(mounts) {
        let mut cells = line.split(|byte| *byte == b' ');
        let (Some(device), Some(path), Some(kind), Some(options)) =
            (cells.next(), cells.next(), cells.next(), cells.next())
        else {
            continue;
        };
        let (device, path) = (unescape(device), unescape(path));
        if let Some(hidden) = by_path.insert(path.clone(), all.len()) {
            all[hidden] = None;
        }
        let read_only = options.split(|byte| *byte == b',').any(|option| option == b"ro");
        let measured = is_measured(kind, &path, on_devices);
        all.push(measured.then_some(Mount { path, device, read_only }));
    }
    let mut shortest: HashMap<&[u8], &Mount> = HashMap::new();
    for mount in all.iter().flatten() {
        let best = shortest.entry(&mount.device).or_insert(mount);
        if mount.path.len() < best.path.len() {
            *best = mount;
        }
    }
    let chosen = |mount: &&Mount| shortest.get(mount.device.as_slice()).is_some_and(|best| best.path == mount.path);
    all.iter().flatten().filter(chosen).cloned().collect()
}

/// Blanks, tabs, newlines and backslashes are written as `\` and three octal digits.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        if let (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..]) = (*first, tail) {
            plain.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
            rest = after;
        } else {
            plain.push(*first);
            rest = tail;
        }
    }
    plain
}

static FILESYSTEM: Descriptor = Descriptor {
    name: "filesystem",
    help: "Space and inodes of each mounted file system that holds data (statvfs), asked aside with a deadline of 2 s.",
    instance_label: "mountpoint",
    floor_interval_ms: 1000,
    fields: &[
        Field::gauge("total_bytes", "bytes", "Size"),
        Field::gauge("used_bytes", "bytes", "In use"),
        Field::gauge("free_bytes", "bytes", "Not in use, what is reserved for root included"),
        Field::gauge("available_bytes", "bytes", "What users other than root can still write"),
        Field::gauge("usage_percent", "percent", "Used share of what is used or available, as df shows it"),
        Field::gauge("inodes_total", "inodes", "Inodes; no value where they are not counted"),
        Field::gauge("inodes_free", "inodes", "Inodes not in use"),
        Field::gauge("inodes_usage_percent", "percent", "Used share of the inodes"),
        Field::gauge("read_only", "bool", "1 when mounted read-only"),
        Field::gauge(
            "stuck",
            "bool",
            "1 when it has not answered for 2 s, as a network file system whose server is gone",
        ),
    ],
};

/// The `filesystem` family.
pub struct Filesystem {
    filesystems: Shared<Filesystems>,
    interval_ns: Option<u64>,
}

impl Family for Filesystem {
    type Row = Usage;
    const DESCRIPTOR: &'static Descriptor = &FILESYSTEM;

    fn new(kernel: &mut Kernel) -> Self {
        Self { filesystems: Filesystems::shared(kernel), interval_ns: None }
    }

    fn capture(&mut self, tick: u64, rows: &mut Rows<Usage>) -> Result<u64, ReadError> {
        let (latest, at_ns) = self.filesystems.read(tick)?;
        for (mount, usage) in latest.iter() {
            rows.push(&mount.path, *usage);
        }
        Ok(at_ns)
    }

    fn derive(pair: &Pair<Usage>, out: &mut Output) {
        for now in &pair.now.rows {
            out.put_all([now.total_bytes, now.used_bytes(), now.free_bytes, now.available_bytes]);
            out.put(percent(now.used_bytes(), now.used_bytes() + now.available_bytes));
            out.put_all([now.inodes_total, now.inodes_free]);
            out.put(percent(now.inodes_total - now.inodes_free, now.inodes_total));
            out.put_all([now.read_only, now.stuck].map(|flag| f64::from(u8::from(flag))));
        }
    }

    fn problems(&self) -> Problems {
        let partial = self.filesystems.with_source(|source| source.problems());
        Problems { unavailable: self.filesystems.problem(), partial }
    }

    fn demand(&mut self, interval_ns: Option<u64>) {
        if self.interval_ns != interval_ns {
            self.interval_ns = interval_ns;
            self.filesystems.with_source(|source| source.demand(interval_ns));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fixture;
    use proptest::prelude::*;

    fn paths(mounts: &[u8]) -> Vec<String> {
        let types = types_on_devices(b"nodev\tproc\n\text4\n\txfs\n\tsquashfs\n\tfuseblk\nnodev\ttmpfs\n");
        measured(mounts, &types).iter().map(|mount| String::from_utf8_lossy(&mount.path).into_owned()).collect()
    }

    #[test]
    fn a_virtual_machine_has_its_root_and_nothing_virtual() {
        let types = types_on_devices(&fixture("vm-2cpu", "proc/filesystems"));
        let found = measured(&fixture("vm-2cpu", "proc/mounts"), &types);
        let root = Mount { path: b"/".to_vec(), device: b"/dev/vda".to_vec(), read_only: false };
        assert_eq!(found, [root]);
    }

    #[test]
    fn bind_mounts_count_once_and_hidden_mounts_not_at_all() {
        let mounts = b"/dev/sda1 /srv/data/deep ext4 rw 0 0\n/dev/sda1 /srv ext4 rw 0 0\n/dev/sdb /mnt xfs rw 0 0\n\
            tmpfs /mnt tmpfs rw 0 0\n/dev/sdc /x ext4 rw 0 0\n/dev/sdd /x ext4 ro,noatime 0 0\nbroken line\n\n";
        assert_eq!(paths(mounts), ["/srv", "/x"]);
    }

    #[test]
    fn network_and_fuse_file_systems_count_and_images_do_not() {
        let mounts =
            b"nas:/vol /nas nfs4 rw 0 0\nlxcfs /var/lib/lxcfs fuse.lxcfs rw 0 0\nme@host: /remote fuse.sshfs rw 0 0\n\
            /dev/loop1 /snap/x squashfs ro 0 0\noverlay / overlay rw 0 0\noverlay /var/lib/o overlay rw 0 0\n\
            //srv/share /smb cifs rw 0 0\n/dev/sdb1 /ntfs fuseblk rw 0 0\nproc /proc proc rw 0 0\n";
        assert_eq!(paths(mounts), ["/nas", "/remote", "/", "/smb", "/ntfs"]);
    }

    #[test]
    fn names_are_unescaped() {
        assert_eq!(unescape(br"/mnt/my\040disk\134x"), b"/mnt/my disk\\x");
        assert_eq!(unescape(br"/a\04"), br"/a\04");
        assert_eq!(paths(b"/dev/sdb /mnt/a\\040b ext4 ro 0 0\n"), ["/mnt/a b"]);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "[a-z/ \\\\0-7,\n]{0,300}") {
            paths(text.as_bytes());
        }
    }
}
