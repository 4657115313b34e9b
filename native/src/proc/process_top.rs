//! The processes that use most: one pass over all of them, and which are worth telling of.

use super::name::Name;
use super::process_choice::{Choice, MEASURES, Standing};
use super::process_folder::ProcessFolder;
use super::process_stat::{ProcessIo, ProcessStat};
use super::process_use::{CpuUsed, IoDone, tick_ns};
use super::process_users::Users;
use crate::sampler::clock::Now;
use crate::sampler::kernel::{Kernel, Roots};
use crate::sampler::raw::Raw;
use crate::sampler::reader::{ReadError, Shared};
use crate::sampler::slow::{Slow, SlowSource, Wanted};

/// A pass costs about 10 µs for each process. It rests so many times as long, which keeps it below a twentieth of the
/// thread's time.
const REST_FACTOR: u64 = 19;
/// Processes over this are not looked at, and counted.
pub const MAX_PROCESSES: usize = 32_768;
/// A `stat` line has some 300 bytes, 1,100 at most.
const FILE_BYTES: usize = 2048;
/// Of the processes that seem to do nothing, so many are asked for their I/O in each pass, by turns.
const IO_TURNS: usize = 64;

/// A process as of one pass.
#[derive(Clone, Copy)]
struct Known {
    pid: u32,
    stat: ProcessStat,
    cpu: CpuUsed,
    /// As of the last pass that asked for it.
    io: IoDone,
    cpu_before: CpuUsed,
    io_before: IoDone,
    /// It is to be asked for its I/O in the next pass, too.
    does_io: bool,
    standing: Standing,
}

impl Known {
    /// What it is ranked by; NaN where nothing is known.
    fn values(&self) -> [f64; MEASURES] {
        let io = self.io.rates_since(self.io_before).iter().filter(|rate| !rate.is_nan()).sum();
        [self.cpu.percent_since(self.cpu_before), self.stat.resident_pages.level(), io]
    }
}

/// A process to tell of.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    pub pid: u32,
    pub uid: u32,
    pub user: Name,
    pub stat: ProcessStat,
    pub cpu: CpuUsed,
    pub io: IoDone,
    /// As of the pass before; absent when it is not known.
    pub cpu_before: CpuUsed,
    pub io_before: IoDone,
}

/// What a pass found, by ascending pid.
#[derive(Debug, Default)]
pub struct Top {
    pub processes: Vec<Process>,
    pub left_out: u64,
    pub hindrance: Hindrance,
}

/// What cannot be seen of other users' processes, or of any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hindrance {
    pub stat_refused: bool,
    pub io_refused: bool,
    pub io_missing: bool,
}

/// Reads all processes.
pub struct Processes {
    folder: ProcessFolder,
    users: Users,
    wanted: Wanted,
    now: Now,
    /// When the last pass began that looked at all processes; zeroes when there was none.
    last: Now,
    passes: u32,
    /// No more processes than this are looked at.
    most: usize,
    pids: Vec<u32>,
    /// By ascending pid.
    known: Vec<Known>,
    before: Vec<Known>,
    choice: Choice,
    hindrance: Hindrance,
    io_seen: bool,
}

/// The last pass, as the sampler sees it.
pub type SlowProcesses = Slow<Processes>;

pub fn shared(kernel: &mut Kernel, wanted: &Wanted) -> Shared<SlowProcesses> {
    let path = kernel.roots.proc.clone();
    kernel.slow_source("process", path, |roots| Processes::new(roots, wanted.clone()))
}

impl Processes {
    fn new(roots: &Roots, wanted: Wanted) -> Self {
        Self {
            folder: ProcessFolder::new(roots.proc.clone()),
            users: Users::new(roots.is_this_host()),
            wanted,
            now: Now::default(),
            last: Now::default(),
            passes: 0,
            most: MAX_PROCESSES,
            pids: Vec::new(),
            known: Vec::new(),
            before: Vec::new(),
            choice: Choice::default(),
            hindrance: Hindrance::default(),
            io_seen: false,
        }
    }

    fn forget(&mut self) {
        self.known.clear();
        self.last = Now::default();
        (self.hindrance, self.io_seen) = (Hindrance::default(), false);
    }

