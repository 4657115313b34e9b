//! Reading kernel files: opened once, read with `pread`, parsed once a tick however many families want them.

use std::cell::{Cell, Ref, RefCell};
use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use super::clock::Clock;
use super::stats::ReaderStats;
use crate::host::errno;

/// Why a reader has nothing. Small and `Copy`: a file that fails on every tick must not allocate on every tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError {
    Io(i32),
    /// Not what the kernel documents, at this line (from 1).
    Malformed {
        line: u32,
        what: &'static str,
    },
    /// Not asked at all, for this reason; not counted as an error.
    NotAsked(&'static str),
}

/// What was wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    pub line: u32,
    pub what: &'static str,
}

impl From<Malformed> for ReadError {
    fn from(error: Malformed) -> Self {
        Self::Malformed { line: error.line, what: error.what }
    }
}

/// The parsed form of one kernel file.
pub trait Parse: Default + 'static {
    /// What a person should know when the file is missing.
    const MISSING: &'static str;

    /// Replaces the content by that of `text`. Must not allocate once it has seen a text of the same shape.
    fn parse(&mut self, text: &[u8]) -> Result<(), Malformed>;
}

/// Anything that can be read once a tick.
pub trait Source: 'static {
    type Value;
    /// Reads anew. The buffer is any reader's to use, for as long as this call lasts.
    fn read(&mut self, buffer: &mut Vec<u8>) -> Result<(), ReadError>;
    fn value(&self) -> &Self::Value;
    /// What a person should know about this error; empty when the error says it all.
    fn hint(&self, _error: ReadError) -> &'static str {
        ""
    }
    /// Grows when something changed that [`super::family::Family::problems`] tells about, beside success and failure.
    fn news(&self) -> u64 {
        0
    }
}

/// A kernel file and its parsed content.
pub struct KernelFile<P> {
    path: PathBuf,
    file: Option<File>,
    content: P,
}

const FIRST_BUFFER_BYTES: usize = 8192;
/// Files larger than this are not what we think they are.
const LARGEST_BUFFER_BYTES: usize = 16 << 20;
/// A seq_file hands out at most about a page at a time and never splits a record, and records are far shorter than
/// this. So a read below half a page was the last one, and the read that would return 0 can be saved.
const LAST_CHUNK_BYTES: usize = 2048;

impl<P: Parse> KernelFile<P> {
    pub fn new(path: PathBuf) -> Self {
        Self { path, file: None, content: P::default() }
    }

    /// The next reading opens the file anew.
    pub fn close(&mut self) {
        self.file = None;
    }

    fn read_text(&mut self, buffer: &mut Vec<u8>) -> Result<usize, i32> {
        let file = match &mut self.file {
            Some(file) => file,
            closed => {
                let opened = File::open(&self.path).map_err(|error| errno::of(&error))?;
                // What is remembered of the old file's layout need not hold for this one.
                self.content = P::default();
                closed.insert(opened)
            }
        };
        if buffer.is_empty() {
            buffer.resize(FIRST_BUFFER_BYTES, 0);
        }
        let mut length = 0;
        loop {
            let read = pread(file, &mut buffer[length..], length)?;
            length += read;
            if length == buffer.len() {
                if length >= LARGEST_BUFFER_BYTES {
                    return Err(libc::EFBIG);
                }
                buffer.resize(length * 2, 0);
            } else if read < LAST_CHUNK_BYTES {
                return Ok(length);
            }
        }
    }
}

fn pread(file: &File, buffer: &mut [u8], offset: usize) -> Result<usize, i32> {
    let offset = libc::off_t::try_from(offset).map_err(|_| libc::EFBIG)?;
    loop {
        // SAFETY: the pointer and length describe `buffer`, which is borrowed mutably for the call.
        let read = unsafe { libc::pread(file.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len(), offset) };
        match usize::try_from(read) {
            Ok(read) => return Ok(read),
            Err(_) if errno::last() == libc::EINTR => {}
            Err(_) => return Err(errno::last()),
        }
    }
}

impl<P: Parse> Source for KernelFile<P> {
    type Value = P;

