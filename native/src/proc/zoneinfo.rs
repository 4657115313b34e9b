//! `/proc/zoneinfo`: the watermarks of the memory zones. Slow, and only needed on kernels without `MemAvailable`.

use super::text::{Cells, lines};
use crate::sampler::raw::Raw;
use crate::sampler::reader::{Malformed, Parse};
use crate::sys::page_size;

#[derive(Debug, Default)]
pub struct Zoneinfo {
    /// The sum of the zones' low watermarks, in pages.
    pub low_pages: Raw,
}

impl Zoneinfo {
    pub fn low_watermark_bytes(&self) -> Raw {
        self.low_pages.get().map_or(Raw::ABSENT, |pages| Raw::new(pages.saturating_mul(page_size())))
    }
}

impl Parse for Zoneinfo {
    const MISSING: &'static str = "without it there is no estimate of available memory on this old kernel";

    fn parse(&mut self, text: &[u8]) -> Result<(), Malformed> {
        self.low_pages = Raw::ABSENT;
        for line in lines(text) {
            let mut cells = Cells::new(line);
            if cells.word() == b"low" {
                self.low_pages = self.low_pages.or_plus(cells.number());
            }
        }
        match self.low_pages {
            Raw::ABSENT => Err(Malformed { line: 1, what: "expected zones with a low watermark" }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_the_low_watermarks() {
        let mut zones = Zoneinfo::default();
        zones.parse(b"Node 0, zone DMA\n  pages free 3\n        min      1\n        low      4\n        high     5\nNode 0, zone Normal\n        low      10\n").unwrap();
        assert_eq!(zones.low_pages, Raw::new(14));
        assert!(zones.parse(b"").is_err());
    }
}