    /// Looks at every process.
    fn pass(&mut self, top: &mut Top, asking: &dyn Fn()) -> Result<(), i32> {
        asking();
        let left_out = self.folder.list(self.most, &mut self.pids)?;
        if self.pids.is_empty() {
            return Err(libc::ENOENT);
        }
        std::mem::swap(&mut self.known, &mut self.before);
        self.known.clear();
        self.passes = self.passes.wrapping_add(1);
        let mut buffer = [0; FILE_BYTES];
        let mut earlier = 0;
        for index in 0..self.pids.len() {
            let pid = self.pids[index];
            asking();
            let stat = match self.folder.read(pid, "stat", &mut buffer) {
                Ok(text) => ProcessStat::parse(text),
                Err(libc::EACCES | libc::EPERM) => {
                    self.hindrance.stat_refused = true;
                    None
                }
                Err(_) => None,
            };
            // Most likely it went away in the meantime.
            let Some(stat) = stat else { continue };
            while self.before.get(earlier).is_some_and(|before| before.pid < pid) {
                earlier += 1;
            }
            let before = self.before.get(earlier).filter(|before| before.pid == pid);
            let same = before.filter(|before| before.stat.start_ticks == stat.start_ticks).copied();
            let mut process = self.follow(pid, stat, same.as_ref());
            if self.may_do_io(&process, same.as_ref()) {
                self.ask_for_io(&mut process, &mut buffer, asking);
            }
            process.standing.values = process.values();
            self.known.push(process);
        }
        self.last = self.now;
        self.choice.choose(&mut self.known, |process| &mut process.standing);
        self.tell(top, &mut buffer, asking);
        (top.left_out, top.hindrance) = (left_out, self.hindrance);
        top.hindrance.io_missing &= !self.io_seen;
        Ok(())
    }

    /// Connects a process with what was known of it. One that has started since the last pass has used all that it has used
    /// since then.
    fn follow(&self, pid: u32, stat: ProcessStat, before: Option<&Known>) -> Known {
        let cpu = CpuUsed { at_ns: self.now.mono_ns, ticks: stat.cpu_ticks };
        let (cpu_before, io_before, standing) = match before {
            Some(before) => (before.cpu, before.io, before.standing),
            None if self.has_started_since(stat.start_ticks) => {
                let (at_ns, nothing) = (self.last.mono_ns, Raw::new(0));
                let io = ProcessIo { read_bytes: nothing, written_bytes: nothing };
                (CpuUsed { at_ns, ticks: nothing }, IoDone { at_ns, io }, Standing::default())
            }
            None => (CpuUsed::default(), IoDone::default(), Standing::default()),
        };
        Known { pid, stat, cpu, io: io_before, cpu_before, io_before, does_io: false, standing }
    }

    fn has_started_since(&self, start_ticks: u64) -> bool {
        self.last.mono_ns > 0 && start_ticks.saturating_add(1).saturating_mul(tick_ns()) >= self.last.boot_ns
    }

    /// Asking a process for its I/O costs as much as everything else about it. Who did some has mostly used CPU time as well,
    /// waits for a disk, or had pages read; whoever hides that from us has a turn now and then.
    fn may_do_io(&self, process: &Known, before: Option<&Known>) -> bool {
        let Some(before) = before else { return true };
        let (stat, earlier) = (&process.stat, &before.stat);
        let rounds = u32::try_from(self.pids.len() / IO_TURNS + 1).unwrap_or(u32::MAX);
        stat.cpu_ticks != earlier.cpu_ticks
            || stat.major_faults != earlier.major_faults
            || matches!(stat.state, b'R' | b'D')
            || before.does_io
            || before.standing.is_chosen()
            || process.pid % rounds == self.passes % rounds
    }

    fn ask_for_io(&mut self, process: &mut Known, buffer: &mut [u8], asking: &dyn Fn()) {
        asking();
        let io = match self.folder.read(process.pid, "io", buffer) {
            Ok(text) => ProcessIo::parse(text),
            Err(errno) => {
                match errno {
                    libc::EACCES | libc::EPERM => self.hindrance.io_refused = true,
                    libc::ENOENT => self.hindrance.io_missing = true,
                    _ => {}
                }
                ProcessIo::default()
            }
        };
        self.io_seen |= io != ProcessIo::default();
        process.io = IoDone { at_ns: self.now.mono_ns, io };
        process.does_io = process.io.rates_since(process.io_before).iter().any(|rate| *rate > 0.0);
    }