    fn read(&mut self, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        let read = self.read_text(buffer).map_err(ReadError::Io);
        let parsed = read.and_then(|length| self.content.parse(&buffer[..length]).map_err(ReadError::from));
        if parsed.is_err() {
            // The next attempt opens the file anew and remembers nothing of this one.
            self.file = None;
        }
        parsed
    }

    fn value(&self) -> &P {
        &self.content
    }

    fn hint(&self, error: ReadError) -> &'static str {
        match error {
            ReadError::Io(libc::ENOENT | libc::EOPNOTSUPP) => P::MISSING,
            ReadError::Io(libc::EACCES | libc::EPERM) => "not permitted to this user, or hidden by a sandbox",
            _ => "",
        }
    }
}

/// What all readers of a sampler have in common.
#[derive(Clone)]
pub struct Commons {
    pub clock: Rc<dyn Clock>,
    /// One for all, since each text is parsed as soon as it is read: less memory, and warm in the caches.
    buffer: Rc<RefCell<Vec<u8>>>,
    /// Grows whenever what a family says about its problems may have changed.
    pub changes: Rc<Cell<u64>>,
}

impl Commons {
    pub fn new(clock: Rc<dyn Clock>) -> Self {
        Self { clock, buffer: Rc::default(), changes: Rc::default() }
    }
}

/// After a failure, a file is tried again this often: opening it on every tick would cost more than reading it.
const RETRY_NS: u64 = 500_000_000;

/// A source with its books: read at most once a tick.
pub struct Reader<S> {
    source: S,
    path: PathBuf,
    commons: Commons,
    tick: u64,
    read_at_ns: u64,
    failed_at_ns: u64,
    state: Result<(), ReadError>,
    news: u64,
    stats: Arc<ReaderStats>,
}

impl<S: Source> Reader<S> {
    pub fn new(name: &str, path: PathBuf, source: S, commons: Commons) -> Self {
        let stats = Arc::new(ReaderStats::new(name, &path));
        Self { source, path, commons, tick: 0, read_at_ns: 0, failed_at_ns: 0, state: Ok(()), news: 0, stats }
    }

    fn refresh(&mut self, tick: u64) {
        if self.tick == tick {
            return;
        }
        self.tick = tick;
        let start_ns = self.commons.clock.mono_ns();
        if self.state.is_err() && start_ns.saturating_sub(self.failed_at_ns) < RETRY_NS {
            return;
        }
        let state = self.source.read(&mut self.commons.buffer.borrow_mut());
        self.read_at_ns = self.commons.clock.mono_ns();
        self.stats.reads.add(1);
        self.stats.total_ns.add(self.read_at_ns.saturating_sub(start_ns));
        if let Err(error) = state {
            self.failed_at_ns = self.read_at_ns;
            self.stats.errors.add(u64::from(!matches!(error, ReadError::NotAsked(_))));
        }
        let news = self.source.news();
        if state != self.state || news != self.news {
            self.changed(state, news);
        }
    }

    fn changed(&mut self, state: Result<(), ReadError>, news: u64) {
        if let Err(error) = state {
            self.stats.set_last_error(describe(error, &self.path, self.source.hint(error)));
        }
        // What was not asked for has not failed.
        self.stats.failing.set(u64::from(matches!(state, Err(ReadError::Io(_) | ReadError::Malformed { .. }))));
        self.stats.idle.set(u64::from(matches!(state, Err(ReadError::NotAsked(_)))));
        (self.state, self.news) = (state, news);
        self.commons.changes.set(self.commons.changes.get() + 1);
    }
}

fn describe(error: ReadError, path: &Path, hint: &str) -> String {
    let path = path.display();
    let said = match error {
        ReadError::Io(errno) => format!("{}: {path}", errno::name(errno)),
        ReadError::Malformed { line, what } => format!("{path}: line {line}: {what}"),
        ReadError::NotAsked(reason) => format!("{path}: {reason}"),
    };
    if hint.is_empty() { said } else { format!("{said}: {hint}") }
}

/// A reader that several families share.
pub struct Shared<S>(Rc<RefCell<Reader<S>>>);

