//! The sampler thread and the handle other threads hold on it.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use super::clock::{self, SystemClock};
use super::engine::{Engine, Notify};
use super::instances::{Layout, Layouts};
use super::kernel::{Kernel, Roots};
use super::park::Park;
use super::registry::FAMILIES;
use super::ring::{self, RingReader, RingWriter};
use super::stats::{FamilyStats, Stats};
use crate::cgroup::KnownContainers;
use crate::perf::PerfAccess;
use crate::perf::control::PerfControl;

/// One hour.
const MAX_INTERVAL_MS: u32 = 3_600_000;
const STACK_BYTES: usize = 512 * 1024;
const THREAD_NAME: &str = "tacho-sampler";
/// The kernel rounds sleeps up by its timer slack, 50 µs unless told otherwise.
const TIMER_SLACK_NS: libc::c_ulong = 1;
/// Stands for "no clock": the id of a thread's CPU clock is always negative.
const NO_CLOCK: i32 = 0;

/// Why the sampler refused: a stable code and a sentence.
#[derive(Debug, PartialEq, Eq)]
pub struct SamplerError {
    pub code: &'static str,
    pub message: String,
}

fn error(code: &'static str, message: String) -> SamplerError {
    SamplerError { code, message }
}

#[derive(Clone, Default)]
pub struct Options {
    pub roots: Roots,
    /// The epoch that timestamps begin with, 0 to 999.
    pub epoch: u32,
    /// Size of the ring in 8-byte words; rounded into what is sensible.
    pub ring_words: Option<usize>,
    /// What perf events are counted; may change while it runs.
    pub perf: Arc<PerfControl>,
    /// Where it is told which containers there are.
    pub containers: Arc<KnownContainers>,
}

enum Command {
    Subscribe { id: u32, family: usize, interval_ns: u64 },
    Unsubscribe { id: u32 },
    Stop,
}

/// What both threads see.
#[derive(Default)]
struct Common {
    park: Park,
    commands: Mutex<Vec<Command>>,
    stats: Arc<Stats>,
    /// The CPU clock of the running thread, and what it showed at the end of the last one.
    cpu_clock: AtomicI32,
    cpu_ns: AtomicU64,
}

struct Subscription {
    family: usize,
    interval_ms: u32,
    consumers: u32,
}

/// The sampler as its owner sees it. Streams may be subscribed to before and after [`Self::start`].
pub struct Sampler {
    options: Options,
    common: Arc<Common>,
    layouts: Layouts,
    reader: RingReader,
    writer: Option<RingWriter>,
    thread: Option<JoinHandle<()>>,
    streams: HashMap<u32, Subscription>,
    next_id: u32,
}

impl Sampler {
    pub fn new(options: Options) -> Self {
        let words = options.ring_words.unwrap_or(ring::DEFAULT_WORDS).clamp(ring::MIN_WORDS, ring::MAX_WORDS);
        let (writer, reader) = ring::ring(words);
        let common = Common::default();
        common.stats.epoch.set(u64::from(options.epoch));
        Self {
            options,
            common: Arc::new(common),
            layouts: Layouts::default(),
            reader,
            writer: Some(writer),
            thread: None,
            streams: HashMap::new(),
            next_id: 1,
        }
    }

    /// Starts the thread. `notify` is called from it whenever there are frames to drain, at most every 50 ms unless
    /// the ring fills up.
    ///
    /// # Errors
    /// `TACHO_STARTED` when it was started before, `TACHO_THREAD` when the system has no thread to give.
    pub fn start(&mut self, notify: Notify) -> Result<(), SamplerError> {
        let Some(writer) = self.writer.take() else {
            return Err(error("TACHO_STARTED", "a sampler can be started only once".to_owned()));
        };
        let (common, layouts, options) = (Arc::clone(&self.common), self.layouts.clone(), self.options.clone());
        let thread = Builder::new().name(THREAD_NAME.to_owned()).stack_size(STACK_BYTES).spawn(move || {
            let run = AssertUnwindSafe(|| run(&common, options, layouts, writer, notify));
            if let Err(panic) = catch_unwind(run) {
                give_up(&common.stats, panic.as_ref());
            }
            common.cpu_ns.store(clock::read(libc::CLOCK_THREAD_CPUTIME_ID), Ordering::SeqCst);
            common.cpu_clock.store(NO_CLOCK, Ordering::SeqCst);
        });
        self.thread = Some(thread.map_err(|cause| error("TACHO_THREAD", format!("cannot start a thread: {cause}")))?);
        Ok(())
    }

