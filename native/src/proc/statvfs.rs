//! statvfs(3) of all mounts worth measuring, aside: a network file system whose server is gone never answers.

use std::collections::HashSet;
use std::ffi::CString;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::mounts::{Mount, measured, types_on_devices};
use crate::host::errno;
use crate::sampler::aside::{Aside, AsideJob, Job, Turn};
use crate::sampler::clock;
use crate::sampler::kernel::Kernel;
use crate::sampler::raw::rest;
use crate::sampler::reader::{ReadError, Shared, Source};

/// The list of mounts is read again at least this often, and whenever the kernel says that it has changed.
const LIST_AGE_NS: u64 = 10_000_000_000;

/// What one mount answered; NaN where it did not.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    pub total_bytes: f64,
    pub free_bytes: f64,
    pub available_bytes: f64,
    pub inodes_total: f64,
    pub inodes_free: f64,
    pub read_only: bool,
    pub stuck: bool,
}

impl Usage {
    const fn unknown(read_only: bool, stuck: bool) -> Self {
        let unknown = f64::NAN;
        Self {
            total_bytes: unknown,
            free_bytes: unknown,
            available_bytes: unknown,
            inodes_total: unknown,
            inodes_free: unknown,
            read_only,
            stuck,
        }
    }

    pub fn used_bytes(&self) -> f64 {
        rest(self.total_bytes, self.free_bytes)
    }
}

/// How a mount is asked.
type Ask = fn(&[u8]) -> Result<Usage, i32>;

fn statvfs(path: &[u8]) -> Result<Usage, i32> {
    let path = CString::new(path).map_err(|_| libc::EINVAL)?;
    let mut answer = std::mem::MaybeUninit::<libc::statvfs>::zeroed();
    // SAFETY: the path ends with NUL and the answer has the size of the struct; all zeroes are valid for it.
    let answer = unsafe {
        if libc::statvfs(path.as_ptr(), answer.as_mut_ptr()) != 0 {
            return Err(errno::last());
        }
        answer.assume_init()
    };
    let bytes = |blocks: libc::fsblkcnt_t| blocks as f64 * answer.f_frsize as f64;
    // Without a fixed number of inodes (btrfs, vfat) it is 0.
    let inodes = |count: libc::fsfilcnt_t| if answer.f_files == 0 { f64::NAN } else { count as f64 };
    Ok(Usage {
        total_bytes: bytes(answer.f_blocks),
        free_bytes: bytes(answer.f_bfree),
        available_bytes: bytes(answer.f_bavail),
        inodes_total: inodes(answer.f_files),
        inodes_free: inodes(answer.f_ffree),
        read_only: answer.f_flag & libc::ST_RDONLY != 0,
        stuck: false,
    })
}

/// What the worker and the sampler share.
#[derive(Default)]
pub struct Answers {
    mounts: Arc<Vec<Mount>>,
    usages: Vec<Usage>,
    /// The errno of a mount that refuses, by place.
    refusals: Vec<i32>,
    /// The mount that is being asked.
    asking: Option<Vec<u8>>,
    list_error: Option<i32>,
    /// Grows with every change; and with every change of what is wrong.
    version: u64,
    news: u64,
}

impl Answers {
    /// Takes over a new list of mounts, keeping the answers of those that were there before.
    fn relist(&mut self, mounts: Vec<Mount>) {
        if *self.mounts == mounts {
            return;
        }
        let position = |mount: &Mount| self.mounts.iter().position(|old| old.path == mount.path);
        let usages = mounts.iter().map(|mount| match position(mount) {
            Some(index) => Usage { read_only: mount.read_only, ..self.usages[index] },
            None => Usage::unknown(mount.read_only, false),
        });
        self.usages = usages.collect();
        self.refusals = vec![0; mounts.len()];
        self.mounts = Arc::new(mounts);
        self.version += 1;
        self.news += 1;
    }

    fn take(&mut self, path: &[u8], answer: Result<Usage, i32>) {
        let Some(index) = self.mounts.iter().position(|mount| mount.path == path) else { return };
        let read_only = self.mounts[index].read_only;
        let refusal = answer.err().unwrap_or(0);
        if self.usages[index].stuck || self.refusals[index] != refusal {
            self.news += 1;
        }
        self.refusals[index] = refusal;
        self.usages[index] = answer.unwrap_or_else(|_| Usage::unknown(read_only, false));
        self.version += 1;
    }

    fn is_stuck(&self, path: &[u8]) -> bool {
        let index = self.mounts.iter().position(|mount| mount.path == path);
        index.is_some_and(|index| self.usages[index].stuck)
    }

    /// Marks the mount that is being asked as stuck.
    fn give_up_on_asked(&mut self) {
        let Some(path) = self.asking.take() else { return };
        if let Some(index) = self.mounts.iter().position(|mount| mount.path == path) {
            self.usages[index] = Usage::unknown(self.mounts[index].read_only, true);
            self.version += 1;
            self.news += 1;
        }
    }

