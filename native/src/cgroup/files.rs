//! The files of a control group (Documentation/admin-guide/cgroup-v2.rst; cgroup-v1/memory.rst, blkio-controller.rst): single
//! numbers, lists of keys and numbers, and I/O by device.

use crate::proc::text::{Cells, KeyHint, integer, lines};
use crate::sampler::raw::Raw;
use crate::sampler::reader::{Malformed, Parse};

/// A file with one number, or `max` (v1: -1), which means that there is none.
#[derive(Debug, Default)]
pub struct Number(pub Raw);

impl Parse for Number {
    const MISSING: &'static str = "the controller is not enabled for this group";

    fn parse(&mut self, text: &[u8]) -> Result<(), Malformed> {
        let word = Cells::new(text).word();
        self.0 = integer(word).map_or(Raw::ABSENT, Raw::new);
        if self.0 == Raw::ABSENT && ![&b"max"[..], b"-1"].contains(&word) {
            return Err(Malformed { line: 1, what: "expected a number or max" });
        }
        Ok(())
    }
}

/// `cpu.max`: how many CPUs' time the group may use; NaN without a limit.
#[derive(Debug)]
pub struct CpuMax(pub f64);

impl Default for CpuMax {
    fn default() -> Self {
        Self(f64::NAN)
    }
}

impl Parse for CpuMax {
    const MISSING: &'static str = Number::MISSING;

    fn parse(&mut self, text: &[u8]) -> Result<(), Malformed> {
        let mut cells = Cells::new(text);
        let (quota_us, period_us) = (cells.number(), cells.number());
        self.0 = cores(quota_us, period_us);
        if period_us == Raw::ABSENT {
            Err(Malformed { line: 1, what: "expected a quota and a period" })
        } else {
            Ok(())
        }
    }
}

/// What a quota in each period comes to; NaN without one.
pub fn cores(quota_us: Raw, period_us: Raw) -> f64 {
    match (quota_us.get(), period_us.get()) {
        (Some(quota_us), Some(period_us)) if period_us > 0 => quota_us as f64 / period_us as f64,
        _ => f64::NAN,
    }
}

/// Declares a file of lines `key number`, of which some keys are read.
macro_rules! keyed {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $key:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub struct $name {
            $(pub $field: Raw,)+
            hints: [KeyHint; [$($key),+].len()],
        }

        impl Parse for $name {
            const MISSING: &'static str = Number::MISSING;

            fn parse(&mut self, text: &[u8]) -> Result<(), Malformed> {
                let mut hints = self.hints.iter_mut();
                $(self.$field = hints.next().map_or(Raw::ABSENT, |hint| hint.number(text, concat!($key, " ").as_bytes()));)+
                Ok(())
            }
        }
    };
}

keyed! {
    /// `cpu.stat` of v2, in µs.
    CpuStat {
        usage_us: "usage_usec",
        user_us: "user_usec",
        system_us: "system_usec",
        periods: "nr_periods",
        throttled_periods: "nr_throttled",
        throttled_us: "throttled_usec",
    }
}

keyed! {
    /// `cpu.stat` of v1: throttling only, in ns.
    Throttling {
        periods: "nr_periods",
        throttled_periods: "nr_throttled",
        throttled_ns: "throttled_time",
    }
}

keyed! {
    /// `cpuacct.stat`, in ticks of USER_HZ.
    CpuacctStat {
        user_ticks: "user",
        system_ticks: "system",
    }
}

keyed! {
    /// `memory.stat` of v2.
    MemoryStat {
        anon: "anon",
        file: "file",
        inactive_file: "inactive_file",
        major_faults: "pgmajfault",
    }
}

keyed! {
    /// `memory.stat` of v1, the groups below included.
    MemoryStatV1 {
        anon: "total_rss",
        file: "total_cache",
        inactive_file: "total_inactive_file",
        swap: "total_swap",
        major_faults: "total_pgmajfault",
    }
}

keyed! {
    /// `memory.events` of v2, and `memory.oom_control` of v1.
    OomKills {
        oom_kills: "oom_kill",
    }
}

/// Bytes and operations, of all devices together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IoCounts {
    pub read: Raw,
    pub written: Raw,
}

/// `io.stat`: a line for each device, `8:0 rbytes=1 wbytes=2 rios=3 wios=4 …`. A group that did no I/O has an empty one.
#[derive(Debug, Default)]
pub struct IoStat {
    pub bytes: IoCounts,
    pub operations: IoCounts,
}

impl Parse for IoStat {
    const MISSING: &'static str = Number::MISSING;

