//! Lists of CPUs as the kernel writes them (Documentation/admin-guide/cputopology.rst): `0-3,5`.

use crate::proc::text::integer;
use crate::sampler::reader::{Malformed, Parse};

/// More CPUs than any kernel can be built for; a longer list is nonsense.
const MAX_CPUS: u64 = 1 << 16;

/// Appends the CPUs of `text` to `cpus`, in ascending order when the text is. False, and nothing of use appended, when it
/// is no list. An empty text is an empty list.
pub fn parse_into(text: &[u8], cpus: &mut Vec<u32>) -> bool {
    let text = text.trim_ascii();
    if text.is_empty() {
        return true;
    }
    text.split(|byte| *byte == b',').all(|range| {
        let dash = memchr::memchr(b'-', range).unwrap_or(range.len());
        let first = integer(&range[..dash]);
        let last = range.get(dash + 1..).map_or(first, integer);
        match first.zip(last) {
            Some((first, last)) if first <= last && last < MAX_CPUS => {
                // Below the limit, so it fits.
                cpus.extend((first..=last).map(|cpu| cpu as u32));
                cpus.len() as u64 <= MAX_CPUS
            }
            _ => false,
        }
    })
}

/// The CPUs of a list; `None` when it is none.
pub fn parse(text: &[u8]) -> Option<Vec<u32>> {
    let mut cpus = Vec::new();
    parse_into(text, &mut cpus).then_some(cpus)
}

/// Writes a sorted list the way the kernel does.
pub fn format(cpus: &[u32]) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut rest = cpus;
    while let [first, ..] = *rest {
        let length = rest.iter().zip(first..).take_while(|(cpu, expected)| **cpu == *expected).count();
        let last = rest[length - 1];
        parts.push(if last == first { first.to_string() } else { format!("{first}-{last}") });
        rest = &rest[length..];
    }
    parts.join(",")
}

/// `/sys/devices/system/cpu/online`, followed from reading to reading.
#[derive(Debug, Default)]
pub struct OnlineCpus {
    pub cpus: Vec<u32>,
    previous: Vec<u32>,
    /// Grows with each reading that differs from the one before.
    pub changes: u64,
}

impl Parse for OnlineCpus {
    const MISSING: &'static str = "is /sys mounted?";

    fn parse(&mut self, text: &[u8]) -> Result<(), Malformed> {
        std::mem::swap(&mut self.cpus, &mut self.previous);
        self.cpus.clear();
        if !parse_into(text, &mut self.cpus) || self.cpus.is_empty() {
            return Err(Malformed { line: 1, what: "expected a list of CPUs such as 0-3,5" });
        }
        self.changes += u64::from(self.cpus != self.previous);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_and_written_as_the_kernel_does() {
        assert_eq!(parse(b"0-3,5\n"), Some(vec![0, 1, 2, 3, 5]));
        assert_eq!(parse(b"7"), Some(vec![7]));
        assert_eq!(parse(b"\n"), Some(vec![]));
        for nonsense in [&b"x"[..], b"3-1", b"1,", b"-1", b"0-99999999", b"1 2", b"0-65535,0"] {
            assert_eq!(parse(nonsense), None, "{:?}", String::from_utf8_lossy(nonsense));
        }
        assert_eq!(format(&[0, 1, 2, 3, 5]), "0-3,5");
        assert_eq!(format(&[4, 6, 7]), "4,6-7");
        assert_eq!(format(&[]), "");
    }

    #[test]
    fn a_change_is_noticed_once() {
        let mut online = OnlineCpus::default();
        online.parse(b"0-3\n").unwrap();
        let first = online.changes;
        online.parse(b"0-3\n").unwrap();
        assert_eq!(online.changes, first);
        online.parse(b"0-2\n").unwrap();
        assert_eq!((online.changes, online.cpus.len()), (first + 1, 3));
        assert!(online.parse(b"\n").is_err());
    }
}
