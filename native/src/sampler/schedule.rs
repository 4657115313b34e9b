//! When streams tick: on multiples of their interval in real time, whatever the clock does.

use super::clock::Now;

/// A wake-up this much early counts as on time: real time is slewed against the monotonic clock that woke us.
const EARLY_TOLERANCE_NS: u64 = 20_000;
/// More missing time than this many intervals (in tenths) and no rate is taken across it. One missed tick is fine:
/// its rate is over the true elapsed time.
const GAP_TENTHS_OF_INTERVAL: u64 = 25;
/// No clock is slewed faster than 1 part in 1000 (the kernel's limit is 500 ppm); anything faster is a step.
const SLEW_LIMIT_DIVISOR: u64 = 1000;
/// The largest step that leaves a long interval's stream alone.
const STEP_LIMIT_NS: u64 = 1_000_000_000;
/// Boot time and monotonic time part only while suspended; less than this is the noise of reading both.
const SUSPEND_LIMIT_NS: u64 = 10_000_000;
/// Small backward steps than this are indistinguishable from reading two clocks one after the other.
const BACKWARD_NOISE_NS: u64 = 1_000_000;

/// The grid tick at or before a time.
pub fn grid_at(real_ns: u64, interval_ns: u64) -> u64 {
    real_ns - real_ns % interval_ns
}

/// The first grid tick after a time.
pub fn grid_after(real_ns: u64, interval_ns: u64) -> u64 {
    grid_at(real_ns, interval_ns).saturating_add(interval_ns)
}

/// One due tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    pub grid_ns: u64,
    pub lateness_ns: u64,
    /// Grid ticks skipped before this one although we should have been awake.
    pub missed: u64,
    /// No rate may be taken from before this tick.
    pub gap: bool,
    /// The clock was set, or the host was suspended, since the tick before.
    pub disturbed: bool,
}

/// The timetable of one stream.
#[derive(Clone, Copy, Debug)]
pub struct Timetable {
    pub interval_ns: u64,
    next_ns: u64,
    last: Now,
}

impl Timetable {
    pub fn new(interval_ns: u64, now: &Now) -> Self {
        Self { interval_ns, next_ns: grid_after(now.real_ns, interval_ns), last: *now }
    }

    /// The monotonic time to wake at.
    pub fn deadline_ns(&self, now: &Now) -> u64 {
        now.mono_ns.saturating_add(self.next_ns.saturating_sub(now.real_ns))
    }

    /// Whether the clock now stands before a tick that was already given out: going on would repeat timestamps.
    pub fn would_repeat(&self, now: &Now) -> bool {
        now.real_ns.saturating_add(self.interval_ns).saturating_add(EARLY_TOLERANCE_NS) < self.next_ns
    }

    /// Starts anew from the present after a backward step.
    pub fn restart(&mut self, now: &Now) {
        self.next_ns = grid_after(now.real_ns, self.interval_ns);
    }

    /// The tick that is due now, if one is. Several at once become one, at the latest grid point.
    pub fn due(&mut self, now: &Now) -> Option<Tick> {
        if self.next_ns > now.real_ns.saturating_add(EARLY_TOLERANCE_NS) {
            return None;
        }
        let grid_ns = grid_at(now.real_ns, self.interval_ns).max(self.next_ns);
        let skipped = (grid_ns - self.next_ns) / self.interval_ns;
        let disturbed = self.disturbed(now);
        let elapsed_ns = now.mono_ns.saturating_sub(self.last.mono_ns);
        let tick = Tick {
            grid_ns,
            lateness_ns: if disturbed { 0 } else { now.real_ns.saturating_sub(grid_ns) },
            missed: if disturbed { 0 } else { skipped },
            gap: disturbed || elapsed_ns > self.interval_ns / 10 * GAP_TENTHS_OF_INTERVAL,
            disturbed,
        };
        self.next_ns = grid_ns + self.interval_ns;
        self.last = *now;
        Some(tick)
    }

    /// Whether the host was suspended, or its clock set, since the last tick. A step counts when it is more than half
    /// the interval, or more than a second, whichever is less.
    fn disturbed(&self, now: &Now) -> bool {
        let elapsed_ns = now.mono_ns.saturating_sub(self.last.mono_ns);
        let noise_ns = now.spread_ns.saturating_add(self.last.spread_ns);
        let step_ns = (now.offset_ns() - self.last.offset_ns()).unsigned_abs();
        let suspended_ns = now.suspended_ns() - self.last.suspended_ns();
        let step_limit_ns = (self.interval_ns / 2).min(STEP_LIMIT_NS) + elapsed_ns / SLEW_LIMIT_DIVISOR + noise_ns;
        step_ns > u128::from(step_limit_ns) || suspended_ns > i128::from(SUSPEND_LIMIT_NS + noise_ns)
    }
}

