//! What the sampler tells about itself. One thread counts, any other may look.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A running total with a single writer.
#[derive(Debug, Default)]
pub struct Total(AtomicU64);

impl Total {
    pub fn add(&self, amount: u64) {
        self.set(self.get().saturating_add(amount));
    }

    pub fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What one reader has done.
#[derive(Debug)]
pub struct ReaderStats {
    pub name: String,
    /// What its errors name: a file, a folder, or where the thing would be.
    pub path: PathBuf,
    pub reads: Total,
    pub errors: Total,
    /// Time spent reading and parsing.
    pub total_ns: Total,
    /// 1 while the last read failed.
    pub failing: Total,
    /// 1 while there is nothing to ask, for the reason that is its last error.
    pub idle: Total,
    /// 1 when it is read on another thread, and `total_ns` is only the picking up.
    pub aside: Total,
    last_error: Mutex<String>,
    families: Mutex<Vec<&'static str>>,
}

impl ReaderStats {
    pub fn new(name: &str, path: &Path) -> Self {
        Self {
            name: name.to_owned(),
            path: path.to_owned(),
            reads: Total::default(),
            errors: Total::default(),
            total_ns: Total::default(),
            failing: Total::default(),
            idle: Total::default(),
            aside: Total::default(),
            last_error: Mutex::default(),
            families: Mutex::default(),
        }
    }

    /// The families that asked for it, in the order in which they did.
    pub fn families(&self) -> Vec<&'static str> {
        lock(&self.families).clone()
    }

    pub fn add_family(&self, family: &'static str) {
        let mut families = lock(&self.families);
        if !families.contains(&family) {
            families.push(family);
        }
    }

    /// The last error with its path; kept after the reader has recovered, empty when there was none.
    pub fn last_error(&self) -> String {
        lock(&self.last_error).clone()
    }

    pub fn set_last_error(&self, error: String) {
        *lock(&self.last_error) = error;
    }
}

/// Whether a family can be read, and what is wrong if not (or not entirely).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FamilyStats {
    pub name: &'static str,
    pub available: bool,
    pub reason: String,
    /// Of families whose source differs from host to host, and when there is one.
    pub source: Option<String>,
}

/// Running totals since the sampler started.
#[derive(Debug, Default)]
pub struct Stats {
    /// Frames made, over all streams.
    pub ticks: Total,
    /// Frames made more than a tenth of their interval (at most 50 ms) after their grid point.
    pub late: Total,
    /// Grid points of streams for which no frame was made.
    pub missed: Total,
    /// Frames dropped because the ring was full.
    pub overruns: Total,
    /// Frames that no rate connects with the one before.
    pub gaps: Total,
    /// Backward steps of the clock so far, and what they began with; below 1000.
    pub epoch: Total,
    pub ring_high_water_words: Total,
    readers: Mutex<Vec<Arc<ReaderStats>>>,
    families: Mutex<Vec<FamilyStats>>,
}

impl Stats {
    pub fn readers(&self) -> Vec<Arc<ReaderStats>> {
        lock(&self.readers).clone()
    }

    pub fn set_readers(&self, readers: Vec<Arc<ReaderStats>>) {
        *lock(&self.readers) = readers;
    }

    pub fn families(&self) -> Vec<FamilyStats> {
        lock(&self.families).clone()
    }

    pub fn set_families(&self, families: Vec<FamilyStats>) {
        *lock(&self.families) = families;
    }
}