    fn parse(&mut self, text: &[u8]) -> Result<(), Malformed> {
        let nothing = IoCounts { read: Raw::new(0), written: Raw::new(0) };
        (self.bytes, self.operations) = (nothing, nothing);
        for line in lines(text) {
            let mut cells = Cells::new(line);
            cells.skip(1);
            loop {
                let word = cells.word();
                let Some(equals) = memchr::memchr(b'=', word) else { break };
                let sum = match &word[..equals] {
                    b"rbytes" => &mut self.bytes.read,
                    b"wbytes" => &mut self.bytes.written,
                    b"rios" => &mut self.operations.read,
                    b"wios" => &mut self.operations.written,
                    _ => continue,
                };
                *sum = sum.or_plus(integer(&word[equals + 1..]).map_or(Raw::ABSENT, Raw::new));
            }
        }
        Ok(())
    }
}

/// `blkio.throttle.io_service_bytes` and `io_serviced` of v1: `8:0 Read 1`, `8:0 Write 2`, …, and last `Total 3`.
#[derive(Debug, Default)]
pub struct Blkio(pub IoCounts);

impl Parse for Blkio {
    const MISSING: &'static str = Number::MISSING;

    fn parse(&mut self, text: &[u8]) -> Result<(), Malformed> {
        self.0 = IoCounts { read: Raw::new(0), written: Raw::new(0) };
        for line in lines(text) {
            let mut cells = Cells::new(line);
            cells.skip(1);
            match cells.word() {
                b"Read" => self.0.read = self.0.read.or_plus(cells.number()),
                b"Write" => self.0.written = self.0.written.or_plus(cells.number()),
                _ => {}
            }
        }
        Ok(())
    }
}

/// `cgroup.procs`: the first of its tasks.
#[derive(Debug, Default)]
pub struct FirstTask(pub Option<u64>);

impl Parse for FirstTask {
    const MISSING: &'static str = "the group is gone";

    fn parse(&mut self, text: &[u8]) -> Result<(), Malformed> {
        // 0 stands for a task of another PID namespace.
        self.0 = lines(text).find_map(|line| integer(line.trim_ascii()).filter(|pid| *pid > 0));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed<P: Parse>(text: &str) -> P {
        let mut parsed = P::default();
        parsed.parse(text.as_bytes()).unwrap();
        parsed
    }

    #[test]
    fn numbers_and_the_lack_of_a_limit() {
        assert_eq!(parsed::<Number>("4096\n").0, Raw::new(4096));
        assert_eq!((parsed::<Number>("max\n").0, parsed::<Number>("-1\n").0), (Raw::ABSENT, Raw::ABSENT));
        assert!(Number::default().parse(b"").is_err() && Number::default().parse(b"many\n").is_err());
        assert_eq!(parsed::<CpuMax>("150000 100000\n").0, 1.5);
        assert!(parsed::<CpuMax>("max 100000\n").0.is_nan());
        assert!(parsed::<CpuMax>("1 0\n").0.is_nan());
        assert!(CpuMax::default().parse(b"max\n").is_err());
    }

    #[test]
    fn keys_are_whole_words() {
        let stat: CpuStat =
            parsed("usage_usec 5\nuser_usec 3\nsystem_usec 2\nnr_periods 7\nnr_throttled 1\nthrottled_usec 9\n");
        assert_eq!((stat.usage_us, stat.throttled_periods, stat.throttled_us), (Raw::new(5), Raw::new(1), Raw::new(9)));
        let memory: MemoryStat = parsed("anon 1\nfile 2\nanon_thp 3\ninactive_file 4\n");
        assert_eq!((memory.anon, memory.inactive_file, memory.major_faults), (Raw::new(1), Raw::new(4), Raw::ABSENT));
        let memory: MemoryStatV1 = parsed("rss 9\ntotal_cache 1\ntotal_rss 2\n");
        assert_eq!((memory.anon, memory.file), (Raw::new(2), Raw::new(1)));
        assert_eq!(parsed::<OomKills>("low 0\noom 4\noom_kill 3\n").oom_kills, Raw::new(3));
    }

    #[test]
    fn devices_are_added_up() {
        let io: IoStat =
            parsed("8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n259:0 rbytes=5 wbytes=0 rios=1 wios=0\n");
        assert_eq!(io.bytes, IoCounts { read: Raw::new(15), written: Raw::new(20) });
        assert_eq!(io.operations, IoCounts { read: Raw::new(2), written: Raw::new(2) });
        assert_eq!(parsed::<IoStat>("").bytes.read, Raw::new(0));
        let blkio: Blkio =
            parsed("8:0 Read 10\n8:0 Write 4\n8:0 Sync 14\n8:0 Total 14\n8:16 Read 1\n8:16 Write 0\nTotal 15\n");
        assert_eq!(blkio.0, IoCounts { read: Raw::new(11), written: Raw::new(4) });
        assert_eq!(parsed::<Blkio>("Total 0\n").0.read, Raw::new(0));
    }

    #[test]
    fn the_first_task_that_can_be_seen() {
        assert_eq!(parsed::<FirstTask>("0\n41\n42\n").0, Some(41));
        assert_eq!(parsed::<FirstTask>("").0, None);
    }
}
