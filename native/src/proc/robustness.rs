//! Every parser survives every text: no panic, and no number that is not finite except NaN for "absent".

use std::path::PathBuf;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;

use crate::fuzzing::{PARSERS, Parser};

/// Every file of the captured hosts, with the parser it is for.
static FILES: LazyLock<Vec<(&Parser, Vec<u8>)>> = LazyLock::new(|| {
    let read = |path: &PathBuf| std::fs::read(path).unwrap();
    let of = |parser: &'static Parser| parser.seeds().iter().map(|path| (parser, read(path))).collect::<Vec<_>>();
    PARSERS.iter().flat_map(of).collect()
});

/// What a cell of a kernel's table should not hold, and may.
pub const STRANGE_CELLS: [&str; 14] = [
    "-1",
    "0",
    "18446744073709551615",
    "18446744073709551616",
    "4294967296",
    "999999999999999999999999999999999999999999",
    "999999999999999999.999999999999999",
    "1e400",
    "nan",
    "inf",
    ".",
    "0x10",
    "",
    "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25",
];

/// The text with the cell at this index replaced; cells end at blanks and at what the kernel joins numbers with.
pub fn with_cell(text: &[u8], at: Index, cell: &str) -> Vec<u8> {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b":=,-/".contains(byte);
    let starts: Vec<usize> =
        (0..text.len()).filter(|&start| !ends(&text[start]) && (start == 0 || ends(&text[start - 1]))).collect();
    if starts.is_empty() {
        return cell.into();
    }
    let start = starts[at.index(starts.len())];
    let end = text[start..].iter().position(ends).map_or(text.len(), |length| start + length);
    [&text[..start], cell.as_bytes(), &text[end..]].concat()
}

#[test]
fn every_file_as_captured_is_survived_and_every_name_is_one() {
    for (parser, text) in FILES.iter() {
        parser.survive(text);
    }
    let mut names: Vec<&str> = PARSERS.iter().map(|parser| parser.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), PARSERS.len());
}

proptest! {
    #[test]
    fn any_bytes(text in proptest::collection::vec(any::<u8>(), 0..600)) {
        PARSERS.iter().for_each(|parser| parser.survive(&text));
    }

    /// Cut off, and with bytes changed.
    #[test]
    fn damaged_files(
        file in any::<Index>(), end in any::<Index>(), damage in proptest::collection::vec(any::<(Index, u8)>(), 0..12),
    ) {
        let (parser, text) = file.get(&FILES);
        let mut text = text.clone();
        text.truncate(end.index(text.len() + 1));
        for (at, byte) in damage {
            if !text.is_empty() {
                let at = at.index(text.len());
                text[at] = byte;
            }
        }
        parser.survive(&text);
    }

    /// Numbers that are negative, enormous or no numbers; columns that are missing, and some that no kernel has yet.
    #[test]
    fn strange_files(
        file in any::<Index>(), cells in proptest::collection::vec((any::<Index>(), 0..STRANGE_CELLS.len()), 1..8),
    ) {
        let (parser, text) = file.get(&FILES);
        let strange = cells.into_iter().fold(text.clone(), |text, (at, cell)| with_cell(&text, at, STRANGE_CELLS[cell]));
        parser.survive(&strange);
    }
}
