//! The `process` family: the processes that use most, chosen anew by each pass over all of them, which is made aside.

use std::io::Write;
use std::rc::Rc;

use super::meminfo::Meminfo;
use super::process_top::{self, MAX_PROCESSES, Process, SlowProcesses};
use super::process_use::{CpuUsed, IoDone, tick_ns};
use crate::sampler::clock::Clock;
use crate::sampler::family::{Descriptor, Family, Field, Output, Pair, Problems, Rows};
use crate::sampler::kernel::Kernel;
use crate::sampler::raw::{Raw, percent};
use crate::sampler::reader::{KernelFile, ReadError, Shared, Source};
use crate::sampler::slow::Wanted;
use crate::sys::page_size;

static PROCESS: Descriptor = Descriptor {
    name: "process",
    help: "The processes that use most: the top 10 each by CPU, memory and I/O, as pid, user and command. Rates are over the \
           time between two looks at all processes.",
    instance_label: "process",
    floor_interval_ms: 1000,
    fields: &[
        Field::rate("cpu_percent", "percent", "CPU time of all its threads, in percent of one core")
            .resolution(10)
            .window(1000),
        Field::gauge(
            "memory_bytes",
            "bytes",
            "Resident memory, shared pages included; none for the kernel's own threads",
        ),
        Field::gauge("memory_percent", "percent", "The same as a share of the host's memory"),
        Field::rate(
            "read_bytes_per_sec",
            "bytes/s",
            "Read from storage for it; of other users' processes only root knows",
        ),
        Field::rate(
            "write_bytes_per_sec",
            "bytes/s",
            "Written for it, counted when the page cache takes it; of other users' processes only root knows",
        ),
        Field::gauge("threads", "threads", "Its threads"),
        Field::gauge("user_id", "uid", "Its effective user"),
        Field::gauge(
            "started_seconds",
            "s",
            "When it was started, after boot: another process of the same pid has another",
        )
        .resolution(10),
    ],
};

/// The raw figures of a process. Those of the pass before come along, because a process that has just come into the top was
/// not in any earlier sample.
#[derive(Clone, Copy)]
pub struct ProcessRow {
    process: Process,
    /// Of the host, KiB.
    memory_total: Raw,
}

/// The `process` family.
pub struct Processes {
    top: Shared<SlowProcesses>,
    meminfo: Shared<KernelFile<Meminfo>>,
    wanted: Wanted,
    clock: Rc<dyn Clock>,
    interval_ns: Option<u64>,
    name: Vec<u8>,
}

impl Family for Processes {
    type Row = ProcessRow;
    const DESCRIPTOR: &'static Descriptor = &PROCESS;
    const RETURNS_ARE_GAPS: bool = false;

    fn new(kernel: &mut Kernel) -> Self {
        let wanted = Wanted::default();
        Self {
            top: process_top::shared(kernel, &wanted),
            meminfo: kernel.proc_file("meminfo"),
            wanted,
            clock: Rc::clone(&kernel.commons.clock),
            interval_ns: None,
            name: Vec::new(),
        }
    }

    fn capture(&mut self, tick: u64, rows: &mut Rows<ProcessRow>) -> Result<u64, ReadError> {
        let (taken, at_ns) = self.top.read(tick)?;
        let Some(since_ns) = self.wanted.since_ns() else { return Ok(at_ns) };
        let memory_total = self.meminfo.get(tick).map_or(Raw::ABSENT, |meminfo| meminfo.lines.total);
        // What an earlier consumer had read is not current.
        if taken.at_ns >= since_ns {
            for process in &taken.value.processes {
                write_name(&mut self.name, process);
                rows.push(&self.name, ProcessRow { process: *process, memory_total });
            }
        }
        Ok(at_ns)
    }

