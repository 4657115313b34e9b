//! `/proc/cpuinfo`: the frequency of each CPU, on the architectures that tell it there (x86: `cpu MHz`; s390: `cpu MHz
//! dynamic`).

use super::text::{decimal, integer, lines};
use crate::sampler::reader::{Malformed, Parse};

#[derive(Debug, Default)]
pub struct Cpuinfo {
    /// CPU numbers with their frequency in MHz, in the file's order.
    pub frequencies: Vec<(u32, f64)>,
}

impl Parse for Cpuinfo {
    const MISSING: &'static str = "is /proc mounted?";

    fn parse(&mut self, text: &[u8]) -> Result<(), Malformed> {
        self.frequencies.clear();
        let mut cpu = None;
        for line in lines(text) {
            // Lines of hundreds of flags are not worth looking at.
            if !matches!(line.first(), Some(b'p' | b'c')) {
                continue;
            }
            let Some(colon) = memchr::memchr(b':', line) else { continue };
            let (key, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
            match key {
                b"processor" | b"cpu number" => cpu = integer(value).and_then(|number| u32::try_from(number).ok()),
                b"cpu MHz" | b"cpu MHz dynamic" => {
                    let mhz = decimal(value);
                    self.frequencies.extend(cpu.filter(|_| !mhz.is_nan()).map(|cpu| (cpu, mhz)));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frequencies(text: &[u8]) -> Vec<(u32, f64)> {
        let mut cpuinfo = Cpuinfo::default();
        cpuinfo.parse(text).unwrap();
        cpuinfo.frequencies
    }

    #[test]
    fn reads_what_is_there() {
        let text = b"processor\t: 0\nmodel name\t: X\ncpu MHz\t\t: 2899.998\n\nprocessor\t: 2\ncpu MHz\t\t: 3100.5\n";
        assert_eq!(frequencies(text), [(0, 2899.998), (2, 3100.5)]);
        assert_eq!(frequencies(b"processor\t: 0\nBogoMIPS\t: 108.00\n"), []);
        assert_eq!(frequencies(b"cpu MHz : 5\nprocessor : x\ncpu MHz : 5\n"), []);
    }
}
