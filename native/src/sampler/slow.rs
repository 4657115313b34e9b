//! Sources that are read whole on the thread for slow sources ([`super::aside`]); a tick picks up what was read last.

use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::aside::{Aside, AsideJob, Job, Turn};
use super::clock::{self, Clock, Now, SystemClock};
use super::reader::{ReadError, Source};
use super::rest::Rest;

/// What is this much older than the interval is not passed off as current.
const STALE_NS: u64 = 10_000_000_000;

/// Something that takes too long to be read on a tick.
pub trait SlowSource: Send + 'static {
    type Value: Default + Send + 'static;
    /// It is not read more often than this.
    const FLOOR_NS: u64;
    /// Said when it has not been read for a long time.
    const OVERDUE: &'static str;
    /// After each reading it rests so many times as long as one takes; a demand in between gets what was read last.
    const REST_FACTOR: u64 = 0;

    /// Told the time before each reading, for sources that compare one with another.
    fn begin(&mut self, _now: &Now) {}

    /// Replaces `value`, which holds what some earlier reading left there, so that its memory is used again. `asking` is to
    /// be called before each call that might hang.
    ///
    /// # Errors
    /// When there is nothing: then no tick sees `value`.
    fn read(&mut self, value: &mut Self::Value, asking: &dyn Fn()) -> Result<(), ReadError>;

    /// What a person should know about this error; empty when the error says it all.
    fn hint(_error: ReadError) -> &'static str {
        ""
    }

    /// Grows when something changed that [`super::family::Family::problems`] tells about, beside success and failure.
    fn news(_value: &Self::Value) -> u64 {
        0
    }
}

/// Since when somebody wants a source read that does little as long as nobody does, CLOCK_MONOTONIC; 0 while nobody does. What
/// was read before has nothing to do with what is read from then on.
#[derive(Clone, Default)]
pub struct Wanted(Arc<AtomicU64>);

impl Wanted {
    pub fn set(&self, since_ns: Option<u64>) {
        self.0.store(since_ns.map_or(0, |since_ns| since_ns.max(1)), Ordering::SeqCst);
    }

    pub fn since_ns(&self) -> Option<u64> {
        Some(self.0.load(Ordering::SeqCst)).filter(|since_ns| *since_ns > 0)
    }
}

/// What a pass leaves behind.
struct Done<V> {
    value: V,
    at_ns: u64,
    passes: u64,
    state: Result<(), ReadError>,
    rest: Rest,
}

/// Three values go round, so that nothing is copied or allocated: one is being read into, one is done, one is in use.
struct SlowJob<S: SlowSource> {
    reading: Mutex<(S, S::Value)>,
    done: Mutex<Done<S::Value>>,
    /// A pass hangs in the kernel, and has the source.
    hung: AtomicBool,
    /// Nobody wants it read again and again: a single reading need not wait, nor does any have to wait for it.
    idle: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S: SlowSource> SlowJob<S> {
    fn read(&self, asking: &dyn Fn(), is_over: impl Fn() -> bool, clock: &dyn Clock) {
        if self.hung.load(Ordering::SeqCst) {
            return;
        }
        let now = clock.now();
        if !self.idle.load(Ordering::SeqCst) && now.mono_ns < lock(&self.done).rest.until_ns() {
            return;
        }
        let mut reading = lock(&self.reading);
        let (source, value) = &mut *reading;
        source.begin(&now);
        let state = source.read(value, asking);
        if is_over() {
            self.hung.store(false, Ordering::SeqCst);
            return;
        }
        let mut done = lock(&self.done);
        std::mem::swap(&mut done.value, value);
        (done.at_ns, done.passes, done.state) = (clock.mono_ns(), done.passes + 1, state);
        let at_ns = done.at_ns;
        if !self.idle.load(Ordering::SeqCst) {
            done.rest.begin(now.mono_ns, at_ns, S::REST_FACTOR);
        }
    }
}

impl<S: SlowSource> Job for SlowJob<S> {
    fn pass(&self, turn: &Turn) {
        self.read(&|| turn.progress(), || turn.is_over(), &SystemClock);
    }

