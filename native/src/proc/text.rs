//! Reading numbers out of kernel text, byte by byte: no allocation, no UTF-8, no panic on anything.

use crate::sampler::raw::Raw;

/// The lines of a text, without their ends. A last line without an end counts.
pub fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let line = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        Some(line)
    })
}

/// Walks over the blank-separated cells of one line.
#[derive(Clone, Copy)]
pub struct Cells<'a> {
    rest: &'a [u8],
}

impl<'a> Cells<'a> {
    pub const fn new(line: &'a [u8]) -> Self {
        Self { rest: line }
    }

    fn skip_blanks(&mut self) {
        while let [b' ' | b'\t' | b'\n', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    /// The next cell; empty past the end of the line.
    pub fn word(&mut self) -> &'a [u8] {
        self.skip_blanks();
        let end = self.rest.iter().position(|byte| matches!(byte, b' ' | b'\t' | b'\n')).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// The next cell as an unsigned integer: absent when it is missing or anything else, saturating when it is too long.
    pub fn number(&mut self) -> Raw {
        self.skip_blanks();
        let mut value = 0_u64;
        let mut index = 0;
        while let Some(digit) = self.rest.get(index).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
            value = value.saturating_mul(10).saturating_add(u64::from(digit));
            index += 1;
        }
        match self.rest.get(index) {
            None | Some(b' ' | b'\t' | b'\n') if index > 0 => {
                self.rest = &self.rest[index..];
                Raw::new(value)
            }
            _ => {
                self.word();
                Raw::ABSENT
            }
        }
    }

    /// Skips `count` cells.
    pub fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.word();
        }
    }

    /// The next cell as a decimal such as `12.34`; NaN when it is missing or anything else.
    pub fn decimal(&mut self) -> f64 {
        decimal(self.word())
    }
}

/// A decimal such as `12.34`, without sign or exponent; NaN when it is anything else.
pub fn decimal(word: &[u8]) -> f64 {
    let point = memchr::memchr(b'.', word).unwrap_or(word.len());
    let (whole, fraction) = (&word[..point], word.get(point + 1..).unwrap_or_default());
    if whole.is_empty() || whole.len() > 19 || fraction.len() > 15 {
        return f64::NAN;
    }
    let scale = 10_u64.pow(fraction.len() as u32);
    match (integer(whole), if fraction.is_empty() { Some(0) } else { integer(fraction) }) {
        // One division of two exact numbers gives the closest there is: 2.97, and not 2 + 0.97.
        (Some(whole), Some(part)) => match whole.checked_mul(scale).and_then(|digits| digits.checked_add(part)) {
            Some(digits) if digits < EXACT => digits as f64 / scale as f64,
            _ => whole as f64 + part as f64 / scale as f64,
        },
        _ => f64::NAN,
    }
}

/// Doubles hold every integer below this.
const EXACT: u64 = 1 << 53;

/// An unsigned integer that fills the whole word; `None` when it is empty, too long or anything else.
pub fn integer(word: &[u8]) -> Option<u64> {
    if word.is_empty() {
        return None;
    }
    word.iter().try_fold(0_u64, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 { value.checked_mul(10)?.checked_add(u64::from(digit)) } else { None }
    })
}

/// Finds `key` at the start of a line, faster than by searching: files such as meminfo and vmstat keep their lines
/// in place, so the offset of last time is nearly always right and never far off.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyHint {
    offset: u32,
    absent: bool,
}

/// How far before the remembered offset to start looking, and how many lines to look at, before searching everything.
/// The lines in front can have become longer or shorter by a few digits each.
const DRIFT_BYTES: usize = 160;
const DRIFT_LINES: usize = 16;

impl KeyHint {
    /// What follows `key` on its line. A key that is not there is not looked for again: a kernel's set of keys is
    /// fixed while it runs.
    pub fn find<'a>(&mut self, text: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
        if self.absent {
            return None;
        }
        let hint = (self.offset as usize).min(text.len());
        if (hint == 0 || text[hint - 1] == b'\n')
            && let Some(value) = value_at(text, hint, key)
        {
            return Some(value);
        }
        let near = hint.saturating_sub(DRIFT_BYTES);
        let from = if near == 0 { 0 } else { next_line(text, near) };
        let found = search(text, from, key, DRIFT_LINES).or_else(|| search(text, 0, key, usize::MAX));
        match found {
            Some(offset) => {
                self.offset = u32::try_from(offset).unwrap_or(0);
                value_at(text, offset, key)
            }
            None => {
                self.absent = true;
                None
            }
        }
    }

    /// The number that follows `key`; absent when the key is.
    pub fn number(&mut self, text: &[u8], key: &[u8]) -> Raw {
        self.find(text, key).map_or(Raw::ABSENT, |rest| Cells::new(rest).number())
    }
}

