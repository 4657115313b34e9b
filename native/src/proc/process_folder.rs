//! The processes under `/proc` (proc(5)): which there are (getdents64(2)), and a file or the owner of one, without keeping
//! anything open and without allocating.

use std::ffi::CStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd};
use std::path::PathBuf;

use super::text::integer;
use crate::host::errno;

/// More than a thousand names at a time.
const LISTING_BYTES: usize = 32 * 1024;
/// Enough to get past the files that stand before the first process.
const GLANCE_BYTES: usize = 4096;
/// Longer than any path asked for here.
const PATH_BYTES: usize = 32;

/// The folder of all processes.
pub struct ProcessFolder {
    path: PathBuf,
    folder: Option<File>,
    listing: Vec<u8>,
}

impl ProcessFolder {
    pub const fn new(path: PathBuf) -> Self {
        Self { path, folder: None, listing: Vec::new() }
    }

    /// Whether there is any process.
    pub fn glance(&mut self) -> Result<bool, i32> {
        self.rewind()?;
        loop {
            let length = self.next_entries(GLANCE_BYTES)?;
            let mut found = false;
            numbers(&self.listing[..length], |_| found = true);
            if found || length == 0 {
                return Ok(found);
            }
        }
    }

    /// Replaces `pids` by the numbers of all processes, in ascending order. Gives how many there are beyond `most`.
    pub fn list(&mut self, most: usize, pids: &mut Vec<u32>) -> Result<u64, i32> {
        pids.clear();
        self.rewind()?;
        let mut left_out = 0;
        loop {
            let length = self.next_entries(LISTING_BYTES)?;
            if length == 0 {
                break;
            }
            numbers(&self.listing[..length], |pid| {
                if pids.len() < most {
                    pids.push(pid);
                } else {
                    left_out += 1;
                }
            });
        }
        // The kernel's own order already, and nothing to do then.
        pids.sort_unstable();
        Ok(left_out)
    }

    /// Reads a file of a process in one go, as far as the buffer goes.
    pub fn read<'a>(&self, pid: u32, name: &str, buffer: &'a mut [u8]) -> Result<&'a [u8], i32> {
        let mut path = [0; PATH_BYTES];
        let path = path_of(&mut path, format_args!("{pid}/{name}\0"))?;
        // SAFETY: the path ends with NUL.
        let opened = unsafe { libc::openat(self.descriptor(), path.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC) };
        if opened < 0 {
            return Err(errno::last());
        }
        // SAFETY: just opened, and nobody else's.
        let mut file = unsafe { File::from_raw_fd(opened) };
        let length = file.read(buffer).map_err(|error| errno::of(&error))?;
        Ok(&buffer[..length])
    }

    /// Whose a process is: its effective user.
    pub fn owner(&self, pid: u32) -> Result<u32, i32> {
        let mut path = [0; PATH_BYTES];
        let path = path_of(&mut path, format_args!("{pid}\0"))?;
        let mut status = std::mem::MaybeUninit::<libc::stat>::zeroed();
        // SAFETY: the path ends with NUL and the answer has the size of the struct; all zeroes are valid for it.
        unsafe {
            if libc::fstatat(self.descriptor(), path.as_ptr(), status.as_mut_ptr(), 0) != 0 {
                return Err(errno::last());
            }
            Ok(status.assume_init().st_uid)
        }
    }

    /// -1, which no system call accepts, before anything was listed.
    fn descriptor(&self) -> i32 {
        self.folder.as_ref().map_or(-1, AsRawFd::as_raw_fd)
    }

    fn rewind(&mut self) -> Result<(), i32> {
        if self.folder.is_none() {
            self.folder = Some(File::open(&self.path).map_err(|error| errno::of(&error))?);
            self.listing.resize(LISTING_BYTES, 0);
            return Ok(());
        }
        // SAFETY: no pointers.
        let offset = unsafe { libc::lseek(self.descriptor(), 0, libc::SEEK_SET) };
        if offset == 0 { Ok(()) } else { Err(self.give_up()) }
    }

    /// Fills the listing with the next entries; gives their bytes, 0 at the end.
    fn next_entries(&mut self, bytes: usize) -> Result<usize, i32> {
        let bytes = bytes.min(self.listing.len());
        // SAFETY: the pointer and length describe a part of `listing`, which is borrowed mutably.
        let read = unsafe { libc::syscall(libc::SYS_getdents64, self.descriptor(), self.listing.as_mut_ptr(), bytes) };
        match usize::try_from(read) {
            Ok(length) => Ok(length.min(bytes)),
            Err(_) => Err(self.give_up()),
        }
    }

    /// The next attempt opens the folder anew.
    fn give_up(&mut self) -> i32 {
        let errno = errno::last();
        self.folder = None;
        errno
    }
}