    fn tell(&mut self, top: &mut Top, buffer: &mut [u8], asking: &dyn Fn()) {
        top.processes.clear();
        self.users.forget_old(&self.now);
        for index in 0..self.known.len() {
            if !self.known[index].standing.is_chosen() {
                continue;
            }
            let mut process = self.known[index];
            asking();
            // It went away in the meantime.
            let Ok(uid) = self.folder.owner(process.pid) else { continue };
            if process.io.at_ns != self.now.mono_ns {
                self.ask_for_io(&mut process, buffer, asking);
                self.known[index] = process;
            }
            let Known { pid, stat, cpu, io, cpu_before, io_before, .. } = process;
            let user = self.users.name(uid, asking);
            top.processes.push(Process { pid, uid, user, stat, cpu, io, cpu_before, io_before });
        }
    }
}

impl SlowSource for Processes {
    type Value = Top;
    const FLOOR_NS: u64 = 1_000_000_000;
    const OVERDUE: &'static str = "a process has not let itself be looked at for a long time";
    const REST_FACTOR: u64 = REST_FACTOR;

    fn begin(&mut self, now: &Now) {
        self.now = *now;
    }

    fn read(&mut self, top: &mut Top, asking: &dyn Fn()) -> Result<(), ReadError> {
        let Some(since_ns) = self.wanted.since_ns() else {
            top.processes.clear();
            asking();
            return match self.folder.glance() {
                Ok(true) => Ok(()),
                Ok(false) => Err(ReadError::Io(libc::ENOENT)),
                Err(errno) => Err(ReadError::Io(errno)),
            };
        };
        if self.last.mono_ns < since_ns {
            self.forget();
        }
        self.pass(top, asking).map_err(ReadError::Io)
    }

    fn hint(error: ReadError) -> &'static str {
        match error {
            ReadError::Io(libc::ENOENT) => "no processes: is /proc mounted there?",
            ReadError::Io(libc::EACCES | libc::EPERM) => "not permitted to this user, or hidden by a sandbox",
            _ => "",
        }
    }

    fn news(top: &Top) -> u64 {
        let Hindrance { stat_refused, io_refused, io_missing } = top.hindrance;
        let flags = [stat_refused, io_refused, io_missing].iter().fold(0, |flags, flag| flags << 1 | u64::from(*flag));
        top.left_out.saturating_mul(8).saturating_add(flags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::host;

    fn processes() -> Processes {
        let root = host("processes");
        let roots = Roots { proc: root.join("proc"), sys: root.join("sys"), cgroup: root.join("cgroup") };
        Processes::new(&roots, Wanted::default())
    }

    fn read_at(processes: &mut Processes, seconds: u64) -> Top {
        let ns = seconds * 1_000_000_000;
        let mut top = Top::default();
        processes.begin(&Now { mono_ns: ns, boot_ns: ns, ..Now::default() });
        processes.read(&mut top, &|| ()).unwrap();
        top
    }

    fn known_before(top: &Top) -> Vec<bool> {
        top.processes.iter().map(|process| process.cpu_before.ticks != Raw::ABSENT).collect()
    }

    #[test]
    fn a_pass_knows_the_one_before_but_not_what_another_consumer_had() {
        let mut processes = processes();
        assert!(read_at(&mut processes, 99).processes.is_empty());
        processes.wanted.set(Some(100_000_000_000));
        // By memory: of CPU time and I/O nothing is known yet.
        assert_eq!(known_before(&read_at(&mut processes, 100)), [false; 3]);
        let top = read_at(&mut processes, 101);
        assert_eq!((known_before(&top), top.processes[0].cpu_before.at_ns), (vec![true; 3], 100_000_000_000));
        processes.wanted.set(None);
        assert!(read_at(&mut processes, 102).processes.is_empty());
        processes.wanted.set(Some(200_000_000_000));
        assert_eq!(known_before(&read_at(&mut processes, 200)), [false; 3]);
    }

    #[test]
    fn what_is_too_many_is_counted_and_told() {
        let mut processes = processes();
        processes.wanted.set(Some(1));
        let calm = Processes::news(&read_at(&mut processes, 100));
        processes.most = 2;
        let top = read_at(&mut processes, 101);
        assert_eq!(top.left_out, 3);
        assert_ne!(Processes::news(&top), calm);
    }
}