    fn derive(pair: &Pair<ProcessRow>, out: &mut Output) {
        for (index, ProcessRow { process: now, memory_total }) in pair.now.rows.iter().enumerate() {
            let (cpu_before, io_before) = before(pair, index, now);
            out.put(now.cpu.percent_since(cpu_before));
            let stat = &now.stat;
            let memory = if stat.is_kernel_thread { f64::NAN } else { stat.resident_pages.scaled(page_size()) };
            out.put_all([memory, percent(memory, memory_total.scaled(1024))]);
            out.put_all(now.io.rates_since(io_before));
            out.put_all([stat.threads.level(), f64::from(now.uid), stat.start_ticks as f64 * tick_ns() as f64 / 1e9]);
        }
    }

    fn problems(&self) -> Problems {
        let partial = self.top.with_source(|top| {
            let top = &top.value().value;
            let told = [
                (top.left_out > 0)
                    .then(|| format!("{} processes beyond {MAX_PROCESSES} are not looked at", top.left_out)),
                top.hindrance.stat_refused.then(|| "/proc hides processes of other users (hidepid)".to_owned()),
                top.hindrance.io_refused.then(|| {
                    "EACCES: I/O of some processes: only root may see it, or who has CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH"
                        .to_owned()
                }),
                top.hindrance.io_missing.then(|| "no I/O: kernel without CONFIG_TASK_IO_ACCOUNTING".to_owned()),
            ];
            told.into_iter().flatten().chain(self.meminfo.problem()).collect()
        });
        Problems { unavailable: self.top.problem(), partial }
    }

    fn demand(&mut self, interval_ns: Option<u64>) {
        if self.interval_ns == interval_ns {
            return;
        }
        if self.interval_ns.is_none() || interval_ns.is_none() {
            self.wanted.set(interval_ns.map(|_| self.clock.mono_ns()));
        }
        self.interval_ns = interval_ns;
        self.top.with_source(|top| top.demand(interval_ns));
    }
}

/// What to compare a process with: the earlier sample where that has the same process, as of another pass, or else the pass
/// before. Nothing behind a gap.
fn before(pair: &Pair<ProcessRow>, index: usize, now: &Process) -> (CpuUsed, IoDone) {
    if pair.before.is_none() {
        return Default::default();
    }
    let earlier = pair.before(index).map(|row| &row.process);
    // A pid that is used again may come with the name of its predecessor.
    let same = earlier.filter(|before| before.stat.start_ticks == now.stat.start_ticks);
    match same.filter(|before| before.cpu.at_ns < now.cpu.at_ns) {
        Some(before) => (before.cpu, before.io),
        None => (now.cpu_before, now.io_before),
    }
}

/// `<pid> <user> <command>`, in characters that fit on a line.
fn write_name(name: &mut Vec<u8>, process: &Process) {
    name.clear();
    // Writing to a vector does not fail.
    write!(name, "{} ", process.pid).ok();
    write_plainly(name, process.user.as_bytes());
    name.push(b' ');
    write_plainly(name, process.stat.command.as_bytes());
}

fn write_plainly(name: &mut Vec<u8>, text: &[u8]) {
    for chunk in text.utf8_chunks() {
        name.extend(chunk.valid().bytes().map(|byte| if byte.is_ascii_control() { b'?' } else { byte }));
        if !chunk.invalid().is_empty() {
            name.push(b'?');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(text: &[u8]) -> String {
        let mut name = Vec::new();
        write_plainly(&mut name, text);
        String::from_utf8(name).unwrap()
    }

    #[test]
    fn names_fit_on_a_line() {
        assert_eq!(plain(b"tmux: server"), "tmux: server");
        assert_eq!(plain(b"a\nb\x1b[2J\x7f"), "a?b?[2J?");
        assert_eq!(plain(b"caf\xc3\xa9"), "caf\u{e9}");
        // Cut off by the kernel in the middle of a character.
        assert_eq!(plain(b"abcdefghijklmn\xc3"), "abcdefghijklmn?");
    }

    proptest! {
        #[test]
        fn any_name_becomes_text_of_one_line(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            let text = plain(&text);
            prop_assert!(text.bytes().all(|byte| !byte.is_ascii_control()));
        }
    }
}