/// Whether real time was set back between two looks, by more than reading the clocks can explain.
pub fn stepped_back(before: &Now, now: &Now) -> bool {
    let elapsed_ns = now.mono_ns.saturating_sub(before.mono_ns);
    let noise_ns = BACKWARD_NOISE_NS + elapsed_ns / SLEW_LIMIT_DIVISOR + now.spread_ns + before.spread_ns;
    now.offset_ns() - before.offset_ns() < -i128::from(noise_ns)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;
    const SECOND: u64 = 1000 * MS;
    const REAL: u64 = 1_700_000_000 * SECOND;

    fn at(mono_ns: u64, real_ns: u64) -> Now {
        Now { mono_ns, real_ns, boot_ns: mono_ns, spread_ns: 0 }
    }

    #[test]
    fn ticks_lie_on_the_grid_of_the_interval() {
        let mut table = Timetable::new(SECOND, &at(5 * SECOND, REAL + 300 * MS));
        let now = at(5 * SECOND, REAL + 300 * MS);
        assert_eq!(table.deadline_ns(&now), 5 * SECOND + 700 * MS);
        assert_eq!(table.due(&now), None);
        let tick = table.due(&at(5 * SECOND + 702 * MS, REAL + 1002 * MS)).unwrap();
        assert_eq!(tick, Tick { grid_ns: REAL + SECOND, lateness_ns: 2 * MS, missed: 0, gap: false, disturbed: false });
        assert_eq!(table.due(&at(5 * SECOND + 703 * MS, REAL + 1003 * MS)), None);
    }

    #[test]
    fn a_wake_up_some_microseconds_early_is_on_time() {
        let mut table = Timetable::new(SECOND, &at(0, REAL));
        let tick = table.due(&at(SECOND, REAL + SECOND - 5_000)).unwrap();
        assert_eq!((tick.grid_ns, tick.lateness_ns), (REAL + SECOND, 0));
        assert_eq!(table.due(&at(SECOND + 5_000, REAL + SECOND)), None);
    }

    #[test]
    fn one_missed_tick_is_counted_and_no_gap_but_two_are() {
        let mut table = Timetable::new(SECOND, &at(0, REAL));
        let tick = table.due(&at(2 * SECOND, REAL + 2 * SECOND)).unwrap();
        assert_eq!((tick.missed, tick.gap), (1, false));
        let tick = table.due(&at(5 * SECOND, REAL + 5 * SECOND)).unwrap();
        assert_eq!((tick.missed, tick.gap, tick.disturbed), (2, true, false));
    }

    #[test]
    fn slew_is_followed_without_a_gap() {
        let mut table = Timetable::new(SECOND, &at(0, REAL));
        for second in 1..100 {
            let real = REAL + second * SECOND;
            let tick = table.due(&at(second * (SECOND + 500_000), real)).unwrap();
            assert_eq!((tick.grid_ns, tick.gap, tick.missed), (real, false, 0));
        }
    }

    #[test]
    fn suspend_and_forward_steps_are_gaps_and_not_missed_ticks() {
        let mut table = Timetable::new(SECOND, &at(0, REAL));
        let tick = table.due(&at(SECOND, REAL + 3600 * SECOND)).unwrap();
        assert_eq!((tick.missed, tick.gap, tick.disturbed), (0, true, true));
        let woken = Now { boot_ns: 602 * SECOND, ..at(2 * SECOND, REAL + 4201 * SECOND) };
        let tick = table.due(&woken).unwrap();
        assert_eq!((tick.missed, tick.gap), (0, true));
    }

    #[test]
    fn a_step_far_below_the_interval_leaves_its_stream_alone() {
        let mut table = Timetable::new(5 * SECOND, &at(0, REAL));
        let tick = table.due(&at(5 * SECOND, REAL + 5 * SECOND + 400 * MS)).unwrap();
        assert!(!tick.gap);
        let mut fast = Timetable::new(100 * MS, &at(0, REAL));
        assert!(fast.due(&at(100 * MS, REAL + 500 * MS)).unwrap().gap);
    }

    #[test]
    fn a_backward_step_past_a_given_tick_would_repeat_it() {
        let mut table = Timetable::new(SECOND, &at(0, REAL));
        table.due(&at(SECOND, REAL + SECOND)).unwrap();
        let back = at(2 * SECOND, REAL - 10 * SECOND + 500 * MS);
        assert!(table.would_repeat(&back));
        assert!(stepped_back(&at(SECOND, REAL + SECOND), &back));
        table.restart(&back);
        assert_eq!(table.deadline_ns(&back), 2 * SECOND + 500 * MS);
        assert!(!table.would_repeat(&back));
        assert!(!table.would_repeat(&at(SECOND, REAL - 10 * SECOND + 500 * MS)));
        let tick = table.due(&at(2 * SECOND + 500 * MS, REAL - 9 * SECOND)).unwrap();
        assert!(tick.gap);
    }

    #[test]
    fn clocks_read_apart_are_not_a_step() {
        let calm = at(0, REAL);
        let preempted = Now { spread_ns: 40 * MS, ..at(SECOND, REAL + SECOND - 30 * MS) };
        assert!(!stepped_back(&calm, &preempted));
        assert!(stepped_back(&calm, &at(SECOND, REAL + SECOND - 30 * MS)));
    }
}