    /// Adds a consumer of a family at an interval and gives the id of its stream, shared by all who asked for the same.
    /// An interval below the family's floor becomes the floor.
    ///
    /// # Errors
    /// `TACHO_UNKNOWN_FAMILY`, or `TACHO_BAD_INTERVAL` unless it is a whole number of ms from 1 to 3,600,000.
    pub fn subscribe(&mut self, family: &str, interval_ms: f64) -> Result<u32, SamplerError> {
        let index = FAMILIES.iter().position(|registration| registration.descriptor.name == family);
        let index = index.ok_or_else(|| error("TACHO_UNKNOWN_FAMILY", format!("no metric family named {family:?}")))?;
        if interval_ms.fract() != 0.0 || !(1.0..=f64::from(MAX_INTERVAL_MS)).contains(&interval_ms) {
            let message = format!("an interval is a whole number of ms from 1 to {MAX_INTERVAL_MS}, not {interval_ms}");
            return Err(error("TACHO_BAD_INTERVAL", message));
        }
        // In range and whole, as just checked.
        let interval_ms = (interval_ms as u32).max(FAMILIES[index].descriptor.floor_interval_ms);
        let same = |stream: &Subscription| stream.family == index && stream.interval_ms == interval_ms;
        if let Some((id, stream)) = self.streams.iter_mut().find(|(_, stream)| same(stream)) {
            stream.consumers += 1;
            return Ok(*id);
        }
        let id = self.next_id;
        self.next_id += 1;
        self.streams.insert(id, Subscription { family: index, interval_ms, consumers: 1 });
        self.send(Command::Subscribe { id, family: index, interval_ns: u64::from(interval_ms) * 1_000_000 });
        Ok(id)
    }

    /// The effective interval of a stream.
    ///
    /// # Errors
    /// `TACHO_UNKNOWN_STREAM` when there is no such stream any more.
    pub fn stream_interval_ms(&self, id: u32) -> Result<u32, SamplerError> {
        let stream = self.streams.get(&id);
        stream.map(|stream| stream.interval_ms).ok_or_else(|| unknown_stream(id))
    }

    /// Removes one consumer; the stream ends with its last.
    ///
    /// # Errors
    /// `TACHO_UNKNOWN_STREAM` when there is no such stream any more.
    pub fn unsubscribe(&mut self, id: u32) -> Result<(), SamplerError> {
        let stream = self.streams.get_mut(&id).ok_or_else(|| unknown_stream(id))?;
        stream.consumers -= 1;
        if stream.consumers == 0 {
            self.streams.remove(&id);
            self.send(Command::Unsubscribe { id });
        }
        Ok(())
    }

    /// Hands over all pending frames, see [`RingReader::drain`].
    pub fn drain<T>(&mut self, take: impl FnOnce(&[f64], &[f64]) -> T) -> T {
        self.reader.drain(take)
    }

    /// What the rows of frames with this layout id are.
    ///
    /// # Errors
    /// `TACHO_UNKNOWN_LAYOUT` for an id that was never given out, or long ago and is not in use any more.
    pub fn layout(&self, id: u32) -> Result<Arc<Layout>, SamplerError> {
        self.layouts.get(id).ok_or_else(|| error("TACHO_UNKNOWN_LAYOUT", format!("no layout {id}")))
    }

    pub fn stats(&self) -> &Stats {
        &self.common.stats
    }

    pub fn perf(&self) -> &PerfControl {
        &self.options.perf
    }

    pub fn containers(&self) -> &KnownContainers {
        &self.options.containers
    }

    /// CPU time of the sampler thread, ns.
    pub fn cpu_ns(&self) -> u64 {
        match self.common.cpu_clock.load(Ordering::SeqCst) {
            NO_CLOCK => self.common.cpu_ns.load(Ordering::SeqCst),
            clock => clock::read(clock),
        }
    }

    /// Ends the thread and waits for it. Frames that are pending stay so.
    pub fn stop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.send(Command::Stop);
            // Its panics were caught and put into the stats.
            drop(thread.join());
        }
    }

    fn send(&self, command: Command) {
        self.common.commands.lock().unwrap_or_else(PoisonError::into_inner).push(command);
        self.common.park.wake();
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        self.stop();
    }
}

fn unknown_stream(id: u32) -> SamplerError {
    error("TACHO_UNKNOWN_STREAM", format!("no stream {id}"))
}