    fn left_behind(&self) {
        self.hung.store(true, Ordering::SeqCst);
    }
}

/// The last reading of a slow source, as the sampler sees it.
pub struct Slow<S: SlowSource> {
    job: Arc<SlowJob<S>>,
    aside: AsideJob,
    /// Reads on the spot, as tests want it.
    inline: Option<Rc<dyn Clock>>,
    interval_ns: u64,
    taken: Taken<S::Value>,
}

/// A reading and when it was done, on CLOCK_MONOTONIC.
pub struct Taken<V> {
    pub value: V,
    pub at_ns: u64,
    passes: u64,
}

impl<S: SlowSource> Slow<S> {
    /// Reads it once, which is waited for within limits.
    pub fn new(source: S, aside: &Aside, clock: &Rc<dyn Clock>) -> Self {
        let done = Done { value: S::Value::default(), at_ns: 0, passes: 0, state: Ok(()), rest: Rest::default() };
        let reading = Mutex::new((source, S::Value::default()));
        let (hung, idle) = (AtomicBool::new(false), AtomicBool::new(true));
        let job = Arc::new(SlowJob { reading, done: Mutex::new(done), hung, idle });
        let taken = Taken { value: S::Value::default(), at_ns: 0, passes: 0 };
        let inline = aside.is_inline().then(|| Rc::clone(clock));
        Self { aside: aside.take_on(job.clone()), job, inline, interval_ns: S::FLOOR_NS, taken }
    }

    /// What begins a reading before it is due.
    pub fn kicker(&self) -> AsideJob {
        self.aside.clone()
    }

    /// The shortest interval at which anyone wants it read.
    pub fn demand(&mut self, interval_ns: Option<u64>) {
        let interval_ns = interval_ns.map(|interval_ns| interval_ns.max(S::FLOOR_NS));
        self.interval_ns = interval_ns.unwrap_or(S::FLOOR_NS);
        self.job.idle.store(interval_ns.is_none(), Ordering::SeqCst);
        self.aside.demand(interval_ns);
    }
}

impl<S: SlowSource> Source for Slow<S> {
    type Value = Taken<S::Value>;

    fn read(&mut self, _buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        match &self.inline {
            Some(clock) => self.job.read(&|| (), || false, clock.as_ref()),
            None => self.aside.supervise(),
        }
        let mut done = lock(&self.job.done);
        if done.passes != self.taken.passes {
            std::mem::swap(&mut done.value, &mut self.taken.value);
            (self.taken.at_ns, self.taken.passes) = (done.at_ns, done.passes);
        }
        let (state, due_ns) = (done.state, done.at_ns.max(done.rest.until_ns()));
        drop(done);
        state?;
        let overdue_ns = self.interval_ns * 2 + STALE_NS;
        let overdue = || clock::read(libc::CLOCK_MONOTONIC).saturating_sub(due_ns) > overdue_ns;
        if self.inline.is_none() && overdue() {
            return Err(ReadError::Io(libc::ETIMEDOUT));
        }
        Ok(())
    }

    fn value(&self) -> &Self::Value {
        &self.taken
    }

    fn hint(&self, error: ReadError) -> &'static str {
        if error == ReadError::Io(libc::ETIMEDOUT) { S::OVERDUE } else { S::hint(error) }
    }

