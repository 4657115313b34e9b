//! Files of a line or so, and what is done about those that may not be there.

use std::path::PathBuf;

use super::text::{Cells, integer};
use crate::sampler::raw::Raw;
use crate::sampler::reader::{KernelFile, Malformed, Parse, Source};

/// A file that is one unsigned number, as most of those under /proc/sys and in /sys are.
#[derive(Debug, Default)]
pub struct Number(pub Raw);

impl Parse for Number {
    const MISSING: &'static str = "";

    fn parse(&mut self, text: &[u8]) -> Result<(), Malformed> {
        self.0 = integer(text.trim_ascii()).map_or(Raw::ABSENT, Raw::new);
        if self.0 == Raw::ABSENT { Err(Malformed { line: 1, what: "expected a number" }) } else { Ok(()) }
    }
}

/// `/proc/sys/fs/file-nr` (Documentation/admin-guide/sysctl/fs.rst): files that are open, allocated but unused ones (none since
/// Linux 2.6), and how many there may be.
#[derive(Debug, Default)]
pub struct FileNr {
    pub allocated: Raw,
    pub limit: Raw,
}

impl Parse for FileNr {
    const MISSING: &'static str = "is /proc mounted?";

    fn parse(&mut self, text: &[u8]) -> Result<(), Malformed> {
        let mut cells = Cells::new(text);
        self.allocated = cells.number();
        cells.skip(1);
        self.limit = cells.number();
        if self.limit == Raw::ABSENT { Err(Malformed { line: 1, what: "expected three numbers" }) } else { Ok(()) }
    }
}

/// What is not there is looked for again after so many passes: looking for it costs more than reading it would.
pub const PASSES_PER_SEARCH: u32 = 60;

/// A file that may not be there.
pub struct OptionalFile<P> {
    file: KernelFile<P>,
    passes_to_search: u32,
}

impl<P: Parse> OptionalFile<P> {
    pub fn new(path: PathBuf) -> Self {
        Self { file: KernelFile::new(path), passes_to_search: 0 }
    }

    /// `None` when it is not there, or makes no sense.
    pub fn read(&mut self, buffer: &mut Vec<u8>) -> Option<&P> {
        if self.passes_to_search > 0 {
            self.passes_to_search -= 1;
            return None;
        }
        if self.file.read(buffer).is_err() {
            self.passes_to_search = PASSES_PER_SEARCH - 1;
            return None;
        }
        Some(self.file.value())
    }
}

impl OptionalFile<Number> {
    pub fn number(&mut self, buffer: &mut Vec<u8>) -> Raw {
        self.read(buffer).map_or(Raw::ABSENT, |number| number.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TempDir;
    use std::fs;

    #[test]
    fn a_number_is_all_there_is() {
        let parsed = |text: &[u8]| {
            let mut number = Number::default();
            number.parse(text).map(|()| number.0).ok()
        };
        assert_eq!((parsed(b"256\n"), parsed(b"0")), (Some(Raw::new(256)), Some(Raw::new(0))));
        for nonsense in [&b""[..], b"\n", b"-1\n", b"max\n", b"1 2\n", b"99999999999999999999999\n"] {
            assert_eq!(parsed(nonsense), None, "{:?}", String::from_utf8_lossy(nonsense));
        }
    }

    #[test]
    fn open_files_and_their_limit() {
        let mut files = FileNr::default();
        files.parse(b"1312\t0\t9223372036854775807\n").unwrap();
        assert_eq!((files.allocated, files.limit), (Raw::new(1312), Raw::new(i64::MAX as u64)));
        assert!(files.parse(b"1312\t0\n").is_err());
    }

    #[test]
    fn what_is_not_there_is_looked_for_now_and_then() {
        let folder = TempDir::new();
        let path = folder.path().join("file");
        let (mut file, mut buffer) = (OptionalFile::<Number>::new(path.clone()), Vec::new());
        assert_eq!(file.number(&mut buffer), Raw::ABSENT);
        fs::write(&path, "7\n").unwrap();
        let found = (1..).find(|_| file.number(&mut buffer) == Raw::new(7));
        assert_eq!(found, Some(PASSES_PER_SEARCH));
        fs::write(&path, "8\n").unwrap();
        assert_eq!(file.number(&mut buffer), Raw::new(8));
    }
}
