//! Raw kernel counters, and the pure arithmetic that turns two of them into a rate.

/// One number as the kernel printed it, or the knowledge that it printed none.
///
/// `u64::MAX` stands for "absent": no kernel counter gets there (parsers saturate one below it), and a sample
/// half the size of `Option<u64>` is copied on every tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw(u64);

impl Raw {
    pub const ABSENT: Self = Self(u64::MAX);

    pub const fn new(value: u64) -> Self {
        Self(if value == u64::MAX { u64::MAX - 1 } else { value })
    }

    pub const fn get(self) -> Option<u64> {
        if self.0 == u64::MAX { None } else { Some(self.0) }
    }

    /// The value itself; NaN when absent.
    pub fn level(self) -> f64 {
        self.get().map_or(f64::NAN, |value| value as f64)
    }

    /// The value times a unit (a page, a sector, a KiB); NaN when absent.
    pub fn scaled(self, unit: u64) -> f64 {
        self.get().map_or(f64::NAN, |value| value.saturating_mul(unit) as f64)
    }

    /// Sum of both; an absent side counts as nothing, and two absent sides stay absent.
    pub fn or_plus(self, other: Self) -> Self {
        match (self.get(), other.get()) {
            (Some(a), Some(b)) => Self::new(a.saturating_add(b)),
            (Some(_), None) => self,
            _ => other,
        }
    }

    /// How much it grew since `before`. `None` when either side is absent, and when it shrank: a counter that
    /// shrinks was reset, and what it grew by is not known.
    pub fn grown_since(self, before: Self) -> Option<u64> {
        self.get()?.checked_sub(before.get()?)
    }

    /// The same for a counter that the kernel keeps in 32 bits (`unsigned int`), or that it adds up from such: one that
    /// starts over at 0 takes 2^32 away. Two that start over between two readings are not known from a reset any more.
    pub fn grown_since_u32(self, before: Self) -> Option<u64> {
        self.grown_since_sum_of_u32(before, 1)
    }

    /// The same for a sum of which it is known that so many counters of 32 bits are in it: counters that run in step, as those
    /// of the timers of many CPUs do, start over together.
    pub fn grown_since_sum_of_u32(self, before: Self, counters: u64) -> Option<u64> {
        let (before, now) = (before.get()?, self.get()?);
        match before.checked_sub(now) {
            None | Some(0) => now.checked_sub(before),
            Some(shrunk) => {
                let laps = shrunk.div_ceil(LAP);
                let grown = laps.checked_mul(LAP)?.checked_sub(shrunk)?;
                Some(grown).filter(|grown| laps <= counters && *grown <= LARGEST_LAPPING_STEP)
            }
        }
    }
}

/// What a counter of 32 bits loses when it starts over.
const LAP: u64 = 1 << 32;
/// What shrank by less than a lap has either started over and grown by the rest since, or was reset. This much growth
/// between two readings is believed (3 days of milliseconds): a reset then looks like it only in the last sixteenth of a lap.
const LARGEST_LAPPING_STEP: u64 = LAP / 16;

impl Default for Raw {
    fn default() -> Self {
        Self::ABSENT
    }
}

/// `amount` per second over `elapsed_ns`; NaN when nothing is known or no time has passed.
pub fn per_second(amount: Option<u64>, elapsed_ns: u64) -> f64 {
    match amount {
        Some(amount) if elapsed_ns > 0 => amount as f64 * 1e9 / elapsed_ns as f64,
        _ => f64::NAN,
    }
}

/// Growth per second between two readings of one counter.
pub fn rate(before: Raw, now: Raw, elapsed_ns: u64) -> f64 {
    per_second(now.grown_since(before), elapsed_ns)
}

/// Growth per second between two readings of a counter that the kernel keeps in 32 bits.
pub fn rate_u32(before: Raw, now: Raw, elapsed_ns: u64) -> f64 {
    per_second(now.grown_since_u32(before), elapsed_ns)
}

/// `part` of `whole` in percent; NaN when either is unknown or the whole is nothing.
pub fn percent(part: f64, whole: f64) -> f64 {
    // In this order a whole number of percent is one.
    if whole > 0.0 { part * 100.0 / whole } else { f64::NAN }
}