impl<S> Clone for Shared<S> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<S: Source> Shared<S> {
    pub fn new(reader: Reader<S>) -> Self {
        Self(Rc::new(RefCell::new(reader)))
    }

    pub fn stats(&self) -> Arc<ReaderStats> {
        Arc::clone(&self.0.borrow().stats)
    }

    /// The content as of this tick, and the monotonic time it was read at.
    pub fn read(&self, tick: u64) -> Result<(Ref<'_, S::Value>, u64), ReadError> {
        self.0.borrow_mut().refresh(tick);
        let reader = self.0.borrow();
        reader.state?;
        let read_at_ns = reader.read_at_ns;
        Ok((Ref::map(reader, |reader| reader.source.value()), read_at_ns))
    }

    /// The content as of this tick when there is one: for sources whose absence leaves only some fields empty.
    pub fn get(&self, tick: u64) -> Option<Ref<'_, S::Value>> {
        self.read(tick).ok().map(|(value, _)| value)
    }

    /// Talks to the source itself, for those that are more than a file.
    pub fn with_source<R>(&self, f: impl FnOnce(&mut S) -> R) -> R {
        f(&mut self.0.borrow_mut().source)
    }

    /// Why there is nothing at present, in words a person can act on.
    pub fn problem(&self) -> Option<String> {
        let reader = self.0.borrow();
        reader.state.err().map(|_| reader.stats.last_error())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::clock::SystemClock;
    use crate::testing::{ManualClock, TempDir};
    use std::fs;

    #[derive(Default)]
    struct Length(usize);

    impl Parse for Length {
        const MISSING: &'static str = "made up for a test";
        fn parse(&mut self, text: &[u8]) -> Result<(), Malformed> {
            self.0 = text.len();
            if text.is_empty() { Err(Malformed { line: 1, what: "empty" }) } else { Ok(()) }
        }
    }

    fn shared(path: &Path, clock: Rc<dyn Clock>) -> Shared<KernelFile<Length>> {
        Shared::new(Reader::new("length", path.to_owned(), KernelFile::new(path.to_owned()), Commons::new(clock)))
    }

    #[test]
    fn reads_once_a_tick_and_whole_files_of_any_size() {
        let folder = TempDir::new();
        let path = folder.path().join("file");
        fs::write(&path, vec![b'x'; 100_000]).unwrap();
        let reader = shared(&path, Rc::new(SystemClock));
        assert_eq!(reader.read(1).unwrap().0.0, 100_000);
        fs::write(&path, b"now short").unwrap();
        assert_eq!(reader.read(1).unwrap().0.0, 100_000);
        assert_eq!(reader.read(2).unwrap().0.0, 9);
        let stats = reader.stats();
        assert_eq!((stats.reads.get(), stats.errors.get(), stats.name.as_str()), (2, 0, "length"));
    }

    #[test]
    fn a_missing_file_says_why_is_not_hammered_and_recovers() {
        let folder = TempDir::new();
        let path = folder.path().join("late");
        let clock = Rc::new(ManualClock::default());
        let reader = shared(&path, clock.clone());
        clock.advance(10_000_000_000);
        assert_eq!(reader.read(1).err(), Some(ReadError::Io(libc::ENOENT)));
        assert_eq!(reader.problem().unwrap(), format!("ENOENT: {}: made up for a test", path.display()));
        fs::write(&path, b"here").unwrap();
        clock.advance(1_000_000);
        assert!(reader.read(2).is_err());
        clock.advance(1_000_000_000);
        assert_eq!(reader.read(3).unwrap().0.0, 4);
        assert_eq!(reader.problem(), None);
        let stats = reader.stats();
        assert_eq!((stats.reads.get(), stats.errors.get()), (2, 1));
        assert!(stats.last_error().contains("ENOENT"));
    }

    #[test]
    fn a_file_that_makes_no_sense_is_an_error_with_its_line() {
        let folder = TempDir::new();
        let path = folder.path().join("empty");
        fs::write(&path, b"").unwrap();
        let reader = shared(&path, Rc::new(SystemClock));
        assert!(reader.read(1).is_err());
        assert_eq!(reader.problem().unwrap(), format!("{}: line 1: empty", path.display()));
    }
}
