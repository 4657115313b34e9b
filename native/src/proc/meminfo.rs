//! `/proc/meminfo` (proc_meminfo(5)): levels in KiB. And the `memory` family.

use super::text::KeyHint;
use super::zoneinfo::Zoneinfo;
use crate::sampler::family::{Descriptor, Family, Field, Output, Pair, Problems, Rows};
use crate::sampler::kernel::Kernel;
use crate::sampler::raw::{Raw, percent, rest};
use crate::sampler::reader::{KernelFile, Malformed, Parse, ReadError, Shared};

/// Declares the lines that are read, each with its key.
macro_rules! keys {
    ($($field:ident: $key:literal,)+) => {
        /// The lines of meminfo that we use, as printed: KiB, except for the counts of huge pages.
        #[derive(Clone, Copy, Debug, Default)]
        pub struct MemoryLines {
            $(pub $field: Raw,)+
        }

        #[derive(Clone, Copy, Debug, Default)]
        struct Hints {
            $($field: KeyHint,)+
        }

        impl Hints {
            fn read(&mut self, text: &[u8]) -> MemoryLines {
                MemoryLines { $($field: self.$field.number(text, concat!($key, ":").as_bytes()),)+ }
            }
        }
    };
}

keys! {
    total: "MemTotal",
    free: "MemFree",
    available: "MemAvailable",
    buffers: "Buffers",
    cached: "Cached",
    swap_cached: "SwapCached",
    active: "Active",
    inactive: "Inactive",
    active_file: "Active(file)",
    inactive_file: "Inactive(file)",
    swap_total: "SwapTotal",
    swap_free: "SwapFree",
    dirty: "Dirty",
    writeback: "Writeback",
    anonymous: "AnonPages",
    mapped: "Mapped",
    shared: "Shmem",
    slab: "Slab",
    slab_reclaimable: "SReclaimable",
    slab_unreclaimable: "SUnreclaim",
    kernel_stack: "KernelStack",
    page_tables: "PageTables",
    commit_limit: "CommitLimit",
    committed: "Committed_AS",
    hugepages_total: "HugePages_Total",
    hugepages_free: "HugePages_Free",
    hugepages_reserved: "HugePages_Rsvd",
    hugepages_surplus: "HugePages_Surp",
    hugepage_size: "Hugepagesize",
}

#[derive(Debug, Default)]
pub struct Meminfo {
    pub lines: MemoryLines,
    hints: Hints,
}

impl Parse for Meminfo {
    const MISSING: &'static str = "is /proc mounted?";

    fn parse(&mut self, text: &[u8]) -> Result<(), Malformed> {
        self.lines = self.hints.read(text);
        match self.lines.total {
            Raw::ABSENT => Err(Malformed { line: 1, what: "expected MemTotal" }),
            _ => Ok(()),
        }
    }
}

const KIB: u64 = 1024;

const fn bytes(name: &'static str, help: &'static str) -> Field {
    Field::gauge(name, "bytes", help)
}

static MEMORY: Descriptor = Descriptor {
    name: "memory",
    help: "Main memory, from /proc/meminfo.",
    instance_label: "",
    floor_interval_ms: 1,
    fields: &[
        Field::gauge("usage_percent", "percent", "Used share of the total"),
        bytes("total_bytes", "Memory the kernel manages"),
        bytes("used_bytes", "Total less available"),
        bytes("available_bytes", "What new programs could get without swapping, as the kernel estimates it"),
        bytes("free_bytes", "Memory used for nothing at all"),
        bytes("buffers_bytes", "Cache of raw block devices"),
        bytes("cached_bytes", "Page cache and reclaimable slab"),
        bytes("shared_bytes", "Shared memory and tmpfs"),
        bytes("active_bytes", "Used lately, reclaimed last"),
        bytes("inactive_bytes", "Not used lately, reclaimed first"),
        bytes("dirty_bytes", "Waiting to be written to disk"),
        bytes("writeback_bytes", "Being written to disk"),
        bytes("anonymous_bytes", "Pages of programs that no file backs"),
        bytes("mapped_bytes", "Files mapped into programs"),
        bytes("slab_bytes", "Data structures of the kernel"),
        bytes("slab_reclaimable_bytes", "The part of them that can be reclaimed"),
        bytes("slab_unreclaimable_bytes", "The part of them that cannot"),
        bytes("kernel_stack_bytes", "Kernel stacks of all tasks"),
        bytes("page_tables_bytes", "Page tables"),
        bytes("committed_bytes", "Memory promised to programs"),
        bytes("commit_limit_bytes", "What may be promised under strict overcommit"),
        Field::gauge("hugepages_total", "pages", "Huge pages in the pool"),
        Field::gauge("hugepages_free", "pages", "Huge pages not handed out"),
        Field::gauge("hugepages_reserved", "pages", "Huge pages promised but not handed out"),
        Field::gauge("hugepages_surplus", "pages", "Huge pages above the configured number"),
        bytes("hugepage_size_bytes", "Size of a huge page"),
    ],
};

/// The raw figures of the `memory` family.
#[derive(Clone, Copy, Debug)]
pub struct MemoryRow {
    lines: MemoryLines,
    /// The sum of the zones' low watermarks; only known where it is needed.
    low_watermark_bytes: Raw,
}

