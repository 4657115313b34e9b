//! How many files this process may open (getrlimit(2)).

/// Descriptors left to the rest of the daemon, unless that is more than a quarter of all.
pub const RESERVED_DESCRIPTORS: u64 = 1024;

/// How many more descriptors there are, after the limit was raised for so many where that is possible.
pub fn room(wanted: usize) -> usize {
    let used = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count) as u64;
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls take a live rlimit.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) != 0 {
            return wanted;
        }
        let needed = used.saturating_add(wanted as u64).saturating_add(RESERVED_DESCRIPTORS);
        if limit.rlim_cur < needed {
            let raised = libc::rlimit { rlim_cur: needed.min(limit.rlim_max), ..limit };
            if libc::setrlimit(libc::RLIMIT_NOFILE, &raw const raised) == 0 {
                limit = raised;
            }
        }
    }
    let reserved = RESERVED_DESCRIPTORS.min(limit.rlim_cur / 4);
    usize::try_from(limit.rlim_cur.saturating_sub(used).saturating_sub(reserved)).unwrap_or(usize::MAX)
}
