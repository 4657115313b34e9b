//! `/proc/interrupts` (proc_interrupts(5)): how often each interrupt was served. And the `interrupts` family.

use std::rc::Rc;

use super::cpu_counts::{CountRow, CpuCounts, CpuTable, LONGEST_INTERVAL_NS, Line, derive};
use super::cpu_table::TableLine;
use super::line_file::LineFile;
use crate::sampler::clock::Clock;
use crate::sampler::family::{Descriptor, Family, Field, Output, Pair, Problems, Rows};
use crate::sampler::kernel::Kernel;
use crate::sampler::reader::{ReadError, Shared};
use crate::sampler::slow::{Slow, Wanted};

/// So many interrupts are told of: a large host has thousands, most of which do nothing.
const TOP: usize = 40;
/// They are chosen anew no more often than this.
const CHOICE_NS: u64 = 10_000_000_000;
/// One that is told of stays until another has counted clearly more: so many times as much, and so many more.
const ADVANTAGE: u64 = 2;
const LEAST_LEAD: u64 = 20;

static INTERRUPTS: Descriptor = Descriptor {
    name: "interrupts",
    help: "Interrupts served, all CPUs together: of each line of /proc/interrupts, up to the 40 busiest, which are chosen \
           anew every 10 s",
    instance_label: "interrupt",
    floor_interval_ms: 1000,
    fields: &[Field::rate("per_sec", "1/s", "Times it was served").window(1000)],
};

/// The `interrupts` family.
pub struct Interrupts {
    counts: Shared<Slow<CpuCounts<Table>>>,
    wanted: Wanted,
    clock: Rc<dyn Clock>,
    interval_ns: Option<u64>,
}

impl Family for Interrupts {
    type Row = CountRow;
    const DESCRIPTOR: &'static Descriptor = &INTERRUPTS;
    const RETURNS_ARE_GAPS: bool = false;

    fn new(kernel: &mut Kernel) -> Self {
        let (wanted, path) = (Wanted::default(), kernel.roots.proc.join("interrupts"));
        let counts = kernel.slow_source("interrupts", path.clone(), |_| {
            CpuCounts::new(LineFile::new(path), Table::default(), Some(wanted.clone()))
        });
        Self { counts, wanted, clock: Rc::clone(&kernel.commons.clock), interval_ns: None }
    }

    fn capture(&mut self, tick: u64, rows: &mut Rows<CountRow>) -> Result<u64, ReadError> {
        let (taken, at_ns) = self.counts.read(tick)?;
        // What an earlier consumer had read is not current.
        if self.wanted.since_ns().is_some_and(|since_ns| taken.at_ns >= since_ns) {
            taken.value.iter().for_each(|(name, row)| rows.push(name.as_bytes(), *row));
        }
        Ok(at_ns)
    }

    fn derive(pair: &Pair<CountRow>, out: &mut Output) {
        derive(pair, out);
    }

    fn problems(&self) -> Problems {
        Problems { unavailable: self.counts.problem(), partial: Vec::new() }
    }

    fn demand(&mut self, interval_ns: Option<u64>) {
        if self.interval_ns.is_none() || interval_ns.is_none() {
            self.wanted.set(interval_ns.map(|_| self.clock.mono_ns()));
        }
        self.interval_ns = interval_ns;
        let interval_ns = interval_ns.map(|interval_ns| interval_ns.min(LONGEST_INTERVAL_NS));
        self.counts.with_source(|counts| counts.demand(interval_ns));
    }
}

/// What is particular to interrupts.
#[derive(Default)]
pub struct Table {
    /// When lines were chosen last; 0 before that.
    chosen_at_ns: u64,
    ranking: Vec<(u64, usize)>,
}

impl CpuTable for Table {
    const OVERDUE: &'static str = "/proc/interrupts has not been read for a long time";
    const MISSING: &'static str = "is /proc mounted?";

    /// `24 eth0-rx-0`, `LOC Local timer interrupts`.
    fn write_name(line: &TableLine, name: &mut Vec<u8>) {
        name.extend_from_slice(line.label);
        name.push(b' ');
        name.extend_from_slice(if line.label.iter().all(u8::is_ascii_digit) {
            handlers(line.rest)
        } else {
            line.rest.trim_ascii()
        });
    }