fn run(common: &Common, options: Options, layouts: Layouts, ring: RingWriter, notify: Notify) {
    let mut cpu_clock = NO_CLOCK;
    // SAFETY: prctl with PR_SET_TIMERSLACK takes a number; the clock id is written to a live variable.
    unsafe {
        libc::prctl(libc::PR_SET_TIMERSLACK, TIMER_SLACK_NS);
        libc::pthread_getcpuclockid(libc::pthread_self(), &raw mut cpu_clock);
    }
    common.cpu_clock.store(cpu_clock, Ordering::SeqCst);
    let mut kernel = Kernel::new(options.roots, Rc::new(SystemClock), layouts);
    kernel.perf = PerfAccess { control: options.perf, ..PerfAccess::default() };
    kernel.containers = options.containers;
    let mut engine = Engine::new(kernel, ring, options.epoch, notify, Arc::clone(&common.stats));
    let mut commands = Vec::new();
    loop {
        let token = common.park.token();
        std::mem::swap(&mut commands, &mut *common.commands.lock().unwrap_or_else(PoisonError::into_inner));
        for command in commands.drain(..) {
            match command {
                Command::Subscribe { id, family, interval_ns } => engine.subscribe(id, family, interval_ns),
                Command::Unsubscribe { id } => engine.unsubscribe(id),
                Command::Stop => return,
            }
        }
        let deadline_ns = engine.wake();
        common.park.sleep(token, deadline_ns);
    }
}

/// A defect must not look like a quiet host: every family says that the sampler has died, and of what.
fn give_up(stats: &Stats, panic: &(dyn std::any::Any + Send)) {
    let cause = panic.downcast_ref::<&str>().copied().map(str::to_owned);
    let cause = cause.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    let reason = format!("the sampler thread has panicked: {cause}");
    let failed = |name| FamilyStats { name, available: false, reason: reason.clone(), source: None };
    stats.set_families(FAMILIES.iter().map(|registration| failed(registration.descriptor.name)).collect());
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn equal_subscriptions_share_a_stream_until_the_last_leaves() {
        let mut sampler = Sampler::new(Options::default());
        let first = sampler.subscribe("memory", 250.0).unwrap();
        assert_eq!(sampler.subscribe("memory", 250.0).unwrap(), first);
        let other = sampler.subscribe("memory", 251.0).unwrap();
        assert_ne!(other, first);
        sampler.unsubscribe(first).unwrap();
        assert_eq!(sampler.stream_interval_ms(first).unwrap(), 250);
        sampler.unsubscribe(first).unwrap();
        assert_eq!(sampler.stream_interval_ms(first).unwrap_err().code, "TACHO_UNKNOWN_STREAM");
        assert_eq!(sampler.unsubscribe(first).unwrap_err().code, "TACHO_UNKNOWN_STREAM");
        assert_ne!(sampler.subscribe("memory", 250.0).unwrap(), first);
    }

    #[test]
    fn an_interval_below_the_floor_becomes_the_floor() {
        let mut sampler = Sampler::new(Options::default());
        let fast = sampler.subscribe("filesystem", 10.0).unwrap();
        assert_eq!(sampler.stream_interval_ms(fast).unwrap(), 1000);
        assert_eq!(sampler.subscribe("filesystem", 1000.0).unwrap(), fast);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_a_code() {
        let mut sampler = Sampler::new(Options::default());
        for interval_ms in [0.0, -1.0, 0.5, 1.5, 3_600_001.0, f64::NAN, f64::INFINITY] {
            assert_eq!(sampler.subscribe("cpu", interval_ms).unwrap_err().code, "TACHO_BAD_INTERVAL", "{interval_ms}");
        }
        assert_eq!(sampler.subscribe("gpu", 1000.0).unwrap_err().code, "TACHO_UNKNOWN_FAMILY");
        assert_eq!(sampler.layout(4711).unwrap_err().code, "TACHO_UNKNOWN_LAYOUT");
    }

    #[test]
    fn a_sleeping_sampler_acts_on_a_subscription_at_once_and_stops_at_once() {
        let mut sampler = Sampler::new(Options::default());
        sampler.subscribe("memory", 3_600_000.0).unwrap();
        let (sender, ready) = channel();
        sampler.start(Box::new(move || sender.send(()).unwrap_or_default())).unwrap();
        assert_eq!(sampler.start(Box::new(|| ())).unwrap_err().code, "TACHO_STARTED");
        sampler.subscribe("system", 1.0).unwrap();
        ready.recv_timeout(LONG).unwrap();
        let words = sampler.drain(|head, tail| [head, tail].concat());
        assert_eq!(sampler.layout(words[1] as u32).unwrap().family, "system");
        assert!((words[2] as u64).is_multiple_of(1000) && words[3] == 1000.0);
        assert!(sampler.cpu_ns() > 0 && sampler.stats().ticks.get() > 0);
        sampler.stop();
        sampler.stop();
        assert!(sampler.cpu_ns() > 0);
    }

    #[test]
    fn a_panic_is_told_by_every_family() {
        let stats = Stats::default();
        give_up(&stats, &"out of cheese");
        assert_eq!(stats.families().len(), FAMILIES.len());
        assert!(stats.families().iter().all(|family| !family.available && family.reason.ends_with("out of cheese")));
    }
}
