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
    /// shrinks was reset (or wrapped at 32 bits), and what it grew by is not known.
    pub fn grown_since(self, before: Self) -> Option<u64> {
        self.get()?.checked_sub(before.get()?)
    }
}

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

/// `part` of `whole` in percent; NaN when either is unknown or the whole is nothing.
pub fn percent(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole * 100.0 } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn sums_keep_what_is_known() {
        assert_eq!(Raw::new(2).or_plus(Raw::new(3)), Raw::new(5));
        assert_eq!(Raw::ABSENT.or_plus(Raw::new(3)), Raw::new(3));
        assert_eq!(Raw::new(3).or_plus(Raw::ABSENT), Raw::new(3));
        assert_eq!(Raw::ABSENT.or_plus(Raw::ABSENT), Raw::ABSENT);
        assert_eq!(Raw::new(u64::MAX).get(), Some(u64::MAX - 1));
    }

    #[test]
    fn percentages_of_nothing_are_unknown() {
        assert_eq!(percent(1.0, 4.0), 25.0);
        assert!(percent(1.0, 0.0).is_nan());
        assert!(percent(1.0, f64::NAN).is_nan());
    }
}
