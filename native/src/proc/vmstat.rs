//! `/proc/vmstat`: paging and faults since boot. And the `memory_bandwidth` family.

use super::text::KeyHint;
use crate::perf::counting::Counting;
use crate::perf::memory::{Adder, Controllers, Traffic};
use crate::sampler::family::{Descriptor, Family, Field, Output, Pair, Problems, Rows};
use crate::sampler::kernel::Kernel;
use crate::sampler::raw::{Raw, per_second, rate};
use crate::sampler::reader::{KernelFile, Malformed, Parse, ReadError, Shared};
use crate::sys::page_size;
use crate::sys::resctrl::Resctrl;

/// The lines of vmstat that we use.
#[derive(Clone, Copy, Debug, Default)]
pub struct PagingLines {
    /// KiB, despite its name.
    pub page_in: Raw,
    /// KiB, despite its name.
    pub page_out: Raw,
    /// Pages.
    pub swap_in: Raw,
    /// Pages.
    pub swap_out: Raw,
    pub faults: Raw,
    pub major_faults: Raw,
}

#[derive(Debug, Default)]
pub struct Vmstat {
    pub lines: PagingLines,
    hints: [KeyHint; 6],
}

impl Parse for Vmstat {
    const MISSING: &'static str = "kernel without CONFIG_VM_EVENT_COUNTERS?";

    fn parse(&mut self, text: &[u8]) -> Result<(), Malformed> {
        let [page_in, page_out, swap_in, swap_out, faults, major_faults] = &mut self.hints;
        self.lines = PagingLines {
            page_in: page_in.number(text, b"pgpgin "),
            page_out: page_out.number(text, b"pgpgout "),
            swap_in: swap_in.number(text, b"pswpin "),
            swap_out: swap_out.number(text, b"pswpout "),
            faults: faults.number(text, b"pgfault "),
            major_faults: major_faults.number(text, b"pgmajfault "),
        };
        match self.lines.faults {
            Raw::ABSENT => Err(Malformed { line: 1, what: "expected pgfault" }),
            _ => Ok(()),
        }
    }
}

const KIB: u64 = 1024;

/// The kernel folds its per-CPU counts together about once a second (sysctl vm.stat_interval), so a shorter difference
/// is noise.
const fn folded(name: &'static str, unit: &'static str, help: &'static str) -> Field {
    Field::rate(name, unit, help).resolution(1000).window(1000)
}

static MEMORY_BANDWIDTH: Descriptor = Descriptor {
    name: "memory_bandwidth",
    help: "Traffic of the memory controllers where hardware counts it; page and swap I/O and page faults always.",
    instance_label: "",
    floor_interval_ms: 1,
    fields: &[
        Field::rate("read_bytes_per_sec", "bytes/s", "Read from memory; no value without hardware counters"),
        Field::rate("write_bytes_per_sec", "bytes/s", "Written to memory; no value without hardware counters"),
        Field::rate("total_bytes_per_sec", "bytes/s", "Both together; some hardware counts only this"),
        folded("page_in_bytes_per_sec", "bytes/s", "Read from disks by paging, files included"),
        folded("page_out_bytes_per_sec", "bytes/s", "Written to disks by paging, files included"),
        folded("page_io_bytes_per_sec", "bytes/s", "Both together"),
        folded("swap_in_pages_per_sec", "pages/s", "Read from swap"),
        folded("swap_out_pages_per_sec", "pages/s", "Written to swap"),
        folded("swap_io_bytes_per_sec", "bytes/s", "Both together"),
        folded("page_faults_per_sec", "1/s", "Page faults, minor and major"),
        folded("major_page_faults_per_sec", "1/s", "Page faults that had to wait for a disk"),
    ],
};

#[derive(Clone, Copy, Debug)]
pub struct BandwidthRow {
    paging: PagingLines,
    traffic: Traffic,
}

/// The `memory_bandwidth` family.
pub struct MemoryBandwidth {
    vmstat: Shared<KernelFile<Vmstat>>,
    controllers: Shared<Counting<Controllers>>,
    adder: Adder,
    /// Asked when there are no counters of memory controllers.
    resctrl: Shared<Resctrl>,
}

impl MemoryBandwidth {
    fn traffic(&mut self, tick: u64) -> Traffic {
        if let Some(counted) = self.controllers.get(tick) {
            return self.adder.add(&counted);
        }
        self.resctrl.get(tick).map_or_else(Traffic::default, |monitored| Traffic {
            total: monitored.total,
            at_ns: monitored.at_ns,
            generation: monitored.generation,
            ..Traffic::default()
        })
    }
}

impl Family for MemoryBandwidth {
    type Row = BandwidthRow;
    const DESCRIPTOR: &'static Descriptor = &MEMORY_BANDWIDTH;

