//! One counter's readings, and the pure arithmetic between two of them.

/// What the kernel said of one counter: its value, how long it was to count, and how long it did. All since it was
/// opened; all 0 when it is not open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub value: u64,
    pub enabled_ns: u64,
    pub running_ns: u64,
}

/// What happened between two readings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// Events per second; NaN when the counter never had its turn.
    pub per_sec: f64,
    /// Share of the time that the counter had its turn: below 1 the count is extrapolated from that share.
    pub running_ratio: f64,
}

impl Growth {
    pub const NOTHING: Self = Self { per_sec: f64::NAN, running_ratio: f64::NAN };
}

impl Count {
    /// The kernel adds with the overflow of 64 bits, so a count that passes 2^64 starts over at 0. What goes back by less
    /// than half of that (a memory controller's count may, when its driver corrects it) did not grow by the rest.
    fn value_since(self, before: Self) -> Option<u64> {
        let grown = self.value.wrapping_sub(before.value);
        (grown <= u64::MAX / 2).then_some(grown)
    }

    pub const fn is_open(&self) -> bool {
        self.enabled_ns > 0
    }

    /// Differences are taken as integers, so nothing is lost past 2^53. The count, extrapolated to the whole time
    /// (`× enabled / running`), over that time (`/ enabled`), is the count over the time it ran. That time is the
    /// kernel's own, taken together with the value: it does not matter when exactly we came to read.
    pub fn since(self, before: Self) -> Growth {
        let value = self.value_since(before);
        let enabled = self.enabled_ns.checked_sub(before.enabled_ns).filter(|enabled| *enabled > 0);
        let running = self.running_ns.checked_sub(before.running_ns);
        let (Some(value), Some(enabled), Some(running)) = (value, enabled, running) else { return Growth::NOTHING };
        if running == 0 {
            return Growth { per_sec: f64::NAN, running_ratio: 0.0 };
        }
        let running_ratio = if running >= enabled { 1.0 } else { running as f64 / enabled as f64 };
        Growth { per_sec: value as f64 * 1e9 / running as f64, running_ratio }
    }

    /// How much it grew since `before`, extrapolated to the whole time; `None` when it never had its turn or was reset.
    pub fn grown_since(self, before: Self) -> Option<u64> {
        let value = self.value_since(before)?;
        let enabled = self.enabled_ns.checked_sub(before.enabled_ns)?;
        let running = self.running_ns.checked_sub(before.running_ns).filter(|running| *running > 0)?;
        if running >= enabled {
            return Some(value);
        }
        let scaled = u128::from(value) * u128::from(enabled) / u128::from(running);
        Some(u64::try_from(scaled).unwrap_or(u64::MAX))
    }
}