/// What is left of `whole` without `part`, at least 0; NaN when either is unknown (`f64::max` would make that 0).
pub fn rest(whole: f64, part: f64) -> f64 {
    (whole - part).clamp(0.0, f64::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rates_come_from_integers_past_the_precision_of_doubles() {
        let before = Raw::new((1 << 60) + 1);
        assert_eq!(rate(before, Raw::new((1 << 60) + 4), 1_000_000_000), 3.0);
    }

    #[test]
    fn a_counter_that_shrinks_has_no_rate() {
        assert!(rate(Raw::new(u64::from(u32::MAX)), Raw::new(10), 1_000_000_000).is_nan());
        assert!(rate(Raw::ABSENT, Raw::new(10), 1).is_nan());
        assert!(rate(Raw::new(1), Raw::new(10), 0).is_nan());
    }

    #[test]
    fn deltas_are_right_up_to_the_largest_counter() {
        const LAST: u64 = u64::MAX - 1;
        let grown = |before, now| Raw::new(now).grown_since(Raw::new(before));
        assert_eq!(grown((1 << 63) - 1, (1 << 63) + 1), Some(2));
        assert_eq!(grown(LAST - 5, LAST), Some(5));
        assert_eq!(grown(0, LAST), Some(LAST));
        // What the kernel prints as 2^64 - 1 is one less here: "absent" must stay apart from it.
        assert_eq!(grown(LAST, u64::MAX), Some(0));
        assert_eq!((grown(LAST, 3), grown((1 << 63) + 1, (1 << 63) - 1)), (None, None));
        assert_eq!(rate(Raw::new(LAST - 7), Raw::new(LAST), 2_000_000_000), 3.5);
    }

    #[test]
    fn a_counter_of_32_bits_may_start_over() {
        const TOP: u64 = u32::MAX as u64;
        let grown = |before, now| Raw::new(now).grown_since_u32(Raw::new(before));
        assert_eq!((grown(5, 5), grown(5, 7), grown(TOP - 1, TOP)), (Some(0), Some(2), Some(1)));
        assert_eq!(
            (grown(TOP, 0), grown(TOP - 2, 7), grown(TOP - 1_000_000, 500_000)),
            (Some(1), Some(10), Some(1_500_001))
        );
        assert_eq!(grown(LAP - LARGEST_LAPPING_STEP, 0), Some(LARGEST_LAPPING_STEP));
        assert_eq!(rate_u32(Raw::new(TOP), Raw::new(999), 1_000_000_000), 1000.0);
        for (before, now) in
            [(LAP - LARGEST_LAPPING_STEP - 1, 0), (TOP, LARGEST_LAPPING_STEP), (3_000_000_000, 5), (7, 6)]
        {
            assert_eq!(grown(before, now), None, "{before} {now}");
        }
        assert_eq!(Raw::ABSENT.grown_since_u32(Raw::new(TOP)), None);
        assert_eq!(Raw::new(1).grown_since_u32(Raw::ABSENT), None);
    }

    #[test]
    fn a_sum_of_counters_of_32_bits_loses_a_lap_when_one_starts_over() {
        const SUM: u64 = 50_000_000_000;
        let grown = |now| Raw::new(now).grown_since_u32(Raw::new(SUM));
        assert_eq!((grown(SUM + 1200), grown(SUM + 1200 - LAP)), (Some(1200), Some(1200)));
        assert_eq!((grown(SUM + 1200 - 2 * LAP), grown(1200), grown(SUM - LAP - 1)), (None, None, None));
        let of_three = |now| Raw::new(now).grown_since_sum_of_u32(Raw::new(SUM), 3);
        assert_eq!((of_three(SUM + 1200 - 2 * LAP), of_three(SUM + 5 - 3 * LAP)), (Some(1200), Some(5)));
        assert_eq!((of_three(SUM + 5 - 4 * LAP), of_three(1200), of_three(SUM - 1)), (None, None, None));
    }

    proptest! {
        #[test]
        fn growth_survives_the_end_of_32_bits(before in 0..=u64::from(u32::MAX), grown in 0..=LARGEST_LAPPING_STEP) {
            let now = (before + grown) % LAP;
            prop_assert_eq!(Raw::new(now).grown_since_u32(Raw::new(before)), Some(grown));
        }

        #[test]
        fn a_sum_grows_by_what_its_counters_do(counters in proptest::collection::vec((any::<u32>(), 0..1_000_000_u32), 1..9)) {
            let sum = |of: fn(&(u32, u32)) -> u32| Raw::new(counters.iter().map(|counter| u64::from(of(counter))).sum());
            let grown = counters.iter().map(|(_, grown)| u64::from(*grown)).sum();
            let (before, now) = (sum(|(before, _)| *before), sum(|(before, grown)| before.wrapping_add(*grown)));
            prop_assert_eq!(now.grown_since_sum_of_u32(before, counters.len() as u64), Some(grown));
        }

        #[test]
        fn no_pair_of_counters_grows_by_more_than_it_can(before in any::<u64>(), now in any::<u64>()) {
            let (before, now) = (Raw::new(before), Raw::new(now));
            if let Some(grown) = now.grown_since_u32(before) {
                prop_assert!(now.grown_since(before) == Some(grown) || grown <= LARGEST_LAPPING_STEP);
            }
        }
    }

    #[test]
    fn sums_keep_what_is_known() {
        assert_eq!(Raw::new(2).or_plus(Raw::new(3)), Raw::new(5));
        assert_eq!(Raw::ABSENT.or_plus(Raw::new(3)), Raw::new(3));
        assert_eq!(Raw::new(3).or_plus(Raw::ABSENT), Raw::new(3));
        assert_eq!(Raw::ABSENT.or_plus(Raw::ABSENT), Raw::ABSENT);
        assert_eq!(Raw::new(u64::MAX).get(), Some(u64::MAX - 1));
    }

    #[test]
    fn percentages_of_nothing_are_unknown() {
        assert_eq!((percent(1.0, 4.0), percent(55.0, 100.0)), (25.0, 55.0));
        assert!(percent(1.0, 0.0).is_nan());
        assert!(percent(1.0, f64::NAN).is_nan());
    }

    #[test]
    fn the_rest_of_the_unknown_is_unknown() {
        assert_eq!((rest(5.0, 2.0), rest(2.0, 5.0)), (3.0, 0.0));
        assert!(rest(f64::NAN, 2.0).is_nan() && rest(2.0, f64::NAN).is_nan());
    }
}
