//! The `swap` family: levels from meminfo, traffic from vmstat.

use super::meminfo::Meminfo;
use super::vmstat::{Vmstat, scaled_rate};
use crate::sampler::family::{Descriptor, Family, Field, Output, Pair, Problems, Rows};
use crate::sampler::kernel::Kernel;
use crate::sampler::raw::{Raw, percent, rest};
use crate::sampler::reader::{KernelFile, ReadError, Shared};
use crate::sys::page_size;

static SWAP: Descriptor = Descriptor {
    name: "swap",
    help: "Swap space and its traffic.",
    instance_label: "",
    floor_interval_ms: 1,
    fields: &[
        Field::gauge("total_bytes", "bytes", "Swap space"),
        Field::gauge("used_bytes", "bytes", "In use"),
        Field::gauge("free_bytes", "bytes", "Not in use"),
        Field::gauge("cached_bytes", "bytes", "In memory and in swap at the same time"),
        Field::gauge("usage_percent", "percent", "Used share of the total; 0 without swap"),
        Field::rate("in_bytes_per_sec", "bytes/s", "Read from swap").resolution(1000).window(1000),
        Field::rate("out_bytes_per_sec", "bytes/s", "Written to swap").resolution(1000).window(1000),
    ],
};

/// The raw figures of the `swap` family: levels in KiB, traffic in pages since boot.
#[derive(Clone, Copy, Debug)]
pub struct SwapRow {
    total: Raw,
    free: Raw,
    cached: Raw,
    swapped_in: Raw,
    swapped_out: Raw,
}

/// The `swap` family.
pub struct Swap {
    meminfo: Shared<KernelFile<Meminfo>>,
    vmstat: Shared<KernelFile<Vmstat>>,
}

const KIB: u64 = 1024;

impl Family for Swap {
    type Row = SwapRow;
    const DESCRIPTOR: &'static Descriptor = &SWAP;

    fn new(kernel: &mut Kernel) -> Self {
        Self { meminfo: kernel.proc_file("meminfo"), vmstat: kernel.proc_file("vmstat") }
    }

    fn capture(&mut self, tick: u64, rows: &mut Rows<SwapRow>) -> Result<u64, ReadError> {
        let (meminfo, at_ns) = self.meminfo.read(tick)?;
        let (swapped_in, swapped_out) = self
            .vmstat
            .get(tick)
            .map_or((Raw::ABSENT, Raw::ABSENT), |vmstat| (vmstat.lines.swap_in, vmstat.lines.swap_out));
        let lines = &meminfo.lines;
        let (total, free, cached) = (lines.swap_total, lines.swap_free, lines.swap_cached);
        rows.push(b"", SwapRow { total, free, cached, swapped_in, swapped_out });
        Ok(at_ns)
    }

    fn derive(pair: &Pair<SwapRow>, out: &mut Output) {
        for (before, now) in pair.rows() {
            let (total, free) = (now.total.scaled(KIB), now.free.scaled(KIB));
            let used = rest(total, free);
            let usage = if total == 0.0 { 0.0 } else { percent(used, total) };
            out.put_all([total, used, free, now.cached.scaled(KIB), usage]);
            let per_sec = |counter: fn(&SwapRow) -> Raw| {
                before.map_or(f64::NAN, |before| {
                    scaled_rate(counter(before), counter(now), page_size(), pair.elapsed_ns())
                })
            };
            out.put(per_sec(|row| row.swapped_in));
            out.put(per_sec(|row| row.swapped_out));
        }
    }

    fn problems(&self) -> Problems {
        Problems { unavailable: self.meminfo.problem(), partial: self.vmstat.problem().into_iter().collect() }
    }
}
