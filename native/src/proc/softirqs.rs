//! `/proc/softirqs` (Documentation/filesystems/proc.rst): how often each kind of software interrupt was served. And the
//! `softirqs` family.

use super::cpu_counts::{CountRow, CpuCounts, CpuTable, LONGEST_INTERVAL_NS, Line, derive};
use super::cpu_table::TableLine;
use super::line_file::LineFile;
use crate::sampler::family::{Descriptor, Family, Field, Output, Pair, Problems, Rows};
use crate::sampler::kernel::Kernel;
use crate::sampler::reader::{ReadError, Shared};
use crate::sampler::slow::Slow;

static SOFTIRQS: Descriptor = Descriptor {
    name: "softirqs",
    help: "Software interrupts served, all CPUs together, from /proc/softirqs",
    instance_label: "softirq",
    floor_interval_ms: 1000,
    fields: &[Field::rate("per_sec", "1/s", "Times it was served").window(1000)],
};

/// The `softirqs` family.
pub struct Softirqs {
    counts: Shared<Slow<CpuCounts<Table>>>,
}

impl Family for Softirqs {
    type Row = CountRow;
    const DESCRIPTOR: &'static Descriptor = &SOFTIRQS;

    fn new(kernel: &mut Kernel) -> Self {
        let path = kernel.roots.proc.join("softirqs");
        let make = |_: &_| CpuCounts::new(LineFile::new(path.clone()), Table, None);
        Self { counts: kernel.slow_source("softirqs", path.clone(), make) }
    }

    fn capture(&mut self, tick: u64, rows: &mut Rows<CountRow>) -> Result<u64, ReadError> {
        let (taken, at_ns) = self.counts.read(tick)?;
        taken.value.iter().for_each(|(name, row)| rows.push(name.as_bytes(), *row));
        Ok(at_ns)
    }

    fn derive(pair: &Pair<CountRow>, out: &mut Output) {
        derive(pair, out);
    }

    fn problems(&self) -> Problems {
        Problems { unavailable: self.counts.problem(), partial: Vec::new() }
    }

    fn demand(&mut self, interval_ns: Option<u64>) {
        let interval_ns = interval_ns.map(|interval_ns| interval_ns.min(LONGEST_INTERVAL_NS));
        self.counts.with_source(|counts| counts.demand(interval_ns));
    }
}

/// What is particular to software interrupts: there are ten of them, so all are told of.
pub struct Table;

impl CpuTable for Table {
    const OVERDUE: &'static str = "/proc/softirqs has not been read for a long time";
    const MISSING: &'static str = "is /proc mounted?";

    fn write_name(line: &TableLine, name: &mut Vec<u8>) {
        name.extend_from_slice(line.label);
    }

    fn choose(&mut self, lines: &mut [Line], _now_ns: u64) {
        lines.iter_mut().for_each(|line| line.choice.is_chosen = true);
    }
}

#[cfg(test)]
mod tests {
    use crate::sampler::engine_test::Host;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn each_kind_has_its_rate_also_when_a_counter_starts_over() {
        let mut host = Host::inline("numa-2node");
        host.subscribe(0, "softirqs", SECOND);
        let frame = host.one_after(SECOND);
        let kinds = ["HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET", "SCHED", "HRTIMER", "RCU"];
        assert_eq!(frame.instances, kinds);
        assert!(frame.values.iter().all(|value| *value == 0.0));
        host.replace("proc/softirqs", "4294966000", "       704");
        host.replace("proc/softirqs", "  2039182", "  2039190");
        let frame = host.one_after(2 * SECOND);
        assert_eq!((frame.value("NET_RX", "per_sec"), frame.value("SCHED", "per_sec")), (1000.0, 4.0));
        assert_eq!(frame.value("HI", "per_sec"), 0.0);
    }
}
