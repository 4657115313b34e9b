//! inotify(7) on the folders that hold groups: which says that one came or went, without looking.

use std::ffi::CString;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use crate::host::errno;
use crate::sampler::aside::AsideJob;

const CHANGES: u32 = libc::IN_CREATE | libc::IN_DELETE | libc::IN_MOVED_FROM | libc::IN_MOVED_TO;
const STACK_BYTES: usize = 64 * 1024;
const THREAD_NAME: &str = "tacho-groups";
/// Groups mostly come several at a time, and one pass sees them all.
const PAUSE_MS: libc::c_int = 200;
const FOR_EVER: libc::c_int = -1;
/// Room for many events; what does not fit is read the next time.
const EVENT_BYTES: usize = 4096;

/// The watched folders.
#[derive(Default)]
pub struct Watch {
    inotify: Option<Arc<OwnedFd>>,
    /// Why a folder is not watched.
    pub failure: Option<i32>,
}

fn owned(descriptor: libc::c_int) -> Result<OwnedFd, i32> {
    if descriptor < 0 {
        return Err(errno::last());
    }
    // SAFETY: just made, and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

impl Watch {
    pub fn new() -> Self {
        // SAFETY: no pointers.
        match owned(unsafe { libc::inotify_init1(libc::IN_NONBLOCK | libc::IN_CLOEXEC) }) {
            Ok(inotify) => Self { inotify: Some(Arc::new(inotify)), ..Self::default() },
            Err(failure) => Self { failure: Some(failure), ..Self::default() },
        }
    }

    /// All folders are about to be added anew.
    pub fn begin(&mut self) {
        if self.inotify.is_some() {
            self.failure = None;
        }
    }

    /// Watches a folder, too.
    pub fn add(&mut self, folder: &Path) {
        let Some(inotify) = &self.inotify else { return };
        let Ok(path) = CString::new(folder.as_os_str().as_bytes()) else { return };
        // SAFETY: the path ends with NUL and outlives the call.
        let watched =
            unsafe { libc::inotify_add_watch(inotify.as_raw_fd(), path.as_ptr(), CHANGES | libc::IN_ONLYDIR) };
        if watched < 0 && errno::last() != libc::ENOENT {
            self.failure = Some(errno::last());
        }
    }

    /// Whether anything happened since the last call; an overflow of the queue counts.
    pub fn changed(&self) -> bool {
        let Some(inotify) = &self.inotify else { return false };
        let (mut events, mut changed) = ([0_u8; EVENT_BYTES], false);
        loop {
            // SAFETY: the pointer and length describe `events`, which is borrowed mutably for the call.
            let read = unsafe { libc::read(inotify.as_raw_fd(), events.as_mut_ptr().cast(), events.len()) };
            if read <= 0 {
                return changed;
            }
            changed = true;
        }
    }

    /// Wakes a job whenever something happened, until the alarm is dropped.
    pub fn alarm(&self, job: AsideJob) -> Option<Alarm> {
        let inotify = Arc::clone(self.inotify.as_ref()?);
        // SAFETY: no pointers.
        let end = Arc::new(owned(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) }).ok()?);
        let ended = Arc::clone(&end);
        let thread = thread::Builder::new().name(THREAD_NAME.to_owned()).stack_size(STACK_BYTES);
        // Without a thread, changes are seen at the next pass.
        drop(thread.spawn(move || {
            while !wait(&[&inotify, &ended], FOR_EVER) {
                job.kick();
                if wait(&[&ended], PAUSE_MS) {
                    return;
                }
            }
        }));
        Some(Alarm(end))
    }
}

/// Whether the last of these can be read, once any can or the time is up.
fn wait(descriptors: &[&Arc<OwnedFd>], timeout_ms: libc::c_int) -> bool {
    let poll =
        |descriptor: &&Arc<OwnedFd>| libc::pollfd { fd: descriptor.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let mut polled: Vec<libc::pollfd> = descriptors.iter().map(poll).collect();
    // SAFETY: the pointer and length describe `polled`.
    unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, timeout_ms) };
    polled.last().is_some_and(|last| last.revents != 0)
}

/// Ends its thread when it is dropped.
pub struct Alarm(Arc<OwnedFd>);

impl Drop for Alarm {
    fn drop(&mut self) {
        let one = 1_u64.to_ne_bytes();
        // SAFETY: the pointer and length describe `one`.
        unsafe { libc::write(self.0.as_raw_fd(), one.as_ptr().cast(), one.len()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TempDir;
    use std::fs;

    #[test]
    fn a_folder_that_comes_or_goes_is_noticed_once() {
        let folder = TempDir::new();
        let mut watch = Watch::new();
        watch.add(folder.path());
        watch.add(&folder.path().join("missing"));
        assert!(!watch.changed());
        fs::create_dir(folder.path().join("one")).unwrap();
        assert!(watch.changed() && !watch.changed());
        fs::remove_dir(folder.path().join("one")).unwrap();
        assert!(watch.changed() && watch.failure.is_none());
    }

    #[test]
    fn without_inotify_nothing_is_noticed() {
        let mut watch = Watch::default();
        watch.add(Path::new("/"));
        assert!(!watch.changed());
    }
}