/// The `memory` family.
pub struct Memory {
    meminfo: Shared<KernelFile<Meminfo>>,
    /// Only read where the kernel does not say what is available.
    zoneinfo: Shared<KernelFile<Zoneinfo>>,
}

impl Family for Memory {
    type Row = MemoryRow;
    const DESCRIPTOR: &'static Descriptor = &MEMORY;

    fn new(kernel: &mut Kernel) -> Self {
        Self { meminfo: kernel.proc_file("meminfo"), zoneinfo: kernel.proc_file("zoneinfo") }
    }

    fn capture(&mut self, tick: u64, rows: &mut Rows<MemoryRow>) -> Result<u64, ReadError> {
        let (meminfo, at_ns) = self.meminfo.read(tick)?;
        let lines = meminfo.lines;
        let low_watermark_bytes = match lines.available {
            Raw::ABSENT => self.zoneinfo.get(tick).map_or(Raw::ABSENT, |zones| zones.low_watermark_bytes()),
            _ => Raw::ABSENT,
        };
        rows.push(b"", MemoryRow { lines, low_watermark_bytes });
        Ok(at_ns)
    }

    fn derive(pair: &Pair<MemoryRow>, out: &mut Output) {
        for now in &pair.now.rows {
            let lines = &now.lines;
            let total = lines.total.scaled(KIB);
            let available = available_bytes(lines, now.low_watermark_bytes);
            let used = rest(total, available);
            out.put_all([percent(used, total), total, used, available]);
            let levels = [
                lines.free,
                lines.buffers,
                lines.cached.or_plus(lines.slab_reclaimable),
                lines.shared,
                lines.active,
                lines.inactive,
                lines.dirty,
                lines.writeback,
                lines.anonymous,
                lines.mapped,
                lines.slab,
                lines.slab_reclaimable,
                lines.slab_unreclaimable,
                lines.kernel_stack,
                lines.page_tables,
                lines.committed,
                lines.commit_limit,
            ];
            out.put_all(levels.map(|level| level.scaled(KIB)));
            let pages =
                [lines.hugepages_total, lines.hugepages_free, lines.hugepages_reserved, lines.hugepages_surplus];
            out.put_all(pages.map(Raw::level));
            out.put(lines.hugepage_size.scaled(KIB));
        }
    }

    fn problems(&self) -> Problems {
        Problems { unavailable: self.meminfo.problem(), partial: self.zoneinfo.problem().into_iter().collect() }
    }
}

/// What the kernel says is available. Kernels before 3.14 don't say: then what they would (si_mem_available in
/// mm/page_alloc.c): all that is free above the low watermarks, and of the page cache and the reclaimable slab
/// what exceeds half of them or the watermark.
fn available_bytes(lines: &MemoryLines, low_watermark_bytes: Raw) -> f64 {
    if lines.available != Raw::ABSENT {
        return lines.available.scaled(KIB);
    }
    let low = low_watermark_bytes.level();
    let beyond = |cache: f64| cache - (cache / 2.0).min(low);
    let page_cache = lines.active_file.scaled(KIB) + lines.inactive_file.scaled(KIB);
    let slab = lines.slab_reclaimable.scaled(KIB);
    let estimate = lines.free.scaled(KIB) - low + beyond(page_cache) + beyond(slab);
    if low.is_nan() || estimate.is_nan() { f64::NAN } else { estimate.max(0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fixture;

    #[test]
    fn reads_the_same_again() {
        let text = fixture("vm-2cpu", "proc/meminfo");
        let mut meminfo = Meminfo::default();
        for _ in 0..2 {
            meminfo.parse(&text).unwrap();
            assert_eq!(meminfo.lines.total, Raw::new(24_684_084));
            assert_eq!(meminfo.lines.available, Raw::new(24_122_452));
            assert_eq!(meminfo.lines.cached, Raw::new(660_564));
            assert_eq!(meminfo.lines.swap_cached, Raw::new(0));
            assert_eq!(meminfo.lines.active, Raw::new(33_804));
            assert_eq!(meminfo.lines.writeback, Raw::new(16));
            assert_eq!(meminfo.lines.hugepage_size, Raw::new(2048));
        }
        assert!(Meminfo::default().parse(b"MemFree: 5 kB\n").is_err());
    }

    #[test]
    fn an_old_kernels_available_memory_is_computed_as_the_kernel_would() {
        let mut meminfo = Meminfo::default();
        meminfo.parse(&fixture("old-kernel", "proc/meminfo")).unwrap();
        assert_eq!(meminfo.lines.available, Raw::ABSENT);
        let mut zones = Zoneinfo::default();
        zones.parse(&fixture("old-kernel", "proc/zoneinfo")).unwrap();
        let low = (4 + 1073 + 304) * 4096_u64;
        assert_eq!(zones.low_pages, Raw::new(4 + 1073 + 304));
        let kib = 351_208.0 - 5524.0 + (1_203_344.0 + 980_420.0 - 5524.0) + (141_680.0 - 5524.0);
        assert_eq!(available_bytes(&meminfo.lines, Raw::new(low)), kib * 1024.0);
        assert!(available_bytes(&meminfo.lines, Raw::ABSENT).is_nan());
    }
}