/// Walks over the counters in one reading of a group: ids with their counts. `None` when it is cut off, as it is for a
/// group that ended in an error.
pub fn decode(words: &[u64]) -> Option<impl Iterator<Item = (u64, Count)>> {
    let (&[number, enabled_ns, running_ns], pairs) = words.split_first_chunk::<3>()?;
    let number = usize::try_from(number).ok()?;
    let pairs = pairs.get(..number.checked_mul(2)?)?;
    Some(pairs.chunks_exact(2).map(move |pair| (pair[1], Count { value: pair[0], enabled_ns, running_ns })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: u64 = 1_000_000_000;

    fn count(value: u64, enabled_ns: u64, running_ns: u64) -> Count {
        Count { value, enabled_ns, running_ns }
    }

    #[test]
    fn a_reading_is_taken_apart_by_id() {
        let words = [2, 500, 400, 11, 901, 22, 902, 77];
        let counts: Vec<_> = decode(&words).unwrap().collect();
        assert_eq!(counts, [(901, count(11, 500, 400)), (902, count(22, 500, 400))]);
    }

    #[test]
    fn a_reading_that_is_cut_off_is_none() {
        for words in [&[][..], &[1], &[1, 2, 3], &[1, 2, 3, 4], &[u64::MAX, 2, 3, 4, 5]] {
            assert!(decode(words).is_none(), "{words:?}");
        }
        assert_eq!(decode(&[0, 1, 1]).unwrap().count(), 0);
    }

    #[test]
    fn a_counter_that_always_ran_is_exact() {
        let before = count((1 << 60) + 1, 7 * SECOND, 7 * SECOND);
        let now = count((1 << 60) + 7, 9 * SECOND, 9 * SECOND);
        assert_eq!(now.since(before), Growth { per_sec: 3.0, running_ratio: 1.0 });
        assert_eq!(now.grown_since(before), Some(6));
    }

    #[test]
    fn a_counter_that_took_turns_is_extrapolated() {
        let before = count(100, SECOND, SECOND);
        let now = count(350, 3 * SECOND, SECOND + SECOND / 2);
        assert_eq!(now.since(before), Growth { per_sec: 500.0, running_ratio: 0.25 });
        assert_eq!(now.grown_since(before), Some(1000));
    }

    #[test]
    fn a_counter_without_a_turn_has_no_value() {
        let growth = count(100, 2 * SECOND, SECOND).since(count(100, SECOND, SECOND));
        assert!(growth.per_sec.is_nan() && growth.running_ratio == 0.0);
        assert_eq!(count(100, 2 * SECOND, SECOND).grown_since(count(100, SECOND, SECOND)), None);
    }

    #[test]
    fn a_counter_that_was_reset_or_stood_still_has_no_value() {
        let before = count(1 << 40, 2 * SECOND, 2 * SECOND);
        let opened_anew = count((1 << 40) + 5, SECOND, SECOND);
        for now in [count(5, 3 * SECOND, 3 * SECOND), opened_anew, before, Count::default()] {
            let growth = now.since(before);
            assert!(growth.per_sec.is_nan() && growth.running_ratio.is_nan(), "{growth:?}");
            assert_eq!(now.grown_since(before).unwrap_or(0), 0);
        }
    }

    /// From the words of two readings of a group of two, by id, to what its counters did in between.
    fn growths<const N: usize, const M: usize>(before: [u64; N], now: [u64; M]) -> Option<Vec<(u64, Growth)>> {
        let before: Vec<_> = decode(&before)?.collect();
        let of = |id| before.iter().find(|(known, _)| *known == id).map_or(Count::default(), |(_, count)| *count);
        Some(decode(&now)?.map(|(id, now)| (id, now.since(of(id)))).collect())
    }

    #[test]
    fn readings_of_a_group_become_rates() {
        const FIRST: [u64; 7] = [2, SECOND, SECOND, 1000, 71, 50, 72];
        let rates = |now: [u64; 7]| {
            let growths = growths(FIRST, now).unwrap();
            growths.iter().map(|(id, growth)| (*id, growth.per_sec, growth.running_ratio)).collect::<Vec<_>>()
        };
        let all_the_time = rates([2, 3 * SECOND, 3 * SECOND, 1600, 71, 90, 72]);
        assert_eq!(all_the_time, [(71, 300.0, 1.0), (72, 20.0, 1.0)]);
        let a_quarter_of_it = rates([2, 3 * SECOND, SECOND + SECOND / 2, 1150, 71, 60, 72]);
        assert_eq!(a_quarter_of_it, [(71, 300.0, 0.25), (72, 20.0, 0.25)]);
        let in_another_order = rates([2, 3 * SECOND, 3 * SECOND, 90, 72, 1600, 71]);
        assert_eq!(in_another_order, [(72, 20.0, 1.0), (71, 300.0, 1.0)]);
        let never = rates([2, 3 * SECOND, SECOND, 1000, 71, 50, 72]);
        assert!(never.iter().all(|(_, per_sec, running_ratio)| per_sec.is_nan() && *running_ratio == 0.0));
        assert!(growths(FIRST, [2, 3 * SECOND, 3 * SECOND, 1600, 71, 90]).is_none(), "cut off");
    }

    #[test]
    fn a_count_that_passes_the_end_goes_on_and_one_that_steps_back_has_no_value() {
        let before = count(u64::MAX - 9, SECOND, SECOND);
        let now = count(20, 2 * SECOND, 2 * SECOND);
        assert_eq!((now.since(before).per_sec, now.grown_since(before)), (30.0, Some(30)));
        let before = count(1 << 48, SECOND, SECOND);
        for stepped_back in [(1 << 48) - 1, 3] {
            let now = count(stepped_back, 2 * SECOND, 2 * SECOND);
            assert!(now.since(before).per_sec.is_nan());
            assert_eq!(now.grown_since(before), None);
        }
    }

    proptest! {
        #[test]
        fn no_pair_of_readings_gives_nonsense(
            before in any::<[u64; 3]>(), now in any::<[u64; 3]>(), words in proptest::collection::vec(any::<u64>(), 0..40),
        ) {
            let (before, now) = (count(before[0], before[1], before[2]), count(now[0], now[1], now[2]));
            let growth = now.since(before);
            prop_assert!(growth.per_sec.is_nan() || growth.per_sec >= 0.0);
            prop_assert!(growth.running_ratio.is_nan() || (0.0..=1.0).contains(&growth.running_ratio));
            now.grown_since(before);
            if let Some(counts) = decode(&words) {
                prop_assert!(counts.count() <= words.len());
            }
        }
    }
}