fn path_of<'a>(path: &'a mut [u8; PATH_BYTES], text: std::fmt::Arguments) -> Result<&'a CStr, i32> {
    path.as_mut_slice().write_fmt(text).map_err(|_| libc::ENAMETOOLONG)?;
    CStr::from_bytes_until_nul(path).map_err(|_| libc::ENAMETOOLONG)
}

/// Where the length and the name stand in a `linux_dirent64` (getdents64(2)), behind inode number and offset of 8 bytes each.
const LENGTH_AT: usize = 16;
const NAME_AT: usize = 19;

/// Takes the entries whose names are numbers.
fn numbers(entries: &[u8], mut take: impl FnMut(u32)) {
    let mut rest = entries;
    while let Some(&[low, high]) = rest.get(LENGTH_AT..LENGTH_AT + 2) {
        let length = usize::from(u16::from_ne_bytes([low, high]));
        let Some(name) = rest.get(NAME_AT..length) else { return };
        let end = memchr::memchr(0, name).unwrap_or(name.len());
        if let Some(number) = integer(&name[..end]).and_then(|number| u32::try_from(number).ok()) {
            take(number);
        }
        rest = rest.get(length..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TempDir, allocations};
    use proptest::prelude::*;
    use std::fs;

    #[test]
    fn lists_this_process_among_ascending_ones_and_reads_its_files() {
        let mut folder = ProcessFolder::new("/proc".into());
        let mut pids = Vec::new();
        assert_eq!(folder.list(usize::MAX, &mut pids), Ok(0));
        assert!(pids.is_sorted() && pids.contains(&std::process::id()));
        assert_eq!(folder.glance(), Ok(true));
        let mut buffer = [0; 256];
        let comm = folder.read(std::process::id(), "comm", &mut buffer).unwrap();
        assert_eq!(comm, fs::read("/proc/self/comm").unwrap());
        // SAFETY: no arguments, cannot fail.
        assert_eq!(folder.owner(std::process::id()), Ok(unsafe { libc::geteuid() }));
        assert_eq!(folder.read(u32::MAX, "stat", &mut buffer), Err(libc::ENOENT));
        assert_eq!(folder.owner(u32::MAX), Err(libc::ENOENT));
    }

    #[test]
    fn a_steady_pass_allocates_nothing() {
        let mut folder = ProcessFolder::new("/proc".into());
        let (mut pids, mut buffer) = (Vec::with_capacity(65_536), [0; 1024]);
        folder.list(65_536, &mut pids).unwrap();
        let before = allocations();
        folder.list(65_536, &mut pids).unwrap();
        for pid in &pids {
            folder.read(*pid, "stat", &mut buffer).ok();
            folder.owner(*pid).ok();
        }
        assert_eq!(allocations() - before, 0);
    }

    #[test]
    fn only_numbers_are_processes_and_what_is_too_many_is_counted() {
        let root = TempDir::new();
        for name in ["12", "3", "self", "4294967296", "7x", "-1", "100"] {
            fs::create_dir(root.path().join(name)).unwrap();
        }
        let mut folder = ProcessFolder::new(root.path().to_owned());
        let mut pids = Vec::new();
        assert_eq!(folder.list(10, &mut pids), Ok(0));
        assert_eq!(pids, [3, 12, 100]);
        assert_eq!(folder.list(2, &mut pids), Ok(1));
        fs::remove_dir(root.path().join("12")).unwrap();
        assert_eq!(folder.list(10, &mut pids), Ok(0));
        assert_eq!(pids, [3, 100]);
    }

    #[test]
    fn a_folder_that_is_missing_or_empty_says_so() {
        let root = TempDir::new();
        assert_eq!(ProcessFolder::new(root.path().to_owned()).glance(), Ok(false));
        assert_eq!(ProcessFolder::new(root.path().join("none")).glance(), Err(libc::ENOENT));
        let nowhere = ProcessFolder::new(root.path().to_owned());
        assert_eq!(nowhere.read(1, "stat", &mut [0; 8]), Err(libc::EBADF));
    }

    proptest! {
        #[test]
        fn any_listing_is_survived(listing in proptest::collection::vec(any::<u8>(), 0..200), length in 0..60_u16) {
            let mut listing = listing;
            if let Some(at) = listing.get_mut(LENGTH_AT..LENGTH_AT + 2) {
                at.copy_from_slice(&length.to_ne_bytes());
            }
            numbers(&listing, |_| ());
        }
    }
}
