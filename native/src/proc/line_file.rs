//! Reading a file line by line through a small buffer: some files of large hosts have megabytes, and none of that is kept.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use crate::host::errno;

/// Several lines of /proc/interrupts on a host with 256 CPUs.
const FIRST_BUFFER_BYTES: usize = 16 << 10;
/// A line longer than this (11 bytes for each of 90,000 CPUs) is not what we think it is.
const LARGEST_LINE_BYTES: usize = 1 << 20;
/// A seq_file that has more to tell never hands out less than this (see [`crate::sampler::reader::KernelFile`]).
const LAST_CHUNK_BYTES: usize = 2048;

/// A file that stays open, and the part of it that is being looked at.
pub struct LineFile {
    path: PathBuf,
    file: Option<File>,
    buffer: Vec<u8>,
}

impl LineFile {
    pub const fn new(path: PathBuf) -> Self {
        Self { path, file: None, buffer: Vec::new() }
    }

    /// Whether it can be opened; the next reading does so anew.
    pub fn check(&mut self) -> Result<(), i32> {
        self.file = None;
        File::open(&self.path).map(drop).map_err(|error| errno::of(&error))
    }

    /// Hands out every line without its end; a last line without one counts.
    ///
    /// # Errors
    /// The errno of what failed; the next attempt opens the file anew. Lines before that were handed out.
    pub fn read(&mut self, mut line: impl FnMut(&[u8])) -> Result<(), i32> {
        let read = self.read_lines(&mut line);
        if read.is_err() {
            self.file = None;
        }
        read
    }

    fn read_lines(&mut self, line: &mut impl FnMut(&[u8])) -> Result<(), i32> {
        let file = match &mut self.file {
            Some(file) => file,
            closed => closed.insert(File::open(&self.path).map_err(|error| errno::of(&error))?),
        };
        if self.buffer.is_empty() {
            self.buffer.resize(FIRST_BUFFER_BYTES, 0);
        }
        // The buffer begins with so many bytes of a line whose end has not been read yet.
        let (mut begun, mut offset) = (0, 0);
        loop {
            if begun == self.buffer.len() {
                if begun >= LARGEST_LINE_BYTES {
                    return Err(libc::EFBIG);
                }
                self.buffer.resize(begun * 2, 0);
            }
            let read = match file.read_at(&mut self.buffer[begun..], offset) {
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(errno::of(&error)),
            };
            let (filled, room) = (begun + read, self.buffer.len() - begun);
            offset = offset.saturating_add(read as u64);
            let mut start = 0;
            while let Some(length) = memchr::memchr(b'\n', &self.buffer[start..filled]) {
                line(&self.buffer[start..start + length]);
                start += length + 1;
            }
            begun = filled - start;
            if read < room && read < LAST_CHUNK_BYTES {
                if begun > 0 {
                    line(&self.buffer[start..filled]);
                }
                return Ok(());
            }
            self.buffer.copy_within(start..filled, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TempDir;
    use std::fs;

    fn lines_of(text: &[u8]) -> Result<Vec<Vec<u8>>, i32> {
        let folder = TempDir::new();
        let path = folder.path().join("file");
        fs::write(&path, text).unwrap();
        let mut file = LineFile::new(path);
        let mut read = || {
            let mut lines = Vec::new();
            file.read(|line| lines.push(line.to_vec())).map(|()| lines)
        };
        let first = read();
        assert_eq!(read(), first);
        first
    }

    #[test]
    fn hands_out_every_line_whatever_its_length() {
        for length in [0, 1, 100, 2047, 2048, 16_383, 16_384, 16_385, 100_000] {
            let lines = [vec![b'a'; length], Vec::new(), vec![b'b'; length], vec![b'c'; 3]];
            assert_eq!(lines_of(&lines.join(&b'\n')), Ok(lines.to_vec()), "{length}");
        }
        assert_eq!(lines_of(b""), Ok(Vec::new()));
        assert_eq!(lines_of(b"one\ntwo\n"), Ok(vec![b"one".to_vec(), b"two".to_vec()]));
        let many: Vec<u8> = (0..100_000).flat_map(|number| format!("{number}\n").into_bytes()).collect();
        assert_eq!(lines_of(&many).unwrap().len(), 100_000);
    }

    #[test]
    fn a_file_without_lines_is_refused_and_a_missing_one_too() {
        assert_eq!(lines_of(&vec![b'x'; 2 << 20]), Err(libc::EFBIG));
        assert_eq!(LineFile::new("/nonexistent".into()).read(|_| ()), Err(libc::ENOENT));
    }

    #[test]
    fn the_kernels_own_file_is_read_to_its_end() {
        let mut file = LineFile::new("/proc/interrupts".into());
        let (mut count, mut last) = (0, Vec::new());
        file.read(|line| {
            count += 1;
            last = line.to_vec();
        })
        .unwrap();
        let text = fs::read("/proc/interrupts").unwrap();
        assert_eq!(count, memchr::memchr_iter(b'\n', &text).count());
        assert!(text.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().unwrap().starts_with(&last[..4]));
    }
}
