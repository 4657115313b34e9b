//! What a process has used until a moment, and the rates between two of them.

use super::process_stat::ProcessIo;
use crate::sampler::raw::{Raw, per_second, rate};

/// The clock tick that CPU time is counted in, as every kernel reports it to programs (`USER_HZ`).
pub fn tick_ns() -> u64 {
    // SAFETY: sysconf takes no pointers.
    let per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    1_000_000_000 / u64::try_from(per_second).unwrap_or(100).max(1)
}

/// CPU time used until a moment, in clock ticks.
#[derive(Clone, Copy, Debug, Default)]
pub struct CpuUsed {
    pub at_ns: u64,
    pub ticks: Raw,
}

impl CpuUsed {
    /// Percent of one core; NaN when it is not known.
    pub fn percent_since(self, before: Self) -> f64 {
        rate(before.ticks, self.ticks, self.at_ns.saturating_sub(before.at_ns)) * tick_ns() as f64 / 1e7
    }
}

/// I/O done until a moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct IoDone {
    pub at_ns: u64,
    pub io: ProcessIo,
}

impl IoDone {
    /// Bytes read and written per second; NaN where they are not known.
    pub fn rates_since(self, before: Self) -> [f64; 2] {
        let elapsed_ns = self.at_ns.saturating_sub(before.at_ns);
        let grown = |now: Raw, before: Raw| per_second(now.grown_since(before), elapsed_ns);
        [grown(self.io.read_bytes, before.io.read_bytes), grown(self.io.written_bytes, before.io.written_bytes)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_percent_of_one_core_and_nothing_is_invented() {
        let used = |at_ns, ticks| CpuUsed { at_ns, ticks };
        let percent = used(3_000_000_000, Raw::new(7)).percent_since(used(1_000_000_000, Raw::new(3)));
        assert_eq!(percent, 4.0 * tick_ns() as f64 / 2e9 * 100.0);
        assert!(used(2, Raw::new(3)).percent_since(used(1, Raw::new(4))).is_nan());
        assert!(used(1, Raw::new(4)).percent_since(used(1, Raw::new(3))).is_nan());
        assert!(used(1, Raw::new(4)).percent_since(CpuUsed::default()).is_nan());
    }
}
