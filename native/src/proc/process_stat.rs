//! `/proc/<pid>/stat` and `/proc/<pid>/io` (proc_pid_stat(5), proc_pid_io(5)): what one process has used.

use super::name::Name;
use super::text::{Cells, lines};
use crate::sampler::raw::Raw;

/// Set in the flags of a thread of the kernel's (`PF_KTHREAD` in include/linux/sched.h).
const KERNEL_THREAD: u64 = 0x0020_0000;

/// The fields of `stat` that we use.
#[derive(Clone, Copy, Debug)]
pub struct ProcessStat {
    pub command: Name,
    /// `R`, `S`, `D` and so on.
    pub state: u8,
    pub is_kernel_thread: bool,
    /// Page faults that had to read a disk.
    pub major_faults: Raw,
    /// CPU time of all its threads, those that have ended included, in clock ticks.
    pub cpu_ticks: Raw,
    pub threads: Raw,
    /// When it was started, in clock ticks since boot: together with its number, this is which process it is.
    pub start_ticks: u64,
    pub resident_pages: Raw,
}

impl ProcessStat {
    /// `None` when the text is not what the kernel documents, or is cut off.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text = text.strip_suffix(b"\n")?;
        // A process calls itself what it likes, ") R 1" included. Only numbers follow the last parenthesis.
        let (opening, closing) = (memchr::memchr(b'(', text)?, memchr::memrchr(b')', text)?);
        let command = Name::new(text.get(opening + 1..closing)?);
        let mut cells = Cells::new(text.get(closing + 1..)?);
        let &[state] = cells.word() else { return None };
        // ppid, pgrp, session, tty_nr, tpgid
        cells.skip(5);
        let flags = cells.number();
        // minflt, cminflt
        cells.skip(2);
        let major_faults = cells.number();
        // cmajflt
        cells.skip(1);
        let (user, system) = (cells.number().get()?, cells.number().get()?);
        // cutime, cstime, priority, nice
        cells.skip(4);
        let threads = cells.number();
        // itrealvalue
        cells.skip(1);
        let start_ticks = cells.number().get()?;
        // vsize
        cells.skip(1);
        let resident_pages = cells.number();
        let is_kernel_thread = flags.get().is_some_and(|flags| flags & KERNEL_THREAD != 0);
        let cpu_ticks = Raw::new(user.saturating_add(system));
        Some(Self { command, state, is_kernel_thread, major_faults, cpu_ticks, threads, start_ticks, resident_pages })
    }
}

/// The lines of `io` that we use: what went to and came from storage, the page cache excluded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessIo {
    pub read_bytes: Raw,
    pub written_bytes: Raw,
}