    fn problems(&self) -> Vec<String> {
        let of_mount = |(index, mount): (usize, &Mount)| {
            let path = String::from_utf8_lossy(&mount.path);
            match (self.usages[index].stuck, self.refusals[index]) {
                (true, _) => Some(format!("{path}: no answer for 2 s")),
                (false, 0) => None,
                (false, refusal) => Some(format!("{}: {path}: statvfs", errno::name(refusal))),
            }
        };
        self.mounts.iter().enumerate().filter_map(of_mount).collect()
    }
}

/// Asks every mount once per pass.
pub struct StatvfsJob {
    proc: PathBuf,
    /// None when the list is another host's, or another mount namespace's: its paths mean something else here.
    ask: Option<Ask>,
    list: Mutex<List>,
    answers: Mutex<Answers>,
}

/// When the mounts were listed.
#[derive(Default)]
struct List {
    /// Kept open, because the kernel signals changes on it.
    watch: Option<File>,
    read_at_ns: u64,
}

impl StatvfsJob {
    fn new(proc: PathBuf, ask: Option<Ask>) -> Self {
        Self { proc, ask, list: Mutex::default(), answers: Mutex::default() }
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn list_if_due(&self) {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let now_ns = clock::read(libc::CLOCK_MONOTONIC);
        let changed = list.watch.as_ref().is_none_or(has_changed);
        if !changed && now_ns.saturating_sub(list.read_at_ns) < LIST_AGE_NS {
            return;
        }
        list.read_at_ns = now_ns;
        let path = self.proc.join("mounts");
        if list.watch.is_none() {
            list.watch = File::open(&path).ok();
        }
        let listed = std::fs::read(&path).map(|text| {
            let types = std::fs::read(self.proc.join("filesystems"));
            measured(&text, &types.map_or_else(|_| HashSet::new(), |text| types_on_devices(&text)))
        });
        let mut answers = self.answers();
        match listed {
            Ok(mounts) => {
                answers.list_error = None;
                answers.relist(mounts);
            }
            Err(error) => answers.list_error = Some(errno::of(&error)),
        }
    }
}

/// poll(2) on /proc/mounts reports an exceptional condition after each change, once.
fn has_changed(watch: &File) -> bool {
    let mut poll = libc::pollfd { fd: watch.as_raw_fd(), events: libc::POLLPRI, revents: 0 };
    // SAFETY: one pollfd, alive for the call, which does not wait.
    let ready = unsafe { libc::poll(&raw mut poll, 1, 0) };
    ready > 0 && poll.revents & (libc::POLLPRI | libc::POLLERR) != 0
}

impl StatvfsJob {
    fn ask_all(&self, progress: impl Fn(), is_over: impl Fn() -> bool) {
        self.list_if_due();
        let Some(ask) = self.ask else { return };
        let mounts = Arc::clone(&self.answers().mounts);
        for mount in mounts.iter() {
            let mut answers = self.answers();
            if is_over() {
                return;
            }
            if answers.is_stuck(&mount.path) {
                continue;
            }
            progress();
            answers.asking = Some(mount.path.clone());
            drop(answers);
            let answer = ask(&mount.path);
            let mut answers = self.answers();
            answers.take(&mount.path, answer);
            if !is_over() {
                answers.asking = None;
            }
        }
    }
}

impl Job for StatvfsJob {
    fn pass(&self, turn: &Turn) {
        self.ask_all(|| turn.progress(), || turn.is_over());
    }

    fn left_behind(&self) {
        self.answers().give_up_on_asked();
    }
}

/// The latest answers, as the sampler sees them.
#[derive(Default)]
pub struct Latest {
    mounts: Arc<Vec<Mount>>,
    usages: Vec<Usage>,
    version: u64,
}

impl Latest {
    pub fn iter(&self) -> impl Iterator<Item = (&Mount, &Usage)> {
        self.mounts.iter().zip(&self.usages)
    }
}

/// All file systems worth measuring.
pub struct Filesystems {
    job: Arc<StatvfsJob>,
    aside: AsideJob,
    /// Asks on the spot, as tests want it.
    inline: bool,
    latest: Latest,
    news: u64,
}

impl Filesystems {
    fn new(proc: PathBuf, ask: Option<Ask>, aside: &Aside) -> Self {
        let job = Arc::new(StatvfsJob::new(proc, ask));
        let (latest, inline) = (Latest::default(), aside.is_inline());
        Self { aside: aside.take_on(job.clone()), job, inline, latest, news: 0 }
    }

    pub fn shared(kernel: &mut Kernel) -> Shared<Self> {
        let (proc, aside) = (kernel.roots.proc.clone(), kernel.aside.clone());
        let ask = kernel.roots.is_this_host().then_some(statvfs as Ask);
        let shared = kernel.source("filesystems", proc.join("mounts"), || Self::new(proc, ask, &aside));
        shared.stats().aside.set(1);
        shared
    }

    /// The shortest interval at which anyone wants answers.
    pub fn demand(&mut self, interval_ns: Option<u64>) {
        self.aside.demand(interval_ns);
    }

    /// What is wrong with which mount.
    pub fn problems(&self) -> Vec<String> {
        if self.job.ask.is_none() {
            return vec!["sizes are not asked for, because procfs is not this host's".to_owned()];
        }
        self.job.answers().problems()
    }
}

impl Source for Filesystems {
    type Value = Latest;

