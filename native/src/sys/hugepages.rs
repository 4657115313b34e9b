//! `/sys/kernel/mm/hugepages/hugepages-*kB` (Documentation/admin-guide/mm/hugetlbpage.rst): the pools of huge pages, one for
//! each size. And the `hugepages` family.

use std::path::PathBuf;
use std::sync::Arc;

use crate::host::errno;
use crate::proc::small_files::{Number, OptionalFile, PASSES_PER_SEARCH};
use crate::proc::text::integer;
use crate::sampler::family::{Descriptor, Family, Field, Output, Pair, Problems, Rows};
use crate::sampler::kernel::{Kernel, Roots};
use crate::sampler::raw::Raw;
use crate::sampler::reader::{ReadError, Shared};
use crate::sampler::slow::{Slow, SlowSource};

const fn pages(name: &'static str, help: &'static str) -> Field {
    Field::gauge(name, "pages", help)
}

static HUGEPAGES: Descriptor = Descriptor {
    name: "hugepages",
    help: "The pool of huge pages of each size; memory has those of the default size, too",
    instance_label: "size",
    floor_interval_ms: 1000,
    fields: &[
        pages("total_pages", "Pages in the pool, surplus ones included"),
        pages("free_pages", "Pages not handed out"),
        pages("reserved_pages", "Pages promised but not handed out: free ones that are not for others"),
        pages("surplus_pages", "Pages above the configured number, given back when they are free"),
        Field::gauge("used_bytes", "bytes", "Size of the pages that are handed out"),
    ],
};

/// Pages of a pool.
#[derive(Clone, Copy, Debug, Default)]
pub struct PoolRow {
    size_kib: u64,
    total: Raw,
    free: Raw,
    reserved: Raw,
    surplus: Raw,
}

impl PoolRow {
    fn used_bytes(&self) -> f64 {
        let used = self.total.get().zip(self.free.get()).map(|(total, free)| total.saturating_sub(free));
        used.map_or(Raw::ABSENT, Raw::new).scaled(self.size_kib.saturating_mul(1024))
    }
}

/// A pool and its files.
struct Pool {
    size_kib: u64,
    name: Arc<str>,
    /// Total, free, reserved, surplus.
    counts: [OptionalFile<Number>; 4],
}

/// The pool whose folder has this name; `None` when it is none.
pub fn size_kib(folder: &str) -> Option<u64> {
    integer(folder.strip_prefix("hugepages-")?.strip_suffix("kB")?.as_bytes())
}

/// All pools.
pub struct Pools {
    folder: PathBuf,
    buffer: Vec<u8>,
    passes: u32,
    pools: Vec<Pool>,
}

impl Pools {
    fn new(roots: &Roots) -> Self {
        Self { folder: roots.sys.join("kernel/mm/hugepages"), buffer: Vec::new(), passes: 0, pools: Vec::new() }
    }

    /// Which sizes there are is decided at boot.
    fn search(&mut self) -> Result<(), i32> {
        let entries = std::fs::read_dir(&self.folder).map_err(|error| errno::of(&error))?;
        let named = |entry: std::fs::DirEntry| Some((size_kib(entry.file_name().to_str()?)?, entry.path()));
        let mut found: Vec<(u64, PathBuf)> = entries.flatten().filter_map(named).collect();
        found.sort_unstable();
        if found.iter().map(|(size, _)| *size).ne(self.pools.iter().map(|pool| pool.size_kib)) {
            let file = |folder: &PathBuf, name| OptionalFile::new(folder.join(format!("{name}_hugepages")));
            let pool = |(size_kib, folder): (u64, PathBuf)| Pool {
                size_kib,
                name: format!("{size_kib}kB").into(),
                counts: ["nr", "free", "resv", "surplus"].map(|name| file(&folder, name)),
            };
            self.pools = found.into_iter().map(pool).collect();
        }
        Ok(())
    }
}

impl SlowSource for Pools {
    type Value = Vec<(Arc<str>, PoolRow)>;
    const FLOOR_NS: u64 = 1_000_000_000;
    const OVERDUE: &'static str = "the pools of huge pages have not been read for a long time";