impl ProcessIo {
    /// Absent values when the text is not what the kernel documents, or is cut off.
    pub fn parse(text: &[u8]) -> Self {
        let mut io = Self::default();
        // A line that is cut off would pass for a smaller number.
        let whole = memchr::memrchr(b'\n', text).map_or(0, |end| end + 1);
        for line in lines(&text[..whole]) {
            if let Some(value) = line.strip_prefix(b"read_bytes:") {
                io.read_bytes = Cells::new(value).number();
            } else if let Some(value) = line.strip_prefix(b"write_bytes:") {
                io.written_bytes = Cells::new(value).number();
            }
        }
        io
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fixture;
    use proptest::prelude::*;

    fn stat(command: &str) -> String {
        format!(
            "4242 ({command}) D 1 4242 4242 0 -1 4194560 2215 0 77 0 310 25 4 9 20 0 3 0 988512 1062400000 15360 \
             18446744073709551615 94 95 140 0 0 0 0 4096 83 0 0 0 17 1 0 0 12 0 0 1 2 3 4 5 6 7 0\n"
        )
    }

    fn parsed(command: &str) -> ProcessStat {
        ProcessStat::parse(stat(command).as_bytes()).unwrap()
    }

    #[test]
    fn reads_a_process() {
        let stat = parsed("postgres");
        assert_eq!((stat.command.as_bytes(), stat.state), (&b"postgres"[..], b'D'));
        assert_eq!((stat.cpu_ticks, stat.major_faults), (Raw::new(335), Raw::new(77)));
        assert_eq!((stat.threads, stat.start_ticks), (Raw::new(3), 988_512));
        assert_eq!((stat.resident_pages, stat.is_kernel_thread), (Raw::new(15_360), false));
    }

    #[test]
    fn a_process_may_call_itself_anything() {
        for command in ["", "a b", ") R 1 2 3", "((", "))", "x\ny", "\u{1f980}", "tmux: server", "(sd-pam)"] {
            let stat = parsed(command);
            assert_eq!(stat.command.as_bytes(), command.as_bytes());
            assert_eq!((stat.state, stat.cpu_ticks, stat.start_ticks), (b'D', Raw::new(335), 988_512));
        }
    }

    #[test]
    fn a_kernel_thread_is_told_by_its_flag() {
        let stat = ProcessStat::parse(&fixture("processes", "proc/61/stat")).unwrap();
        assert_eq!((stat.command.as_bytes(), stat.is_kernel_thread), (&b"kworker/u8:2-flush-254:0"[..], true));
        assert_eq!((stat.resident_pages, stat.cpu_ticks), (Raw::new(0), Raw::new(812)));
    }

    #[test]
    fn enormous_numbers_saturate() {
        let text = stat("x").replace(" 310 25 ", " 99999999999999999999999 18446744073709551615 ");
        assert_eq!(ProcessStat::parse(text.as_bytes()).unwrap().cpu_ticks, Raw::new(u64::MAX));
    }

    #[test]
    fn what_is_cut_off_is_nothing() {
        let text = stat("postgres");
        for end in 0..text.len() {
            assert!(ProcessStat::parse(&text.as_bytes()[..end]).is_none(), "{end}");
        }
        assert!(ProcessStat::parse(b"1 (x) S 1 1 1 0 -1 4194560\n").is_none());
        assert!(ProcessStat::parse(b"1 )x( S\n").is_none());
    }

    #[test]
    fn reads_what_went_to_and_from_storage() {
        let text = fixture("processes", "proc/300/io");
        let io = ProcessIo::parse(&text);
        assert_eq!((io.read_bytes, io.written_bytes), (Raw::new(1_048_576), Raw::new(52_428_800)));
        assert_eq!(ProcessIo::parse(b""), ProcessIo::default());
        let cut = ProcessIo::parse(b"rchar: 1\nread_bytes: 4096\nwrite_bytes: 81");
        assert_eq!((cut.read_bytes, cut.written_bytes), (Raw::new(4096), Raw::ABSENT));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(text in proptest::collection::vec(any::<u8>(), 0..400)) {
            ProcessStat::parse(&text);
            ProcessIo::parse(&text);
        }

        #[test]
        fn any_name_and_numbers_come_back(
            command in proptest::collection::vec(any::<u8>(), 0..31),
            user in 0..u64::MAX / 2,
            start in 0..u64::MAX - 1,
        ) {
            let mut text = b"7 (".to_vec();
            text.extend(&command);
            let numbers = format!(") S 1 1 1 0 -1 0 0 0 0 0 {user} 1 0 0 20 0 1 0 {start} 0 5 0\n");
            text.extend(numbers.bytes());
            let stat = ProcessStat::parse(&text).unwrap();
            prop_assert_eq!(stat.command.as_bytes(), &command[..]);
            prop_assert_eq!((stat.cpu_ticks, stat.start_ticks), (Raw::new(user + 1), start));
        }

        #[test]
        fn damaged_text_is_survived(
            end in any::<prop::sample::Index>(),
            damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        ) {
            let mut text = stat("postgres").into_bytes();
            text.truncate(end.index(text.len()) + 1);
            for (at, byte) in damage {
                let at = at.index(text.len());
                text[at] = byte;
            }
            ProcessStat::parse(&text);
            ProcessIo::parse(&text);
        }
    }
}