    fn news(&self) -> u64 {
        S::news(&self.taken.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::clock::SystemClock;
    use crate::testing::allocations;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;

    /// Counts its readings, and waits for a word from the test before every one but the first.
    struct Counting {
        readings: u64,
        gate: Receiver<()>,
        begun: Sender<()>,
    }

    impl SlowSource for Counting {
        type Value = Vec<u64>;
        const FLOOR_NS: u64 = 1_000_000_000;
        const OVERDUE: &'static str = "never answers";

        fn read(&mut self, value: &mut Vec<u64>, asking: &dyn Fn()) -> Result<(), ReadError> {
            asking();
            self.readings += 1;
            value.clear();
            value.push(self.readings);
            self.begun.send(()).ok();
            if self.readings > 1 {
                self.gate.recv().ok();
            }
            if self.readings == 3 { Err(ReadError::Io(libc::EACCES)) } else { Ok(()) }
        }
    }

    const LONG: Duration = Duration::from_secs(20);

    fn counting(aside: &Aside) -> (Slow<Counting>, Sender<()>, Receiver<()>) {
        let ((open, gate), (begun, begins)) = (channel(), channel());
        let clock: Rc<dyn Clock> = Rc::new(SystemClock);
        (Slow::new(Counting { readings: 0, gate, begun }, aside, &clock), open, begins)
    }

    fn read(slow: &mut Slow<Counting>) -> Result<u64, ReadError> {
        slow.read(&mut Vec::new()).map(|()| slow.value().value[0])
    }

    #[test]
    fn a_tick_sees_the_last_reading_while_another_is_under_way() {
        let aside = Aside::default();
        let (mut slow, open, begins) = counting(&aside);
        begins.recv_timeout(LONG).unwrap();
        slow.demand(Some(3_600_000_000_000));
        begins.recv_timeout(LONG).unwrap();
        let first_ns = {
            read(&mut slow).unwrap();
            slow.value().at_ns
        };
        assert_eq!((read(&mut slow), first_ns > 0), (Ok(1), true));
        open.send(()).unwrap();
        while read(&mut slow) == Ok(1) {
            std::thread::yield_now();
        }
        assert_eq!(read(&mut slow), Ok(2));
        assert!(slow.value().at_ns > first_ns);
    }

    #[test]
    fn a_reading_that_hangs_is_left_alone_until_it_returns() {
        let aside = Aside::default();
        let (mut slow, open, begins) = counting(&aside);
        begins.recv_timeout(LONG).unwrap();
        slow.demand(Some(3_600_000_000_000));
        begins.recv_timeout(LONG).unwrap();
        slow.aside.expire();
        assert_eq!(read(&mut slow), Ok(1));
        assert!(slow.job.hung.load(Ordering::SeqCst));
        open.send(()).unwrap();
        while slow.job.hung.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        assert_eq!(read(&mut slow), Ok(1));
    }

    #[test]
    fn inline_it_is_read_on_the_spot_without_allocating() {
        let aside = Aside::inline();
        let (mut slow, open, _begins) = counting(&aside);
        for _ in 0..10 {
            open.send(()).unwrap();
        }
        assert_eq!(read(&mut slow), Ok(1));
        assert_eq!(read(&mut slow), Ok(2));
        assert_eq!(read(&mut slow), Err(ReadError::Io(libc::EACCES)));
        let mut buffer = Vec::new();
        slow.read(&mut buffer).unwrap();
        let before = allocations();
        slow.read(&mut buffer).unwrap();
        // The channel that tells the test of the reading may allocate a block; the value must not.
        assert!(allocations() - before <= 1);
        assert_eq!(slow.value().value, [5]);
    }

    /// Counts its readings, and what it was told of the time.
    #[derive(Default)]
    struct Dear {
        readings: u64,
        told: Now,
    }

    impl SlowSource for Dear {
        type Value = (u64, u64);
        const FLOOR_NS: u64 = 1_000_000_000;
        const OVERDUE: &'static str = "never answers";
        /// However little a reading takes, that is for years.
        const REST_FACTOR: u64 = 1 << 60;

        fn begin(&mut self, now: &Now) {
            self.told = *now;
        }

        fn read(&mut self, value: &mut (u64, u64), _asking: &dyn Fn()) -> Result<(), ReadError> {
            self.readings += 1;
            *value = (self.readings, self.told.mono_ns);
            Ok(())
        }
    }

    fn dear(aside: &Aside) -> Slow<Dear> {
        let clock: Rc<dyn Clock> = Rc::new(SystemClock);
        Slow::new(Dear::default(), aside, &clock)
    }

    /// Picks up what there is until it was read so many times.
    fn wait_for(slow: &mut Slow<Dear>, readings: u64) {
        slow.read(&mut Vec::new()).unwrap();
        while slow.value().value.0 < readings {
            std::thread::yield_now();
            slow.read(&mut Vec::new()).unwrap();
        }
    }

    #[test]
    fn what_is_dear_rests_and_is_not_overdue() {
        for (aside, unwanted) in [(Aside::inline(), 0), (Aside::default(), 1)] {
            let mut slow = dear(&aside);
            if unwanted > 0 {
                // Nobody's, so that no other has to wait for it.
                wait_for(&mut slow, unwanted);
            }
            slow.demand(Some(1_000_000_000));
            wait_for(&mut slow, unwanted + 1);
            slow.demand(None);
            slow.demand(Some(1_000_000_000));
            slow.read(&mut Vec::new()).unwrap();
            let Taken { value: (readings, told_ns), at_ns, .. } = *slow.value();
            assert_eq!(readings, unwanted + 1);
            assert!(0 < told_ns && told_ns <= at_ns);
        }
    }

    #[test]
    fn a_last_reading_that_is_asked_for_does_not_wait() {
        let aside = Aside::default();
        let mut slow = dear(&aside);
        wait_for(&mut slow, 1);
        slow.demand(Some(3_600_000_000_000));
        wait_for(&mut slow, 2);
        slow.demand(None);
        slow.kicker().kick();
        wait_for(&mut slow, 3);
    }
}
