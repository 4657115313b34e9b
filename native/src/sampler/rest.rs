//! What is dear to read rests for many times as long as reading it takes.

/// How much one reading counts in what reading is known to take: a single slow one must not cause a long rest.
const COST_SMOOTHING: u64 = 8;

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

    /// It was read from then to then, and rests `factor` times as long as that usually takes.
    pub const fn begin(&mut self, from_ns: u64, to_ns: u64, factor: u64) {
        let took_ns = to_ns.saturating_sub(from_ns);
        self.cost_ns = (self.cost_ns.saturating_mul(COST_SMOOTHING - 1).saturating_add(took_ns)) / COST_SMOOTHING;
        self.until_ns = to_ns.saturating_add(self.cost_ns.saturating_mul(factor));
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
    fn enormous_times_are_survived() {
        let mut rest = Rest::default();
        rest.begin(0, u64::MAX, u64::MAX);
        rest.begin(u64::MAX, 0, 19);
        assert_eq!(rest.until_ns(), u64::MAX);
    }
}
