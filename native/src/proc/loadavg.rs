//! `/proc/loadavg` (proc_loadavg(5)).

use super::text::{Cells, integer};
use crate::sampler::raw::Raw;
use crate::sampler::reader::{Malformed, Parse};

#[derive(Clone, Copy, Debug, Default)]
pub struct Loadavg {
    pub load1: f64,
    pub load5: f64,
    pub load15: f64,
    /// Kernel scheduling entities, running or not.
    pub threads: Raw,
}

impl Parse for Loadavg {
    const MISSING: &'static str = "is /proc mounted?";

    fn parse(&mut self, text: &[u8]) -> Result<(), Malformed> {
        let mut cells = Cells::new(text);
        self.load1 = cells.decimal();
        self.load5 = cells.decimal();
        self.load15 = cells.decimal();
        let tasks = cells.word();
        let slash = memchr::memchr(b'/', tasks).map_or(tasks.len(), |slash| slash + 1);
        self.threads = integer(&tasks[slash..]).map_or(Raw::ABSENT, Raw::new);
        if self.load15.is_nan() { Err(Malformed { line: 1, what: "expected three averages" }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_averages_and_threads() {
        let mut loadavg = Loadavg::default();
        loadavg.parse(b"0.41 0.13 0.03 1/96 3317\n").unwrap();
        assert_eq!((loadavg.load1, loadavg.load5, loadavg.load15), (0.41, 0.13, 0.03));
        assert_eq!(loadavg.threads, Raw::new(96));
        loadavg.parse(b"0.41 0.13 0.03\n").unwrap();
        assert_eq!(loadavg.threads, Raw::ABSENT);
        assert!(loadavg.parse(b"0.41 0.13\n").is_err());
    }
}
