//! `/proc/uptime` (proc_uptime(5)).

use super::text::Cells;
use crate::sampler::reader::{Malformed, Parse};

/// Time since boot, suspended time included.
#[derive(Debug, Default)]
pub struct Uptime {
    pub seconds: f64,
}

impl Parse for Uptime {
    const MISSING: &'static str = "is /proc mounted?";

    fn parse(&mut self, text: &[u8]) -> Result<(), Malformed> {
        self.seconds = Cells::new(text).decimal();
        if self.seconds.is_nan() { Err(Malformed { line: 1, what: "expected seconds" }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_seconds() {
        let mut uptime = Uptime::default();
        uptime.parse(b"504.18 955.14\n").unwrap();
        assert_eq!(uptime.seconds, 504.18);
        assert!(uptime.parse(b"").is_err());
        assert!(uptime.parse(b"x y\n").is_err());
    }
}
