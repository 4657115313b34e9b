//! perf counters: the five software events that every kernel counts, in one group on each CPU.

use std::fs::File;
use std::hint::black_box;
use std::io::Read;
use std::os::fd::{AsRawFd, FromRawFd, RawFd};

use crate::source::Source;

/// The first version of `struct perf_event_attr` (perf_event_open(2)), which every kernel takes.
#[repr(C)]
#[derive(Default)]
struct Attr {
    kind: u32,
    size: u32,
    config: u64,
    sample_period: u64,
    sample_type: u64,
    read_format: u64,
    flags: u64,
    wakeup_events: u32,
    bp_type: u32,
    config1: u64,
}

const TYPE_SOFTWARE: u32 = 1;
/// cpu-clock, task-clock, context-switches, cpu-migrations, page-faults.
const EVENTS: [u64; 5] = [0, 1, 3, 4, 2];
/// Times enabled and running, ids, all of a group in one reading.
const READ_FORMAT: u64 = 15;
const CLOSE_ON_EXEC: libc::c_ulong = 8;
/// Count, two times, then a value and an id for each event.
const WORDS: usize = 3 + 2 * EVENTS.len();

/// One group per CPU.
pub(crate) struct Counters {
    groups: Vec<Vec<File>>,
}

fn open(event: u64, cpu: libc::c_int, leader: RawFd) -> Result<File, String> {
    let attr = Attr {
        kind: TYPE_SOFTWARE,
        size: size_of::<Attr>() as u32,
        config: event,
        read_format: READ_FORMAT,
        ..Attr::default()
    };
    // SAFETY: the kernel reads `size` bytes of `attr`, which outlives the call; the rest are numbers.
    let descriptor =
        unsafe { libc::syscall(libc::SYS_perf_event_open, &raw const attr, -1, cpu, leader, CLOSE_ON_EXEC) };
    match RawFd::try_from(descriptor) {
        // SAFETY: just opened, and nobody else's.
        Ok(descriptor) if descriptor >= 0 => Ok(unsafe { File::from_raw_fd(descriptor) }),
        _ => Err(format!("perf_event_open on CPU {cpu}: {}", std::io::Error::last_os_error())),
    }
}

impl Counters {
    pub(crate) fn open() -> Result<Self, String> {
        // SAFETY: sysconf takes no pointers.
        let cpus = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) } as libc::c_int;
        let group = |cpu| {
            let leader = open(EVENTS[0], cpu, -1)?;
            let others = EVENTS[1..].iter().map(|event| open(*event, cpu, leader.as_raw_fd()));
            let others = others.collect::<Result<Vec<_>, _>>()?;
            Ok(std::iter::once(leader).chain(others).collect())
        };
        Ok(Self { groups: (0..cpus).map(group).collect::<Result<_, String>>()? })
    }
}

impl Source for Counters {
    fn read(&mut self) -> Result<u64, String> {
        let mut bytes = [0_u8; WORDS * 8];
        for group in &mut self.groups {
            let read = group[0].read(&mut bytes).map_err(|error| format!("reading counters: {error}"))?;
            if read != bytes.len() {
                return Err(format!("reading counters: {read} bytes instead of {}", bytes.len()));
            }
            for word in bytes.chunks_exact(8) {
                black_box(word.try_into().map(u64::from_ne_bytes).unwrap_or(0));
            }
        }
        Ok((self.groups.len() * WORDS) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cpu_has_its_counters() -> Result<(), String> {
        match Counters::open() {
            Ok(mut counters) => assert_eq!(counters.read()?, (counters.groups.len() * WORDS) as u64),
            // A test run without the permission to count.
            Err(error) => assert!(error.contains("ermi"), "{error}"),
        }
        Ok(())
    }
}
