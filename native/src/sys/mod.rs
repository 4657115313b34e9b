//! /sys, one file of ours per subsystem of the kernel's.

pub mod block;
pub mod cpu_list;
pub mod cpu_sensors;
pub mod cpufreq;
pub mod hugepages;
pub mod hwmon;
pub mod numa;
pub mod resctrl;

use std::path::Path;
use std::sync::OnceLock;

/// Size of a memory page in bytes: that of the kernel which runs us, and so of every procfs that it shows us, wherever that
/// is mounted. No file tells that of another host, whose files were copied here: its swap and TCP memory are told in our pages.
pub fn page_size() -> u64 {
    static SIZE: OnceLock<u64> = OnceLock::new();
    *SIZE.get_or_init(|| {
        // SAFETY: sysconf takes no pointers.
        let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        u64::try_from(size).unwrap_or(4096)
    })
}

/// The content of a one-line attribute, without its end; `None` when it cannot be read.
pub fn attribute(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.trim_end().to_owned())
}

/// An attribute in thousandths of its unit; NaN when it is no integer.
pub fn thousandths(text: &str) -> f64 {
    text.parse().map_or(f64::NAN, |value: i64| value as f64 / 1000.0)
}

/// The entries of a folder whose names are `prefix` and a number, in the order of their numbers.
pub fn numbered(folder: &Path, prefix: &str) -> Vec<(u32, std::path::PathBuf)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .filter_map(|entry| {
            let name = entry.file_name();
            Some((name.to_str()?.strip_prefix(prefix)?.parse().ok()?, entry.path()))
        })
        .collect();
    found.sort_unstable();
    found
}
