//! Advisory locks on files: one daemon per data folder.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::{Mutex, PoisonError};

use super::errno;

/// Locks that this process holds, by the handle that was given out. A lock ends with its file, so forgetting an
/// entry here would release it.
static HELD: Mutex<(u32, BTreeMap<u32, File>)> = Mutex::new((0, BTreeMap::new()));

/// Why a lock was not taken: a stable code and a sentence.
#[derive(Debug, PartialEq, Eq)]
pub struct LockError {
    pub code: String,
    pub message: String,
}

/// Takes the exclusive lock on `path`, creating the file (mode 0600) when it is missing, and keeps it until
/// [`unlock`] or the end of the process. Never waits: a lock that is held, by this process too, is `TACHO_LOCKED`;
/// any other failure carries the name of its errno.
pub fn lock(path: &str) -> Result<u32, LockError> {
    let failed = |what: &str, errno: i32| LockError {
        code: errno::name(errno),
        message: format!("{}: {path}: {what} failed", errno::name(errno)),
    };
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(libc::O_CLOEXEC)
        .open(path)
        .map_err(|error| failed("open", errno::of(&error)))?;
    // SAFETY: flock takes a descriptor that `file` keeps open, and no pointers.
    if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } != 0 {
        return Err(match errno::last() {
            libc::EWOULDBLOCK => {
                LockError { code: "TACHO_LOCKED".to_owned(), message: format!("{path} is locked by another process") }
            }
            errno => failed("flock", errno),
        });
    }
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    held.0 += 1;
    let handle = held.0;
    held.1.insert(handle, file);
    Ok(handle)
}

/// Releases a lock; a handle that is not held is nothing to do.
pub fn unlock(handle: u32) {
    HELD.lock().unwrap_or_else(PoisonError::into_inner).1.remove(&handle);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_lock_is_exclusive_until_it_is_released() {
        let folder = crate::testing::TempDir::new();
        let path = folder.path().join("tacho.lock");
        let path = path.to_str().unwrap();
        let first = lock(path).unwrap();
        assert_eq!(lock(path).unwrap_err().code, "TACHO_LOCKED");
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        unlock(first);
        unlock(first);
        let second = lock(path).unwrap();
        unlock(second);
    }

    #[test]
    fn other_failures_carry_their_errno() {
        let error = lock("/nonexistent-folder/x").unwrap_err();
        assert_eq!(error.code, "ENOENT");
        assert!(error.message.contains("/nonexistent-folder/x"));
    }
}