    fn choose(&mut self, lines: &mut [Line], now_ns: u64) {
        let is_first = lines.iter().all(|line| !line.choice.is_chosen);
        if !is_first && now_ns.saturating_sub(self.chosen_at_ns) < CHOICE_NS {
            return;
        }
        self.chosen_at_ns = now_ns;
        self.ranking.clear();
        for (index, line) in lines.iter_mut().enumerate() {
            let counted = line.counted();
            let lately = counted.saturating_sub(line.choice.counted);
            let weight = match line.choice.is_chosen {
                true => lately.saturating_mul(ADVANTAGE).saturating_add(LEAST_LEAD),
                false => lately,
            };
            line.choice.counted = counted;
            line.choice.is_chosen |= counted > 0;
            if line.choice.is_chosen {
                self.ranking.push((weight, index));
            }
        }
        if self.ranking.len() > TOP {
            // Most first; among equals the one that stands first.
            let by_rank = |a: &(u64, usize), b: &(u64, usize)| b.0.cmp(&a.0).then(a.1.cmp(&b.1));
            let (_, _, others) = self.ranking.select_nth_unstable_by(TOP - 1, by_rank);
            others.iter().for_each(|(_, index)| lines[*index].choice.is_chosen = false);
        }
    }
}

/// The names of the drivers that handle an interrupt, out of `  PCI-MSIX-0000:00:02.0   1-edge      nvme0q1, ahci`; empty when
/// none does. The kernel writes two blanks before them, and they come last (`show_interrupts` in kernel/irq/proc.c).
fn handlers(rest: &[u8]) -> &[u8] {
    let gap = rest.windows(2).rposition(|pair| pair == b"  ");
    let last = gap.and_then(|gap| rest.get(gap + 2..)).unwrap_or_default();
    // Without handlers the line ends with the number of the interrupt in its controller, or with padding.
    if last.ends_with(b" ") || last.iter().all(u8::is_ascii_digit) { b"" } else { last }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proc::cpu_table::header;
    use crate::sampler::engine_test::{Frame, Host};
    use crate::testing::fixture;

    const SECOND: u64 = 1_000_000_000;

    fn names(host: &str) -> Vec<String> {
        let text = fixture(host, "proc/interrupts");
        let mut lines = text.split(|byte| *byte == b'\n');
        let columns = header(lines.next().unwrap()).unwrap();
        let name = |line| {
            let mut name = Vec::new();
            Table::write_name(&line, &mut name);
            String::from_utf8(name).unwrap().trim_end().to_owned()
        };
        lines.filter_map(|line| TableLine::parse(line, columns)).map(name).collect()
    }

    #[test]
    fn lines_are_called_what_the_kernel_says_of_them() {
        let numa = names("numa-2node");
        assert_eq!(numa[..4], ["0 timer", "16 i801_smbus, ehci_hcd:usb1", "24", "36 eth0-rx-0"]);
        for (host, expected) in [
            ("arm-server", ["11 arch_timer", "31 mmc0, mmc1", "IPI0 Rescheduling interrupts", "Err"]),
            ("intel-2s-server", ["24 nvme0q1", "48 eno1-TxRx-0", "LOC Local timer interrupts", "MIS"]),
            ("amd-epyc", ["40 nvme0q1", "60 mlx5_comp0@pci:0000:81:00.0", "THR Threshold APIC interrupts", "ERR"]),
        ] {
            let names = names(host);
            expected
                .iter()
                .for_each(|name| assert!(names.iter().any(|found| found == name), "{host}: {name}: {names:?}"));
        }
    }

    #[test]
    fn handlers_are_what_comes_last() {
        assert_eq!(handlers(b"   xen-dyn    -event     eth0-q0-tx"), b"eth0-q0-tx");
        assert_eq!(handlers(b"  IO-APIC   9-fasteoi   acpi"), b"acpi");
        for nobody in [
            &b"  IO-APIC   9-fasteoi  "[..],
            b"   GICv2  29",
            b"    GICv3  30 Level   ",
            b"      None      ",
            b"",
            b" x",
        ] {
            assert_eq!(handlers(nobody), b"", "{:?}", String::from_utf8_lossy(nobody));
        }
    }

    /// A table of many interrupts on one CPU: so many of each since boot.
    fn table(counts: &[u64]) -> String {
        let lines = counts
            .iter()
            .enumerate()
            .map(|(irq, count)| format!("{irq:4}: {count:10}  MSI  {irq}-edge      queue-{irq}\n"));
        "           CPU0       \n".to_owned() + &lines.collect::<String>()
    }

    fn shown(frame: &Frame) -> Vec<usize> {
        frame.instances.iter().map(|name| name.split(' ').next().unwrap().parse().unwrap()).collect()
    }

    #[test]
    fn the_busiest_are_told_of_and_stay_until_others_are_clearly_busier() {
        let mut host = Host::inline("vm-2cpu");
        let mut counts: Vec<u64> = (0..60).map(|irq| if irq < 50 { 1000 * (irq + 1) } else { 0 }).collect();
        host.write("proc/interrupts", &table(&counts));
        host.subscribe(0, "interrupts", SECOND);
        let mut run = |host: &mut Host, seconds: u64, rates: &dyn Fn(usize) -> u64| {
            let mut last = None;
            for _ in 0..seconds {
                counts.iter_mut().enumerate().for_each(|(irq, count)| *count += rates(irq));
                host.write("proc/interrupts", &table(&counts));
                last = Some(host.one_after(SECOND));
            }
            last.unwrap()
        };
        // At first by what was counted since boot.
        let first: Vec<usize> = (10..50).collect();
        let frame = run(&mut host, 1, &|_| 0);
        assert_eq!(shown(&frame), first);
        // Not at once, and not for a little more.
        let frame = run(&mut host, 8, &|irq| if irq == 55 { 500 } else { 10 });
        assert_eq!(shown(&frame), first);
        let frame = run(&mut host, 3, &|irq| if irq == 55 { 500 } else { 10 });
        let second: Vec<usize> = (10..49).chain([55]).collect();
        assert_eq!(shown(&frame), second);
        assert_eq!(frame.value("55 queue-55", "per_sec"), 500.0);
        assert!(!frame.gap);
        let frame = run(&mut host, 25, &|irq| if second.contains(&irq) { 10 } else { 19 });
        assert_eq!(shown(&frame), second);
        assert_eq!(frame.value("10 queue-10", "per_sec"), 10.0);
    }

    #[test]
    fn nothing_is_read_until_somebody_wants_it_and_what_was_read_before_is_not_current() {
        let mut host = Host::inline("numa-2node");
        assert_eq!(host.available()["interrupts"], (true, String::new()));
        host.subscribe(0, "interrupts", SECOND);
        let frame = host.one_after(SECOND);
        assert_eq!(frame.value("36 eth0-rx-0", "per_sec"), 0.0);
        host.replace("proc/interrupts", "4294967290", "        44");
        let frame = host.one_after(SECOND);
        assert_eq!(frame.value("36 eth0-rx-0", "per_sec"), 50.0);
        host.write("proc/interrupts", "nonsense\n");
        host.one_after(SECOND);
        let reason = host.available()["interrupts"].1.clone();
        assert!(reason.ends_with("proc/interrupts: line 1: expected the names of CPUs"), "{reason}");
    }

    #[test]
    fn a_large_host_is_added_up_line_by_line() {
        use std::fmt::Write;
        let mut text = (0..512).map(|cpu| format!("CPU{cpu:<8}")).collect::<String>() + "\n";
        for irq in 0..1000 {
            write!(text, "{irq:4}:").unwrap();
            (0..512).for_each(|cpu| write!(text, "{:11}", (irq * cpu) % 7).unwrap());
            writeln!(text, "  IR-PCI-MSIX-0000:41:00.0 {irq}-edge      nvme0q{irq}").unwrap();
        }
        assert!(text.len() > 5_000_000);
        let mut host = Host::inline("vm-2cpu");
        host.write("proc/interrupts", &text);
        host.subscribe(0, "interrupts", SECOND);
        host.one_after(SECOND);
        let frame = host.one_after(SECOND);
        assert_eq!(frame.instances.len(), TOP);
        assert!(frame.values.iter().all(|value| *value == 0.0));
    }
}