fn next_line(text: &[u8], offset: usize) -> usize {
    memchr::memchr(b'\n', &text[offset..]).map_or(text.len(), |end| offset + end + 1)
}

fn value_at<'a>(text: &'a [u8], offset: usize, key: &[u8]) -> Option<&'a [u8]> {
    let rest = text.get(offset..)?.strip_prefix(key)?;
    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    Some(&rest[..end])
}

fn search(text: &[u8], from: usize, key: &[u8], lines: usize) -> Option<usize> {
    let mut offset = from;
    for _ in 0..lines {
        if offset >= text.len() {
            return None;
        }
        if text[offset..].starts_with(key) {
            return Some(offset);
        }
        offset = next_line(text, offset);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cells_are_numbers_words_or_absent() {
        let mut cells = Cells::new(b"  12\t-1 x9 99999999999999999999999 7x 3");
        assert_eq!(cells.number(), Raw::new(12));
        assert_eq!(cells.number(), Raw::ABSENT);
        assert_eq!(cells.number(), Raw::ABSENT);
        assert_eq!(cells.number(), Raw::new(u64::MAX));
        assert_eq!(cells.number(), Raw::ABSENT);
        assert_eq!(cells.number(), Raw::new(3));
        assert_eq!(cells.number(), Raw::ABSENT);
        assert_eq!(cells.word(), b"");
    }

    #[test]
    fn decimals() {
        assert_eq!(decimal(b"7.28"), 7.28);
        assert_eq!(decimal(b"2.97"), 2.97);
        assert_eq!(decimal(b"504"), 504.0);
        assert_eq!(decimal(b"9999999999999999999.5"), 1e19);
        assert_eq!(decimal(b"3."), 3.0);
        assert!(decimal(b"").is_nan());
        assert!(decimal(b".5").is_nan());
        assert!(decimal(b"-1.0").is_nan());
        assert!(decimal(b"1.2.3").is_nan());
    }

    #[test]
    fn lines_end_with_or_without_newline() {
        assert_eq!(lines(b"a\n\nb").collect::<Vec<_>>(), [&b"a"[..], b"", b"b"]);
        assert_eq!(lines(b"a\n").count(), 1);
        assert_eq!(lines(b"").count(), 0);
    }

    #[test]
    fn keys_are_found_again_after_the_lines_before_them_grew() {
        let mut hint = KeyHint::default();
        assert_eq!(hint.number(b"nr_a 1\nnr_b 22\npgpgin 5\n", b"pgpgin "), Raw::new(5));
        assert_eq!(hint.number(b"nr_a 100000\nnr_b 2222222\npgpgin 6\n", b"pgpgin "), Raw::new(6));
        assert_eq!(hint.number(b"pgpgin 7", b"pgpgin "), Raw::new(7));
        let mut absent = KeyHint::default();
        assert_eq!(absent.number(b"xpgpgin 7\n", b"pgpgin "), Raw::ABSENT);
    }

    proptest! {
        #[test]
        fn never_panics_and_never_goes_past_the_end(text in proptest::collection::vec(any::<u8>(), 0..400), offset in any::<u32>()) {
            for line in lines(&text) {
                let mut cells = Cells::new(line);
                for _ in 0..8 {
                    cells.number();
                    prop_assert!(!cells.decimal().is_infinite());
                }
            }
            let mut hint = KeyHint { offset, absent: false };
            hint.number(&text, b"a");
            hint.number(&text, b"a");
        }

        #[test]
        fn decimals_are_the_closest_there_are(whole in 0..1_000_000_000_u32, hundredths in 0..100_u32) {
            let text = format!("{whole}.{hundredths:02}");
            prop_assert_eq!(decimal(text.as_bytes()), text.parse::<f64>().unwrap());
        }

        #[test]
        fn numbers_survive(value in 0..u64::MAX) {
            prop_assert_eq!(Cells::new(value.to_string().as_bytes()).number(), Raw::new(value));
            prop_assert_eq!(integer(value.to_string().as_bytes()), Some(value));
        }
    }
}
