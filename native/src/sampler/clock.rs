//! The three clocks a sampler needs, read together.

/// One look at the clocks. All figures in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// CLOCK_MONOTONIC: what deadlines and elapsed times are measured on.
    pub mono_ns: u64,
    /// CLOCK_REALTIME since the Unix epoch: what timestamps are made of.
    pub real_ns: u64,
    /// CLOCK_BOOTTIME: runs on while the host is suspended, unlike the monotonic clock.
    pub boot_ns: u64,
    /// How far apart the clocks may have been read: a preemption in between would look like a clock step.
    pub spread_ns: u64,
}

impl Now {
    /// What to add to a monotonic time to get real time.
    pub fn offset_ns(&self) -> i128 {
        i128::from(self.real_ns) - i128::from(self.mono_ns)
    }

    /// Time spent suspended since boot.
    pub fn suspended_ns(&self) -> i128 {
        i128::from(self.boot_ns) - i128::from(self.mono_ns)
    }
}

/// Where time comes from; tests bring their own.
pub trait Clock {
    fn now(&self) -> Now;
    fn mono_ns(&self) -> u64;
}

/// The kernel's clocks.
#[derive(Clone, Copy, Default)]
pub struct SystemClock;

/// Good enough not to look again: far above an undisturbed pair of readings, far below any step that matters.
const CALM_SPREAD_NS: u64 = 20_000;
const ATTEMPTS: usize = 4;

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let mut best = Now { spread_ns: u64::MAX, ..Now::default() };
        for _ in 0..ATTEMPTS {
            let before = read(libc::CLOCK_MONOTONIC);
            let real_ns = read(libc::CLOCK_REALTIME);
            let boot_ns = read(libc::CLOCK_BOOTTIME);
            let after = read(libc::CLOCK_MONOTONIC);
            let spread_ns = after.saturating_sub(before);
            if spread_ns < best.spread_ns {
                best = Now { mono_ns: before, real_ns, boot_ns, spread_ns };
            }
            if spread_ns < CALM_SPREAD_NS {
                break;
            }
        }
        best
    }

    fn mono_ns(&self) -> u64 {
        read(libc::CLOCK_MONOTONIC)
    }
}

/// A clock in nanoseconds; 0 for one that does not exist or has not begun.
pub fn read(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid timespec to write to for the duration of the call.
    if unsafe { libc::clock_gettime(clock, &raw mut time) } != 0 {
        return 0;
    }
    u64::try_from(time.tv_sec).unwrap_or(0).saturating_mul(1_000_000_000) + u64::try_from(time.tv_nsec).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clocks_run_and_agree() {
        let clock = SystemClock;
        let first = clock.now();
        let second = clock.now();
        assert!(second.mono_ns >= first.mono_ns && first.mono_ns > 0);
        assert!(first.boot_ns >= first.mono_ns);
        assert!(first.real_ns > 1_600_000_000_000_000_000);
    }
}
