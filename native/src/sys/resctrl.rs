//! `/sys/fs/resctrl` (Documentation/filesystems/resctrl.rst): memory traffic as the last-level caches see it, where the CPU
//! monitors it (MBM) and the file system is mounted.

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::proc::text::Cells;
use crate::sampler::clock::Clock;
use crate::sampler::kernel::Kernel;
use crate::sampler::raw::Raw;
use crate::sampler::reader::{KernelFile, Malformed, Parse, ReadError, Shared, Source};

/// Each file interrupts a CPU of its cache, and there may be dozens.
const FLOOR_NS: u64 = 100_000_000;
/// Groups come and go by hand: they are looked for again this often.
const SCAN_NS: u64 = 60_000_000_000;

#[derive(Debug, Default)]
pub struct Bytes(pub Raw);

impl Parse for Bytes {
    const MISSING: &'static str = "the group is gone";

    fn parse(&mut self, text: &[u8]) -> Result<(), Malformed> {
        // `Unavailable` and `Error` are said in place of a number.
        self.0 = Cells::new(text).number();
        if self.0 == Raw::ABSENT { Err(Malformed { line: 1, what: "expected a number of bytes" }) } else { Ok(()) }
    }
}

/// Bytes of all groups and caches together, since the last scan.
#[derive(Clone, Copy, Debug, Default)]
pub struct Monitored {
    pub total: Raw,
    pub at_ns: u64,
    /// Counts scans: sums of two scans have nothing to do with each other.
    pub generation: u32,
}

pub struct Resctrl {
    folder: PathBuf,
    clock: Rc<dyn Clock>,
    files: Vec<KernelFile<Bytes>>,
    found: Vec<PathBuf>,
    next_scan_ns: u64,
    monitored: Monitored,
}

impl Resctrl {
    pub fn shared(kernel: &mut Kernel) -> Shared<Self> {
        let folder = kernel.roots.sys.join("fs/resctrl");
        let clock = Rc::clone(&kernel.commons.clock);
        kernel.source("resctrl", folder.clone(), || Self {
            folder,
            clock,
            files: Vec::new(),
            found: Vec::new(),
            next_scan_ns: 0,
            monitored: Monitored::default(),
        })
    }

    /// Whether there was ever traffic to tell.
    pub fn has_monitored(&self) -> bool {
        self.monitored.total != Raw::ABSENT
    }

    fn scan(&mut self) {
        let found = monitor_files(&self.folder);
        if found != self.found {
            self.files = found.iter().cloned().map(KernelFile::new).collect();
            self.found = found;
            self.monitored.generation = self.monitored.generation.wrapping_add(1);
        }
    }
}

/// `mon_data/mon_L3_*/mbm_total_bytes` of the root and of every control group. A task counts in one of them only;
/// monitoring groups (`mon_groups`) are part of theirs.
fn monitor_files(folder: &Path) -> Vec<PathBuf> {
    let subfolders = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect::<Vec<_>>()
    };
    let mut groups = subfolders(folder);
    groups.push(folder.to_owned());
    let caches = groups.iter().flat_map(|group| subfolders(&group.join("mon_data")));
    let mut files: Vec<PathBuf> =
        caches.map(|cache| cache.join("mbm_total_bytes")).filter(|file| file.is_file()).collect();
    files.sort();
    files
}

impl Source for Resctrl {
    type Value = Monitored;

    fn read(&mut self, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        let now_ns = self.clock.mono_ns();
        if now_ns >= self.next_scan_ns {
            self.next_scan_ns = now_ns + SCAN_NS;
            self.scan();
        }
        if self.files.is_empty() {
            return Err(ReadError::NotAsked("not mounted, or without memory bandwidth monitoring (MBM)"));
        }
        if self.monitored.total != Raw::ABSENT && now_ns.saturating_sub(self.monitored.at_ns) < FLOOR_NS {
            return Ok(());
        }
        let mut total = 0_u64;
        for file in &mut self.files {
            if let Err(error) = file.read(buffer) {
                self.next_scan_ns = 0;
                return Err(error);
            }
            total = total.saturating_add(file.value().0.get().unwrap_or(0));
        }
        (self.monitored.total, self.monitored.at_ns) = (Raw::new(total), now_ns);
        Ok(())
    }

    fn value(&self) -> &Monitored {
        &self.monitored
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TempDir;

    #[test]
    fn groups_and_caches_add_up_and_monitoring_groups_do_not_count_twice() {
        let folder = TempDir::new();
        let put = |path: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "5\n").unwrap();
        };
        for file in ["mon_data/mon_L3_00/", "mon_data/mon_L3_01/", "batch/mon_data/mon_L3_00/"] {
            put(&format!("{file}mbm_total_bytes"));
            put(&format!("{file}mbm_local_bytes"));
        }
        put("mon_groups/m1/mon_data/mon_L3_00/mbm_total_bytes");
        put("info/L3_MON/num_rmids");
        let files = monitor_files(folder.path());
        let found: Vec<_> =
            files.iter().map(|file| file.strip_prefix(folder.path()).unwrap().to_str().unwrap()).collect();
        assert_eq!(
            found,
            [
                "batch/mon_data/mon_L3_00/mbm_total_bytes",
                "mon_data/mon_L3_00/mbm_total_bytes",
                "mon_data/mon_L3_01/mbm_total_bytes"
            ]
        );
    }

    #[test]
    fn a_number_or_nothing() {
        let mut bytes = Bytes::default();
        bytes.parse(b"18446744\n").unwrap();
        assert_eq!(bytes.0, Raw::new(18_446_744));
        assert!(bytes.parse(b"Unavailable\n").is_err());
    }
}
