//! Kernel files and mounts.

use std::cell::RefCell;
use std::ffi::CString;
use std::fs::File;
use std::hint::black_box;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;

/// Anything that is read on a tick; returns how many numbers it gave.
pub(crate) trait Source {
    fn read(&mut self) -> Result<u64, String>;
}

/// A file that is opened once and read from its beginning each time.
pub(crate) struct KernelFile {
    file: File,
    path: String,
    /// How much to ask for at most.
    most: usize,
}

/// Larger than any file that is sampled; one that fills it is refused rather than cut.
const BUFFER_BYTES: usize = 4 << 20;
/// For a file of sysctl(8) the kernel allocates as much as is asked for, and refuses too much.
const SYSCTL_BYTES: usize = 256;
/// A seq_file hands out about a page at a time and never splits a record, and records are far shorter than this. So a
/// read below half a page was the last one.
const LAST_CHUNK_BYTES: usize = 2048;

thread_local! {
    /// One for all files: thousands would not stay in the caches.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; BUFFER_BYTES]);
}

impl KernelFile {
    pub(crate) fn open(path: &str) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| format!("{path}: {error}"))?;
        let most = if path.starts_with("/proc/sys/") { SYSCTL_BYTES } else { BUFFER_BYTES };
        Ok(Self { file, path: path.to_owned(), most })
    }

    fn fill(&self, buffer: &mut [u8]) -> Result<usize, String> {
        let mut length = 0;
        loop {
            let end = buffer.len().min(length + self.most);
            let rest = &mut buffer[length..end];
            let offset = libc::off_t::try_from(length).map_err(|error| error.to_string())?;
            // SAFETY: the pointer and length describe `rest`, which is borrowed mutably for the call.
            let read = unsafe { libc::pread(self.file.as_raw_fd(), rest.as_mut_ptr().cast(), rest.len(), offset) };
            let Ok(read) = usize::try_from(read) else {
                return Err(format!("{}: {}", self.path, std::io::Error::last_os_error()));
            };
            length += read;
            if length == buffer.len() {
                return Err(format!("{}: larger than {BUFFER_BYTES} bytes", self.path));
            }
            if read < LAST_CHUNK_BYTES {
                return Ok(length);
            }
        }
    }
}

impl Source for KernelFile {
    fn read(&mut self) -> Result<u64, String> {
        BUFFER.with_borrow_mut(|buffer| {
            let length = self.fill(buffer)?;
            Ok(parse_numbers(&buffer[..length]))
        })
    }
}

/// Parses every run of digits; returns how many there were.
fn parse_numbers(text: &[u8]) -> u64 {
    let mut numbers = 0;
    let mut value = 0_u64;
    let mut inside = false;
    for &byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
            inside = true;
        } else if inside {
            black_box(value);
            numbers += 1;
            value = 0;
            inside = false;
        }
    }
    if inside {
        black_box(value);
        numbers += 1;
    }
    numbers
}

/// A mounted file system and its space.
pub(crate) struct Mount {
    path: CString,
}

impl Mount {
    pub(crate) fn new(path: &str) -> Result<Self, String> {
        CString::new(path).map(|path| Self { path }).map_err(|error| format!("{path}: {error}"))
    }
}

impl Source for Mount {
    fn read(&mut self) -> Result<u64, String> {
        let mut figures = MaybeUninit::<libc::statvfs>::uninit();
        // SAFETY: the path ends in NUL and the kernel writes no more than the structure.
        if unsafe { libc::statvfs(self.path.as_ptr(), figures.as_mut_ptr()) } != 0 {
            return Err(format!("{}: {}", self.path.to_string_lossy(), std::io::Error::last_os_error()));
        }
        // SAFETY: statvfs succeeded, so it has filled the structure.
        let figures = black_box(unsafe { figures.assume_init() });
        let numbers = [figures.f_blocks, figures.f_bfree, figures.f_bavail, figures.f_files, figures.f_ffree];
        Ok(numbers.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_every_number() {
        assert_eq!(parse_numbers(b"cpu0 12 0\nMemTotal: 7 kB 0.25 x"), 6);
        assert_eq!(parse_numbers(b"42"), 1);
        assert_eq!(parse_numbers(b""), 0);
    }

    #[test]
    fn reads_the_kernel() -> Result<(), String> {
        assert!(KernelFile::open("/proc/stat")?.read()? > 10);
        assert!(Mount::new("/")?.read()? > 0);
        assert!(KernelFile::open("/proc/no such file").is_err());
        assert!(Mount::new("/no such mount")?.read().is_err());
        Ok(())
    }
}