    fn new(kernel: &mut Kernel) -> Self {
        let (controllers, resctrl) = (Counting::shared(kernel), Resctrl::shared(kernel));
        Self { vmstat: kernel.proc_file("vmstat"), controllers, adder: Adder::default(), resctrl }
    }

    fn capture(&mut self, tick: u64, rows: &mut Rows<BandwidthRow>) -> Result<u64, ReadError> {
        let traffic = self.traffic(tick);
        let (vmstat, at_ns) = self.vmstat.read(tick)?;
        rows.push(b"", BandwidthRow { paging: vmstat.lines, traffic });
        Ok(at_ns)
    }

    fn derive(pair: &Pair<BandwidthRow>, out: &mut Output) {
        let elapsed_ns = pair.elapsed_ns();
        for (before, now) in pair.rows() {
            let Some(before) = before else {
                out.put_all([f64::NAN; 11]);
                continue;
            };
            out.put_all(bytes_per_second(&before.traffic, &now.traffic));
            let (before, now) = (&before.paging, &now.paging);
            let page_in = scaled_rate(before.page_in, now.page_in, KIB, elapsed_ns);
            let page_out = scaled_rate(before.page_out, now.page_out, KIB, elapsed_ns);
            let swap_in = rate(before.swap_in, now.swap_in, elapsed_ns);
            let swap_out = rate(before.swap_out, now.swap_out, elapsed_ns);
            out.put_all([page_in, page_out, page_in + page_out]);
            out.put_all([swap_in, swap_out, (swap_in + swap_out) * page_size() as f64]);
            out.put(rate(before.faults, now.faults, elapsed_ns));
            out.put(rate(before.major_faults, now.major_faults, elapsed_ns));
        }
    }

    fn problems(&self) -> Problems {
        let reader = self.controllers.problem();
        let controllers = self.controllers.with_source(|counting| counting.problems(reader));
        let mut partial = controllers.partial;
        if let Some(reason) = controllers.unavailable {
            partial.push(reason);
            partial.extend(self.resctrl.problem());
        }
        Problems { unavailable: self.vmstat.problem(), partial }
    }

    fn source(&self) -> Option<String> {
        let counted_by = self.controllers.with_source(|controllers| controllers.counted_by().map(str::to_owned));
        let monitored = self.resctrl.problem().is_none() && self.resctrl.with_source(|resctrl| resctrl.has_monitored());
        counted_by.or_else(|| monitored.then(|| "resctrl".to_owned()))
    }

    fn demand(&mut self, interval_ns: Option<u64>) {
        self.controllers.with_source(|counting| counting.demand(interval_ns.is_some()));
    }
}

/// Reads, writes and both, over the time between the readings of the counters themselves.
fn bytes_per_second(before: &Traffic, now: &Traffic) -> [f64; 3] {
    if before.generation != now.generation {
        return [f64::NAN; 3];
    }
    let elapsed_ns = now.at_ns.saturating_sub(before.at_ns);
    [(before.read, now.read), (before.write, now.write), (before.total, now.total)]
        .map(|(before, now)| rate(before, now, elapsed_ns))
}

/// Growth per second of a counter whose steps are `unit` large.
pub fn scaled_rate(before: Raw, now: Raw, unit: u64, elapsed_ns: u64) -> f64 {
    per_second(now.grown_since(before).map(|grown| grown.saturating_mul(unit)), elapsed_ns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fixture;

    #[test]
    fn reads_a_virtual_machine_and_again_with_longer_numbers() {
        let text = fixture("vm-2cpu", "proc/vmstat");
        let mut vmstat = Vmstat::default();
        vmstat.parse(&text).unwrap();
        let first = vmstat.lines;
        assert_eq!((first.page_in, first.page_out), (Raw::new(1_258_269), Raw::new(429_116)));
        assert_eq!((first.faults, first.major_faults), (Raw::new(1_406_932), Raw::new(840)));
        assert_eq!(first.swap_in, Raw::new(0));
        let longer = String::from_utf8(text).unwrap().replace("pgpgin 1258269", "pgpgin 99991258269");
        vmstat.parse(longer.as_bytes()).unwrap();
        assert_eq!(vmstat.lines.page_in, Raw::new(99_991_258_269));
        assert_eq!(vmstat.lines.major_faults, Raw::new(840));
        assert!(vmstat.parse(b"").is_err());
    }

    #[test]
    fn page_counts_are_kib() {
        assert_eq!(scaled_rate(Raw::new(10), Raw::new(30), KIB, 2_000_000_000), 10.0 * 1024.0);
        assert!(scaled_rate(Raw::new(30), Raw::new(10), KIB, 2_000_000_000).is_nan());
    }
}