    fn read(&mut self, _buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        if self.inline {
            self.job.ask_all(|| (), || false);
        } else {
            self.aside.supervise();
        }
        let answers = self.job.answers();
        if answers.version != self.latest.version {
            self.latest.version = answers.version;
            self.latest.mounts = Arc::clone(&answers.mounts);
            self.latest.usages.clone_from(&answers.usages);
        }
        self.news = answers.news;
        answers.list_error.map_or(Ok(()), |errno| Err(ReadError::Io(errno)))
    }

    fn value(&self) -> &Latest {
        &self.latest
    }

    fn news(&self) -> u64 {
        self.news
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TempDir;
    use std::fs;
    use std::sync::Condvar;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn the_root_has_a_size() {
        let usage = statvfs(b"/").unwrap();
        assert!(usage.total_bytes > 0.0 && usage.used_bytes() > 0.0 && usage.available_bytes <= usage.free_bytes);
        assert_eq!(statvfs(b"/nonexistent").err(), Some(libc::ENOENT));
        assert_eq!(statvfs(b"/a\0b").err(), Some(libc::EINVAL));
    }

    /// Whether the server behind `/hung` answers.
    static SERVER: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

    fn ask(path: &[u8]) -> Result<Usage, i32> {
        match path {
            b"/hung" => drop(SERVER.1.wait_while(SERVER.0.lock().unwrap(), |answers| !*answers)),
            b"/refuses" => return Err(libc::EACCES),
            _ => {}
        }
        Ok(Usage { total_bytes: 100.0, free_bytes: 40.0, available_bytes: 30.0, ..Usage::unknown(false, false) })
    }

    fn usage(filesystems: &Filesystems, path: &str) -> Usage {
        *filesystems.latest.iter().find(|(mount, _)| mount.path == path.as_bytes()).unwrap().1
    }

    fn read_until(filesystems: &mut Filesystems, done: impl Fn(&Filesystems) -> bool) {
        loop {
            filesystems.read(&mut Vec::new()).unwrap();
            if done(filesystems) {
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn a_hung_mount_is_marked_left_alone_and_taken_back_and_others_go_on() {
        let folder = TempDir::new();
        let mounts = "/dev/a /first ext4 rw 0 0\nsrv:/x /hung nfs4 ro 0 0\n/dev/b /last ext4 rw 0 0\n/dev/c /refuses ext4 rw 0 0\n";
        fs::write(folder.path().join("mounts"), mounts).unwrap();
        fs::write(folder.path().join("filesystems"), "\text4\n").unwrap();
        let aside = Aside::default();
        let mut filesystems = Filesystems::new(folder.path().to_owned(), Some(ask), &aside);
        filesystems.read(&mut Vec::new()).unwrap();
        assert_eq!(filesystems.latest.iter().count(), 4);
        assert_eq!(usage(&filesystems, "/first").used_bytes(), 60.0);
        assert!(usage(&filesystems, "/last").total_bytes.is_nan());

        // As if the deadline had passed.
        filesystems.aside.expire();
        read_until(&mut filesystems, |filesystems| !usage(filesystems, "/last").total_bytes.is_nan());
        let hung = usage(&filesystems, "/hung");
        assert!(hung.stuck && hung.read_only && hung.total_bytes.is_nan() && hung.used_bytes().is_nan());
        read_until(&mut filesystems, |filesystems| filesystems.problems().len() == 2);
        assert_eq!(filesystems.problems(), ["/hung: no answer for 2 s", "EACCES: /refuses: statvfs"]);

        *SERVER.0.lock().unwrap() = true;
        SERVER.1.notify_all();
        read_until(&mut filesystems, |filesystems| !usage(filesystems, "/hung").stuck);
        assert_eq!(usage(&filesystems, "/hung").total_bytes, 100.0);
        assert_eq!(filesystems.problems(), ["EACCES: /refuses: statvfs"]);
    }

    #[test]
    fn the_mounts_of_another_host_are_listed_and_not_asked() {
        let folder = TempDir::new();
        fs::write(folder.path().join("mounts"), "/dev/a / ext4 ro 0 0\n").unwrap();
        fs::write(folder.path().join("filesystems"), "\text4\n").unwrap();
        let mut filesystems = Filesystems::new(folder.path().to_owned(), None, &Aside::default());
        filesystems.read(&mut Vec::new()).unwrap();
        let root = usage(&filesystems, "/");
        assert!(root.total_bytes.is_nan() && root.used_bytes().is_nan() && root.read_only && !root.stuck);
        assert_eq!(filesystems.problems(), ["sizes are not asked for, because procfs is not this host's"]);
    }

    #[test]
    fn an_unreadable_list_is_an_error() {
        let folder = TempDir::new();
        let mut filesystems = Filesystems::new(folder.path().join("missing"), Some(ask), &Aside::default());
        assert_eq!(filesystems.read(&mut Vec::new()), Err(ReadError::Io(libc::ENOENT)));
    }
}