    fn read(&mut self, rows: &mut Self::Value, asking: &dyn Fn()) -> Result<(), ReadError> {
        rows.clear();
        asking();
        if self.passes == 0 {
            self.search().map_err(ReadError::Io)?;
        }
        self.passes = (self.passes + 1) % PASSES_PER_SEARCH;
        for pool in &mut self.pools {
            let [total, free, reserved, surplus] = pool.counts.each_mut().map(|file| file.number(&mut self.buffer));
            rows.push((Arc::clone(&pool.name), PoolRow { size_kib: pool.size_kib, total, free, reserved, surplus }));
        }
        Ok(())
    }

    fn hint(error: ReadError) -> &'static str {
        match error {
            ReadError::Io(libc::ENOENT) => "kernel without CONFIG_HUGETLBFS, or a CPU without huge pages",
            _ => "",
        }
    }
}

/// The `hugepages` family.
pub struct Hugepages {
    pools: Shared<Slow<Pools>>,
}

impl Family for Hugepages {
    type Row = PoolRow;
    const DESCRIPTOR: &'static Descriptor = &HUGEPAGES;

    fn new(kernel: &mut Kernel) -> Self {
        let path = kernel.roots.sys.join("kernel/mm/hugepages");
        Self { pools: kernel.slow_source("hugepages", path, Pools::new) }
    }

    fn capture(&mut self, tick: u64, rows: &mut Rows<PoolRow>) -> Result<u64, ReadError> {
        let (taken, at_ns) = self.pools.read(tick)?;
        taken.value.iter().for_each(|(name, row)| rows.push(name.as_bytes(), *row));
        Ok(at_ns)
    }

    fn derive(pair: &Pair<PoolRow>, out: &mut Output) {
        for now in &pair.now.rows {
            out.put_all([now.total, now.free, now.reserved, now.surplus].map(Raw::level));
            out.put(now.used_bytes());
        }
    }

    fn problems(&self) -> Problems {
        Problems { unavailable: self.pools.problem(), partial: Vec::new() }
    }

    fn demand(&mut self, interval_ns: Option<u64>) {
        self.pools.with_source(|pools| pools.demand(interval_ns));
    }
}

#[cfg(test)]
mod tests {
    use crate::sampler::engine_test::Host;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn each_size_has_its_pool_and_an_empty_one_is_shown() {
        let mut host = Host::inline("numa-2node");
        host.subscribe(0, "hugepages", SECOND);
        let frame = host.one_after(SECOND);
        assert_eq!(frame.instances, ["2048kB", "1048576kB"]);
        let values = |size, fields: [&str; 5]| fields.map(|field| frame.value(size, field));
        let fields = ["total_pages", "free_pages", "reserved_pages", "surplus_pages", "used_bytes"];
        assert_eq!(values("2048kB", fields), [520.0, 512.0, 4.0, 8.0, 8.0 * 2_097_152.0]);
        assert_eq!(values("1048576kB", fields), [0.0; 5]);
    }

    #[test]
    fn a_kernel_without_them_says_so() {
        let mut host = Host::inline("vm-2cpu");
        host.subscribe(0, "hugepages", SECOND);
        let frame = host.one_after(SECOND);
        assert!(frame.values.is_empty());
        let (is_available, reason) = &host.available()["hugepages"];
        assert!(!is_available && reason.contains("CONFIG_HUGETLBFS"), "{reason}");
        // And is looked at again.
        host.write("sys/kernel/mm/hugepages/hugepages-64kB/nr_hugepages", "3\n");
        host.write("sys/kernel/mm/hugepages/hugepages-64kB/free_hugepages", "1\n");
        host.write("sys/kernel/mm/hugepages/hugepages-x/free_hugepages", "1\n");
        let frame = host.one_after(SECOND);
        assert_eq!(frame.instances, ["64kB"]);
        assert_eq!(frame.value("64kB", "used_bytes"), 131_072.0);
        assert!(frame.value("64kB", "reserved_pages").is_nan());
    }
}
