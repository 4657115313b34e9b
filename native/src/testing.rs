//! What several unit tests need.

pub mod large_hosts;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::sampler::clock::{Clock, Now};

/// A folder of its own, removed at the end of the test.
pub struct TempDir(PathBuf);

impl TempDir {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("tacho-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// A clock that stands still until the test moves it.
pub struct ManualClock(Cell<Now>);

impl Default for ManualClock {
    fn default() -> Self {
        let mono_ns = 1_000_000_000_000;
        Self(Cell::new(Now { mono_ns, real_ns: 1_700_000_000_000_000_000, boot_ns: mono_ns, spread_ns: 0 }))
    }
}

impl ManualClock {
    pub fn advance(&self, ns: u64) {
        let now = self.0.get();
        let (mono_ns, real_ns, boot_ns) = (now.mono_ns + ns, now.real_ns + ns, now.boot_ns + ns);
        self.0.set(Now { mono_ns, real_ns, boot_ns, ..now });
    }

    pub fn step(&self, seconds: i64) {
        let now = self.0.get();
        self.0.set(Now { real_ns: now.real_ns.saturating_add_signed(seconds * 1_000_000_000), ..now });
    }

    pub fn suspend(&self, ns: u64) {
        let now = self.0.get();
        self.0.set(Now { real_ns: now.real_ns + ns, boot_ns: now.boot_ns + ns, ..now });
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Now {
        self.0.get()
    }

    fn mono_ns(&self) -> u64 {
        self.0.get().mono_ns
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../test/fixtures")
}

/// Where the golden outputs are.
pub fn golden() -> PathBuf {
    fixtures().join("golden")
}

/// A host captured, or written by hand, under test/fixtures/hosts.
pub fn host(name: &str) -> PathBuf {
    fixtures().join("hosts").join(name)
}

/// The names of all of them, sorted.
pub fn hosts() -> Vec<String> {
    let entries = std::fs::read_dir(fixtures().join("hosts")).unwrap();
    let folders = entries.map(|entry| entry.unwrap()).filter(|entry| entry.file_type().unwrap().is_dir());
    let mut names: Vec<String> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    assert!(!names.is_empty());
    names.sort();
    names
}

/// The files of a host that are different a second later, if there are any.
pub const LATER: &str = "later";

/// Lets that second pass: files are written in place, as they are read through descriptors that stay open.
pub fn pass_a_second(host: &Path) {
    let later = host.join(LATER);
    if later.is_dir() {
        copy_folder(&later, host);
    }
}

/// A file of a captured host.
pub fn fixture(host_name: &str, file: &str) -> Vec<u8> {
    let path = host(host_name).join(file);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The system's allocator, counting what the calling thread asks of it.
struct CountingAllocator;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: everything is passed on to the system's allocator; the counter is a plain cell without a destructor.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// How many allocations this thread has made so far.
pub fn allocations() -> u64 {
    ALLOCATIONS.get()
}

/// Copies a captured host to where a test may change it.
pub fn copy_host(name: &str, to: &Path) {
    copy_folder(&host(name), to);
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy_folder(&entry.path(), &target);
        } else if kind.is_symlink() {
            // As they are: those of /proc lead to what is no file.
            std::os::unix::fs::symlink(std::fs::read_link(entry.path()).unwrap(), target).unwrap();
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
