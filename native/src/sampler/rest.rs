//! What is dear to read rests for many times as long as reading it takes.

/// How much one reading counts in what reading is known to take: a single slow one must not cause a long rest.
const COST_SMOOTHING: u64 = 8;
/// And at most so many times what reading usually takes: on a busy host a thread is held up for a hundred times as long, which
/// does not make reading dearer.
const LONGEST: u64 = 2;

/// Keeps reading something to its share of a thread's time.
#[derive(Debug, Default)]
pub struct Rest {
    /// What reading takes, smoothed.
    cost_ns: u64,
    until_ns: u64,
}

impl Rest {
    /// Until when it is not to be read.
    pub const fn until_ns(&self) -> u64 {
        self.until_ns
    }

    /// It was read from then to then, and rests `factor` times as long as that usually takes. One that was held up has its
    /// rest behind it the sooner.
    pub const fn begin(&mut self, from_ns: u64, to_ns: u64, factor: u64) {
        let took_ns = to_ns.saturating_sub(from_ns);
        let longest_ns = self.cost_ns.saturating_mul(LONGEST);
        let took_ns = if self.cost_ns > 0 && took_ns > longest_ns { longest_ns } else { took_ns };
        self.cost_ns = (self.cost_ns.saturating_mul(COST_SMOOTHING - 1).saturating_add(took_ns)) / COST_SMOOTHING;
        self.until_ns = from_ns.saturating_add(self.cost_ns.saturating_mul(factor.saturating_add(1)));
    }

    /// It is another thing from now on, although about as dear.
    pub const fn end(&mut self) {
        self.until_ns = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_in_proportion_and_a_single_slow_reading_counts_for_little() {
        let mut rest = Rest::default();
        let mut now_ns = 0;
        for _ in 0..100 {
            rest.begin(now_ns, now_ns + 1000, 19);
            now_ns = rest.until_ns();
        }
        rest.begin(now_ns, now_ns + 1000, 19);
        let usual_ns = rest.until_ns() - now_ns;
        assert!((19_000..=20_000).contains(&usual_ns), "{usual_ns}");
        rest.begin(now_ns, now_ns + 8000, 19);
        assert!(rest.until_ns() - now_ns < 3 * usual_ns);
        rest.end();
        assert_eq!(rest.until_ns(), 0);
    }

    #[test]
    fn a_busy_host_makes_no_longer_rests_and_dearer_reading_does() {
        let mut rest = Rest::default();
        let mut longest_ns = 0;
        for reading in 0..1000 {
            // Every tenth is held up.
            rest.begin(0, if reading % 10 == 9 { 500_000 } else { 12_000 }, 19);
            longest_ns = longest_ns.max(rest.until_ns());
        }
        assert!(longest_ns < 20 * 12_000 * 3 / 2, "{longest_ns}");
        for _ in 0..100 {
            rest.begin(0, 2_000_000, 19);
        }
        assert!((39_900_000..=40_000_000).contains(&rest.until_ns()), "{}", rest.until_ns());
    }

    #[test]
    fn enormous_times_are_survived() {
        let mut rest = Rest::default();
        rest.begin(0, u64::MAX, u64::MAX);
        rest.begin(u64::MAX, 0, 19);
        assert_eq!(rest.until_ns(), u64::MAX);
    }
}
