//! `/proc/diskstats` (Documentation/admin-guide/iostats.rst): I/O of each block device. And the `disk` family.

use super::name::Name;
use super::text::{Cells, lines};
use crate::sampler::family::{Descriptor, Family, Field, Output, Pair, Problems, Rows};
use crate::sampler::kernel::Kernel;
use crate::sampler::raw::{Raw, per_second};
use crate::sampler::reader::{KernelFile, Malformed, Parse, ReadError, Shared};
use crate::sys::block::{BlockDevices, DeviceKind};

/// The kernel counts in sectors of 512 bytes, whatever the device has.
const SECTOR_BYTES: u64 = 512;

/// Declares the running totals of a line, each with how its growth is taken, and what can be done with all of them alike.
macro_rules! totals {
    ($($(#[$doc:meta])* $total:ident: $growth:ident,)+) => {
        /// A line, without the merges. Kernels before 4.18 have no discards, before 5.5 no flushes.
        #[derive(Clone, Copy, Debug, Default)]
        pub struct DiskCounters {
            $($(#[$doc])* pub $total: Raw,)+
            /// The one column that is no running total.
            pub in_flight: Raw,
        }

        /// What a device did between two readings; `None` where that is not known.
        #[derive(Clone, Copy)]
        struct Change {
            $($total: Option<u64>,)+
        }

        impl DiskCounters {
            fn plus(&self, other: &Self) -> Self {
                Self { $($total: self.$total.or_plus(other.$total),)+ in_flight: self.in_flight.or_plus(other.in_flight) }
            }
        }

        impl Change {
            const UNKNOWN: Self = Self { $($total: None,)+ };
            /// A host without physical disks has no I/O on them.
            const NOTHING: Self = Self { $($total: Some(0),)+ };

            fn between(before: &DiskCounters, now: &DiskCounters) -> Self {
                Self { $($total: now.$total.$growth(before.$total),)+ }
            }

            fn plus(&self, other: &Self) -> Self {
                Self { $($total: sum(self.$total, other.$total),)+ }
            }
        }
    };
}

// Times are printed as `unsigned int` (diskstats_show in block/genhd.c) and start over after 49.7 days.
totals! {
    reads: grown_since,
    sectors_read: grown_since,
    read_ms: grown_since_u32,
    writes: grown_since,
    sectors_written: grown_since,
    write_ms: grown_since_u32,
    /// Time in which at least one request was under way.
    busy_ms: grown_since_u32,
    /// The same, times the number of requests under way.
    queue_ms: grown_since_u32,
    discards: grown_since,
    sectors_discarded: grown_since,
    flushes: grown_since,
}

impl DiskCounters {
    fn parse(cells: &mut Cells<'_>) -> Self {
        let mut next = |merges: bool| {
            let value = cells.number();
            if merges {
                cells.skip(1);
            }
            value
        };
        let (reads, sectors_read, read_ms) = (next(true), next(false), next(false));
        let (writes, sectors_written, write_ms) = (next(true), next(false), next(false));
        let (in_flight, busy_ms, queue_ms) = (next(false), next(false), next(false));
        let (discards, sectors_discarded, _discard_ms) = (next(true), next(false), next(false));
        let flushes = next(false);
        Self {
            reads,
            sectors_read,
            read_ms,
            writes,
            sectors_written,
            write_ms,
            in_flight,
            busy_ms,
            queue_ms,
            discards,
            sectors_discarded,
            flushes,
        }
    }

    fn never_used(&self) -> bool {
        self.reads.get().unwrap_or(0) == 0 && self.writes.get().unwrap_or(0) == 0
    }
}

#[derive(Clone, Copy, Debug)]
pub struct DiskLine {
    pub name: Name,
    pub counters: DiskCounters,
}

#[derive(Debug, Default)]
pub struct Diskstats {
    pub lines: Vec<DiskLine>,
}

impl Parse for Diskstats {
    const MISSING: &'static str = "kernel without CONFIG_BLOCK?";

    fn parse(&mut self, text: &[u8]) -> Result<(), Malformed> {
        self.lines.clear();
        for line in lines(text) {
            let mut cells = Cells::new(line);
            cells.skip(2);
            let name = cells.word();
            let counters = DiskCounters::parse(&mut cells);
            // Partitions of kernels before 2.6.25 have four columns of another meaning.
            if !name.is_empty() && counters.queue_ms != Raw::ABSENT {
                self.lines.push(DiskLine { name: Name::new(name), counters });
            }
        }
        Ok(())
    }
}

static DISK: Descriptor = Descriptor {
    name: "disk",
    help: "I/O of each whole block device (no partitions; loop, RAM and optical ones once they are used), and of all \
           physical ones together, from /proc/diskstats.",
    instance_label: "device",
    floor_interval_ms: 1,
    fields: &[
        Field::rate("reads_per_sec", "1/s", "Reads completed"),
        Field::rate("writes_per_sec", "1/s", "Writes completed"),
        Field::rate("read_bytes_per_sec", "bytes/s", "Read"),
        Field::rate("write_bytes_per_sec", "bytes/s", "Written"),
        Field::rate("read_latency_ms", "ms", "Average time a read took; 0 when there was none"),
        Field::rate("write_latency_ms", "ms", "Average time a write took; 0 when there was none"),
        Field::rate("utilization_percent", "percent", "Time with at least one request under way; all: the busiest"),
        Field::gauge("in_flight", "requests", "Requests under way"),
        Field::rate("average_queue_size", "requests", "Requests under way, on average"),
        Field::rate("discards_per_sec", "1/s", "Discards completed"),
        Field::rate("discard_bytes_per_sec", "bytes/s", "Discarded"),
        Field::rate("flushes_per_sec", "1/s", "Cache flushes completed"),
        Field::counter("reads_total", "reads", "Reads since boot"),
        Field::counter("writes_total", "writes", "Writes since boot"),
        Field::counter("read_bytes_total", "bytes", "Read since boot"),
        Field::counter("write_bytes_total", "bytes", "Written since boot"),
        Field::counter("read_time_ms_total", "ms", "Time taken by all reads since boot, together"),
        Field::counter("write_time_ms_total", "ms", "Time taken by all writes since boot, together"),
    ],
};

/// The raw figures of one device, or of all.
#[derive(Clone, Copy, Debug)]
pub struct DiskRow {
    physical: bool,
    counters: DiskCounters,
}

/// The `disk` family.
pub struct Disk {
    diskstats: Shared<KernelFile<Diskstats>>,
    devices: BlockDevices,
}

impl Family for Disk {
    type Row = DiskRow;
    const DESCRIPTOR: &'static Descriptor = &DISK;

    fn new(kernel: &mut Kernel) -> Self {
        Self { diskstats: kernel.proc_file("diskstats"), devices: BlockDevices::new(&kernel.roots.sys) }
    }

    fn capture(&mut self, tick: u64, rows: &mut Rows<DiskRow>) -> Result<u64, ReadError> {
        let (diskstats, at_ns) = self.diskstats.read(tick)?;
        let zero = Raw::new(0);
        let (reads, sectors_read, read_ms) = (zero, zero, zero);
        let (writes, sectors_written, write_ms) = (zero, zero, zero);
        let mut all = DiskCounters {
            reads,
            sectors_read,
            read_ms,
            writes,
            sectors_written,
            write_ms,
            in_flight: zero,
            ..DiskCounters::default()
        };
        for (index, line) in diskstats.lines.iter().enumerate() {
            if self.devices.kind(index, line.name) == DeviceKind::Physical {
                all = all.plus(&line.counters);
            }
        }
        rows.push(b"all", DiskRow { physical: false, counters: all });
        for (index, line) in diskstats.lines.iter().enumerate() {
            let physical = match self.devices.kind(index, line.name) {
                DeviceKind::Partition => continue,
                DeviceKind::Occasional if line.counters.never_used() => continue,
                DeviceKind::Physical => true,
                DeviceKind::Occasional | DeviceKind::Virtual => false,
            };
            rows.push(line.name.as_bytes(), DiskRow { physical, counters: line.counters });
        }
        Ok(at_ns)
    }

    fn derive(pair: &Pair<DiskRow>, out: &mut Output) {
        let elapsed_ns = pair.elapsed_ns();
        for (index, (before, now)) in pair.rows().enumerate() {
            let change = match before {
                Some(_) if index == 0 => change_of_all(pair),
                Some(before) => Change::between(&before.counters, &now.counters),
                None => Change::UNKNOWN,
            };
            change.put(now.counters.in_flight, elapsed_ns, out);
            let counters = &now.counters;
            out.put_all([counters.reads, counters.writes].map(Raw::level));
            out.put_all([counters.sectors_read, counters.sectors_written].map(|sectors| sectors.scaled(SECTOR_BYTES)));
            out.put_all([counters.read_ms, counters.write_ms].map(Raw::level));
        }
    }

    fn problems(&self) -> Problems {
        Problems { unavailable: self.diskstats.problem(), partial: Vec::new() }
    }
}

impl Change {
    /// Both together; of the busy time the longer, since devices work side by side.
    fn beside(&self, other: &Self) -> Self {
        Self { busy_ms: self.busy_ms.max(other.busy_ms), ..self.plus(other) }
    }

    fn put(&self, in_flight: Raw, elapsed_ns: u64, out: &mut Output) {
        let bytes = |sectors: Option<u64>| sectors.map(|sectors| sectors.saturating_mul(SECTOR_BYTES));
        // Milliseconds per second are thousandths.
        let ratio = |ms: Option<u64>| per_second(ms, elapsed_ns) / 1000.0;
        out.put_all([self.reads, self.writes].map(|count| per_second(count, elapsed_ns)));
        out.put_all([self.sectors_read, self.sectors_written].map(|sectors| per_second(bytes(sectors), elapsed_ns)));
        out.put(latency_ms(self.read_ms, self.reads));
        out.put(latency_ms(self.write_ms, self.writes));
        // Real devices have been seen at 102 %: the kernel counts in ticks.
        out.put((per_second(self.busy_ms, elapsed_ns) / 10.0).clamp(0.0, 100.0));
        out.put(in_flight.level());
        out.put(ratio(self.queue_ms));
        out.put(per_second(self.discards, elapsed_ns));
        out.put(per_second(bytes(self.sectors_discarded), elapsed_ns));
        out.put(per_second(self.flushes, elapsed_ns));
    }
}

fn sum(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
        (known, None) | (None, known) => known,
    }
}

fn latency_ms(ms: Option<u64>, requests: Option<u64>) -> f64 {
    match (ms, requests) {
        (Some(_), Some(0)) => 0.0,
        (Some(ms), Some(requests)) => ms as f64 / requests as f64,
        _ => f64::NAN,
    }
}

/// What all physical devices did. One that was reset, or is new, adds nothing.
fn change_of_all(pair: &Pair<DiskRow>) -> Change {
    let physical = pair.rows().skip(1).filter(|(_, now)| now.physical);
    let changes = physical.filter_map(|(before, now)| Some(Change::between(&before?.counters, &now.counters)));
    changes.reduce(|sum, change| sum.beside(&change)).unwrap_or(Change::NOTHING)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fixture;

    fn parse(text: &[u8]) -> Diskstats {
        let mut diskstats = Diskstats::default();
        diskstats.parse(text).unwrap();
        diskstats
    }

    fn counters(line: &[u8]) -> DiskCounters {
        parse(line).lines[0].counters
    }

    fn values(before: &[u8], now: &[u8], elapsed_ns: u64) -> Vec<f64> {
        let mut values = Vec::new();
        let now = counters(now);
        Change::between(&counters(before), &now).put(now.in_flight, elapsed_ns, &mut Output::new(&mut values));
        values
    }

    #[test]
    fn reads_twenty_columns() {
        let diskstats = parse(&fixture("vm-2cpu", "proc/diskstats"));
        let vda = diskstats.lines.iter().find(|line| line.name.as_bytes() == b"vda").unwrap().counters;
        assert_eq!((vda.reads, vda.sectors_read, vda.read_ms), (Raw::new(28_394), Raw::new(2_513_426), Raw::new(6717)));
        assert_eq!(
            (vda.writes, vda.sectors_written, vda.write_ms),
            (Raw::new(5591), Raw::new(858_208), Raw::new(5305))
        );
        assert_eq!((vda.in_flight, vda.busy_ms, vda.queue_ms), (Raw::new(0), Raw::new(3524), Raw::new(12_216)));
        assert_eq!(
            (vda.discards, vda.sectors_discarded, vda.flushes),
            (Raw::new(3170), Raw::new(140_456), Raw::new(238))
        );
    }

    #[test]
    fn old_kernels_have_no_discards_and_no_flushes() {
        let diskstats = parse(&fixture("old-kernel", "proc/diskstats"));
        let sda = diskstats.lines[0].counters;
        assert_ne!(sda.queue_ms, Raw::ABSENT);
        assert_eq!((sda.discards, sda.flushes), (Raw::ABSENT, Raw::ABSENT));
        let eighteen = counters(b"8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n");
        assert_eq!(
            (eighteen.discards, eighteen.sectors_discarded, eighteen.flushes),
            (Raw::new(12), Raw::new(14), Raw::ABSENT)
        );
    }

    #[test]
    fn lines_without_all_eleven_columns_are_left_out() {
        assert_eq!(parse(b"8 1 sda1 1 2 3 4\n\n8\n").lines.len(), 0);
        assert_eq!(parse(b"").lines.len(), 0);
    }

    #[test]
    fn rates_latencies_and_utilisation() {
        let before = b"8 0 sda 100 0 1000 500 200 0 4000 900 0 1000 1400 10 0 80 0 7 0";
        let now = b"8 0 sda 110 0 1200 600 200 0 4000 900 3 2020 3400 12 0 96 0 9 0";
        let values = values(before, now, 2_000_000_000);
        assert_eq!(values, [5.0, 0.0, 51_200.0, 0.0, 10.0, 0.0, 51.0, 3.0, 1.0, 1.0, 4096.0, 1.0]);
    }

    #[test]
    fn times_that_start_over_after_49_days_go_on() {
        let before = b"8 0 sda 100 0 1000 4294967290 200 0 4000 4294967295 0 4294966796 4294967200";
        let now = b"8 0 sda 110 0 1200 94 202 0 4016 19 3 200 1904";
        assert_eq!(values(before, now, 1_000_000_000)[4..9], [10.0, 10.0, 70.0, 3.0, 2.0]);
    }

    #[test]
    fn utilisation_is_never_above_100_and_a_reset_has_no_value() {
        let before = b"8 0 sda 1 0 1 1 1 0 1 1 0 0 1";
        assert_eq!(values(before, b"8 0 sda 1 0 1 1 1 0 1 1 0 1020 1", 1_000_000_000)[6], 100.0);
        let reset = values(b"8 0 sda 9 9 9 9 9 9 9 9 0 9 9", b"8 0 sda 1 1 1 1 1 1 1 1 0 1 1", 1_000_000_000);
        assert!(reset.iter().enumerate().all(|(field, value)| field == 7 || value.is_nan()));
    }

    #[test]
    fn the_sum_takes_the_busiest_device_and_skips_the_unknown() {
        let a = Change::between(&counters(b"8 0 a 0 0 0 0 0 0 0 0 0 0 0"), &counters(b"8 0 a 1 0 8 5 0 0 0 0 0 300 5"));
        let b = Change::between(&counters(b"8 1 b 0 0 0 0 0 0 0 0 0 0 0"), &counters(b"8 1 b 2 0 8 7 0 0 0 0 0 500 7"));
        let both = a.beside(&b).beside(&Change::UNKNOWN);
        assert_eq!((both.reads, both.read_ms, both.busy_ms, both.flushes), (Some(3), Some(12), Some(500), None));
    }
}
