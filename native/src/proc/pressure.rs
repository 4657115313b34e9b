//! `/proc/pressure/{cpu,memory,io}` (Documentation/accounting/psi.rst): how long tasks had to wait for a resource.

use super::text::{Cells, decimal, integer, lines};
use crate::sampler::raw::Raw;
use crate::sampler::reader::{Malformed, Parse};

/// One line: averages in percent, and the total stall time in µs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stall {
    pub avg10: f64,
    pub avg60: f64,
    pub avg300: f64,
    pub total_us: Raw,
}

impl Stall {
    pub const NOTHING: Self = Self { avg10: f64::NAN, avg60: f64::NAN, avg300: f64::NAN, total_us: Raw::ABSENT };
}

/// `some`: at least one task waited; `full`: all did (kernels before 5.13 have no `full` line for the CPU).
#[derive(Clone, Copy, Debug)]
pub struct Pressure {
    pub some: Stall,
    pub full: Stall,
}

impl Pressure {
    pub const NOTHING: Self = Self { some: Stall::NOTHING, full: Stall::NOTHING };
}

impl Default for Pressure {
    fn default() -> Self {
        Self::NOTHING
    }
}

impl Parse for Pressure {
    const MISSING: &'static str = "kernel without CONFIG_PSI, or booted with psi=0";

    fn parse(&mut self, text: &[u8]) -> Result<(), Malformed> {
        *self = Self::NOTHING;
        let mut line_number = 0;
        for line in lines(text) {
            line_number += 1;
            let mut cells = Cells::new(line);
            let into = match cells.word() {
                b"some" => &mut self.some,
                b"full" => &mut self.full,
                _ => return Err(Malformed { line: line_number, what: "expected \"some\" or \"full\"" }),
            };
            loop {
                let word = cells.word();
                let Some(equals) = memchr::memchr(b'=', word) else { break };
                let (key, value) = (&word[..equals], &word[equals + 1..]);
                match key {
                    b"avg10" => into.avg10 = decimal(value),
                    b"avg60" => into.avg60 = decimal(value),
                    b"avg300" => into.avg300 = decimal(value),
                    b"total" => into.total_us = integer(value).map_or(Raw::ABSENT, Raw::new),
                    _ => {}
                }
            }
        }
        if line_number == 0 { Err(Malformed { line: 1, what: "empty" }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_lines() {
        let mut pressure = Pressure::default();
        pressure
            .parse(b"some avg10=7.28 avg60=2.88 avg300=0.97 total=6083251\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")
            .unwrap();
        let some = Stall { avg10: 7.28, avg60: 2.88, avg300: 0.97, total_us: Raw::new(6_083_251) };
        assert_eq!(pressure.some, some);
        assert_eq!(pressure.full.total_us, Raw::new(0));
    }

    #[test]
    fn a_kernel_without_the_full_line_has_no_full_values() {
        let mut pressure = Pressure::default();
        pressure.parse(b"full avg10=1.00 avg60=0.00 avg300=0.00 total=5\n").unwrap();
        pressure.parse(b"some avg10=0.00 avg60=0.00 avg300=0.00 total=12 more=1\n").unwrap();
        assert_eq!(pressure.some.total_us, Raw::new(12));
        assert!(pressure.full.avg10.is_nan());
        assert_eq!(pressure.full.total_us, Raw::ABSENT);
        assert!(pressure.parse(b"none\n").is_err());
        assert!(pressure.parse(b"").is_err());
    }
}
