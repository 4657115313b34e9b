//! Slow sources, read on one thread of their own so that they never hold up a tick.
//!
//! Calls into drivers and remote file systems may take seconds, or never return. A job says when it makes progress; one
//! that has not for [`DEADLINE_NS`] loses the thread: another takes over all jobs, and the old one ends when its call
//! returns.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::clock;
use super::schedule::grid_after;

/// A job without progress for this long is stuck.
pub const DEADLINE_NS: u64 = 2_000_000_000;
/// Results should be fresh when the tick comes that uses them, so a pass is to be done this long before the grid point.
const LEAD_NS: u64 = 25_000_000;
/// A pass that ended right before its own starting point is not begun again at once.
const MIN_PAUSE_NS: u64 = 5_000_000;
/// How long a first pass may hold up the start, and a later one a subscription.
const FIRST_PATIENCE: Duration = Duration::from_millis(250);
const PATIENCE: Duration = Duration::from_millis(20);
/// Nothing of ours recurses or keeps large buffers on the stack; what the C library asks for the names of users may.
const STACK_BYTES: usize = 512 * 1024;
const THREAD_NAME: &str = "tacho-aside";

/// A slow source.
pub trait Job: Send + Sync + 'static {
    /// Reads everything once.
    fn pass(&self, turn: &Turn);
    /// The pass is stuck and is left behind; what it hangs in must not be asked again until it returns. Must not need a
    /// lock that a pass holds while it asks the kernel.
    fn left_behind(&self);
}

struct Slot {
    job: Arc<dyn Job>,
    interval_ns: Option<u64>,
    /// When the next pass begins, in real time.
    due_ns: u64,
    kicked: bool,
    passes: u64,
    /// What a pass takes; most of the last long one.
    took_ns: u64,
}

#[derive(Default)]
struct State {
    slots: Vec<Slot>,
    /// Which slot is being passed over.
    running: Option<usize>,
}

#[derive(Default)]
struct Common {
    state: Mutex<State>,
    changed: Condvar,
    /// The worker whose turn it is; 0 before the first, `u64::MAX` after the end.
    worker: AtomicU64,
    /// When the running job last made progress, CLOCK_MONOTONIC.
    progress_ns: AtomicU64,
}

impl Common {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A worker's claim to be the one.
pub struct Turn {
    common: Arc<Common>,
    worker: u64,
}

impl Turn {
    /// Whether another worker has taken over: the pass must end without a trace.
    pub fn is_over(&self) -> bool {
        self.common.worker.load(Ordering::SeqCst) != self.worker
    }

    /// To be called before each call that might hang.
    pub fn progress(&self) {
        if !self.is_over() {
            self.common.progress_ns.store(clock::read(libc::CLOCK_MONOTONIC), Ordering::SeqCst);
        }
    }

    fn work(&self) {
        let mut state = self.common.lock();
        while !self.is_over() {
            let real_ns = clock::read(libc::CLOCK_REALTIME);
            let Some(index) = state.slots.iter_mut().position(|slot| slot.begin(real_ns)) else {
                state = self.rest(state, real_ns);
                continue;
            };
            let job = Arc::clone(&state.slots[index].job);
            let begun_ns = clock::read(libc::CLOCK_MONOTONIC);
            state.running = Some(index);
            self.progress();
            drop(state);
            job.pass(self);
            state = self.common.lock();
            if !self.is_over() {
                state.running = None;
                state.slots[index].end(clock::read(libc::CLOCK_MONOTONIC).saturating_sub(begun_ns));
                self.common.changed.notify_all();
            }
        }
    }

    fn rest<'a>(&self, state: MutexGuard<'a, State>, real_ns: u64) -> MutexGuard<'a, State> {
        let next_ns = state.slots.iter().filter(|slot| slot.interval_ns.is_some()).map(|slot| slot.due_ns).min();
        match next_ns {
            None => self.common.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(due_ns) => {
                let pause = Duration::from_nanos(due_ns.saturating_sub(real_ns));
                self.common.changed.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner).0
            }
        }
    }
}

impl Slot {
    /// Whether a pass is to begin now; if so the next is scheduled.
    fn begin(&mut self, real_ns: u64) -> bool {
        if let Some(interval_ns) = self.interval_ns {
            // Further away than an interval only when the clock was set back.
            let due = self.due_ns <= real_ns || self.due_ns - real_ns > interval_ns + MIN_PAUSE_NS;
            if due || self.kicked {
                self.due_ns = next_pass(real_ns, interval_ns, self.took_ns);
                self.kicked = false;
                return true;
            }
        }
        std::mem::take(&mut self.kicked)
    }

    const fn end(&mut self, took_ns: u64) {
        self.passes += 1;
        let slowest_ns = self.took_ns / 8 * 7;
        self.took_ns = if took_ns > slowest_ns { took_ns } else { slowest_ns };
    }
}

/// So that a pass is done shortly before the first grid point that is not too close. What takes longer than an interval is
/// not done in time anyway.
fn next_pass(real_ns: u64, interval_ns: u64, takes_ns: u64) -> u64 {
    let lead_ns = LEAD_NS + takes_ns.min(interval_ns / 2);
    grid_after(real_ns + lead_ns + MIN_PAUSE_NS, interval_ns) - lead_ns
}

/// The thread for slow sources. It starts when one is first wanted, and sleeps while none is.
#[derive(Clone, Default)]
pub struct Aside {
    life: Arc<Life>,
    inline: bool,
}

/// Ends the thread when the last handle is gone.
#[derive(Default)]
struct Life(Arc<Common>);

impl Aside {
    /// No thread at all: slow sources are read on the spot, so that a test knows when.
    #[cfg(test)]
    pub fn inline() -> Self {
        Self { inline: true, ..Self::default() }
    }

    /// Another thread of the same kind, for sources that must not wait for these.
    pub fn another(&self) -> Self {
        Self { inline: self.inline, ..Self::default() }
    }

    pub const fn is_inline(&self) -> bool {
        self.inline
    }

    /// Takes on a job, and reads it once, which is waited for within limits.
    pub fn take_on(&self, job: Arc<dyn Job>) -> AsideJob {
        let common = &self.life.0;
        let mut state = common.lock();
        let index = state.slots.len();
        state.slots.push(Slot { job, interval_ns: None, due_ns: 0, kicked: true, passes: 0, took_ns: 0 });
        drop(state);
        let job = AsideJob { aside: self.clone(), index };
        if self.inline {
            return job;
        }
        if common.worker.load(Ordering::SeqCst) == 0 {
            self.start_worker();
        }
        common.changed.notify_all();
        job.wait_for_pass(0, FIRST_PATIENCE);
        job
    }

    fn start_worker(&self) {
        let common = Arc::clone(&self.life.0);
        let turn = Turn { worker: common.worker.fetch_add(1, Ordering::SeqCst) + 1, common };
        let thread = thread::Builder::new().name(THREAD_NAME.to_owned()).stack_size(STACK_BYTES);
        // Without a thread the results stay as they are, and whoever reads them sees that they get no newer.
        drop(thread.spawn(move || turn.work()));
    }

    /// Takes the thread away from a job that is stuck.
    fn supervise(&self) {
        let common = &self.life.0;
        let mut state = common.lock();
        let Some(index) = state.running else { return };
        let idle_ns = clock::read(libc::CLOCK_MONOTONIC).saturating_sub(common.progress_ns.load(Ordering::SeqCst));
        if idle_ns < DEADLINE_NS {
            return;
        }
        state.running = None;
        state.slots[index].job.left_behind();
        state.slots[index].kicked = true;
        self.start_worker();
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        // Not joined: a worker in a hung call may never return. It holds nothing but its own claim.
        self.0.worker.store(u64::MAX, Ordering::SeqCst);
        // Whoever has seen the old number under the lock is waiting by now.
        drop(self.0.lock());
        self.0.changed.notify_all();
    }
}

/// A job on the thread for slow sources.
#[derive(Clone)]
pub struct AsideJob {
    aside: Aside,
    index: usize,
}

impl AsideJob {
    /// To be called whenever results are picked up: sees to it that a stuck job does not hold up the others.
    pub fn supervise(&self) {
        self.aside.supervise();
    }

    /// Passes are wanted this often from now on. When none were wanted before, one begins at once, and is waited for
    /// within limits.
    pub fn demand(&self, interval_ns: Option<u64>) {
        if self.aside.inline {
            return;
        }
        let common = &self.aside.life.0;
        let mut state = common.lock();
        let slot = &mut state.slots[self.index];
        let begin = slot.interval_ns.is_none() && interval_ns.is_some();
        slot.interval_ns = interval_ns;
        slot.kicked |= begin;
        let real_ns = clock::read(libc::CLOCK_REALTIME);
        slot.due_ns = interval_ns.map_or(0, |interval_ns| next_pass(real_ns, interval_ns, slot.took_ns));
        let passes = slot.passes;
        drop(state);
        common.changed.notify_all();
        if begin {
            self.wait_for_pass(passes, PATIENCE);
        }
    }

    /// Begins a pass as soon as the thread is free.
    pub fn kick(&self) {
        let common = &self.aside.life.0;
        common.lock().slots[self.index].kicked = true;
        common.changed.notify_all();
    }

    fn wait_for_pass(&self, passes: u64, patience: Duration) {
        let common = &self.aside.life.0;
        let waiting = |state: &mut State| state.slots[self.index].passes <= passes;
        // Running out of patience is as good: the results then say that they are not complete.
        drop(common.changed.wait_timeout_while(common.lock(), patience, waiting));
    }

    /// As if the running job had made no progress for as long as a test cannot wait.
    #[cfg(test)]
    pub fn expire(&self) {
        self.aside.life.0.progress_ns.store(0, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;
    use std::sync::mpsc::{Receiver, Sender, channel};

    /// Each pass waits for a word from the test, unless it was left behind.
    struct Gated {
        gate: Mutex<Receiver<()>>,
        events: Mutex<Sender<&'static str>>,
        left_behind: AtomicBool,
    }

    impl Job for Gated {
        fn pass(&self, turn: &Turn) {
            if self.left_behind.load(Ordering::SeqCst) {
                return;
            }
            self.tell("begun");
            self.gate.lock().unwrap().recv().ok();
            self.tell(if turn.is_over() { "too late" } else { "done" });
        }

        fn left_behind(&self) {
            self.left_behind.store(true, Ordering::SeqCst);
        }
    }

    impl Gated {
        fn tell(&self, event: &'static str) {
            self.events.lock().unwrap().send(event).unwrap();
        }
    }

    const LONG: Duration = Duration::from_secs(20);

    fn gated(aside: &Aside, open: bool) -> (AsideJob, Sender<()>, impl Fn() -> &'static str + use<>) {
        let ((opener, gate), (teller, events)) = (channel(), channel());
        if open {
            opener.send(()).unwrap();
        }
        let job = Gated { gate: Mutex::new(gate), events: Mutex::new(teller), left_behind: AtomicBool::new(false) };
        let job = aside.take_on(Arc::new(job));
        (job, opener, move || events.recv_timeout(LONG).unwrap())
    }

    #[test]
    fn sleeps_until_wanted_and_then_begins_at_once() {
        let aside = Aside::default();
        let (job, open, next) = gated(&aside, true);
        assert_eq!([next(), next()], ["begun", "done"]);
        open.send(()).unwrap();
        job.demand(Some(3_600_000_000_000));
        assert_eq!([next(), next()], ["begun", "done"]);
    }

    #[test]
    fn a_stuck_job_is_left_behind_and_the_others_go_on() {
        let aside = Aside::default();
        let (stuck, open, next) = gated(&aside, false);
        assert_eq!(next(), "begun");
        stuck.supervise();
        let (other, _open_other, next_other) = gated(&aside, true);
        stuck.expire();
        other.supervise();
        assert_eq!([next_other(), next_other()], ["begun", "done"]);
        open.send(()).unwrap();
        assert_eq!(next(), "too late");
    }

    #[test]
    fn passes_begin_shortly_before_the_grid() {
        let next_ms = |real_ms: u64| next_pass(real_ms * 1_000_000, 1_000_000_000, 0) / 1_000_000;
        assert_eq!([next_ms(0), next_ms(969), next_ms(975), next_ms(990)], [975, 975, 1975, 1975]);
        // Earlier where a pass takes long, but not by more than makes sense.
        assert_eq!(next_pass(0, 1_000_000_000, 40_000_000), 935_000_000);
        assert_eq!(next_pass(0, 100_000_000, 3_600_000_000_000), 25_000_000);
        let mut slot = Slot {
            job: Arc::new(Idle),
            interval_ns: Some(1_000_000_000),
            due_ns: 975_000_000,
            kicked: false,
            passes: 0,
            took_ns: 0,
        };
        assert!(!slot.begin(974_000_000));
        assert!(slot.begin(975_100_000));
        assert!(!slot.begin(975_200_000));
        assert_eq!(slot.due_ns, 1_975_000_000);
        // A long pass is remembered for a while.
        slot.end(40_000_000);
        slot.end(0);
        assert!(slot.begin(975_300_000 + 1_000_000_000));
        assert_eq!(slot.due_ns, 2_940_000_000);
        slot.due_ns = 1_975_000_000;
        // The clock was set back by an hour.
        slot.due_ns += 3_600_000_000_000;
        assert!(slot.begin(975_300_000));
    }

    struct Idle;

    impl Job for Idle {
        fn pass(&self, _turn: &Turn) {}
        fn left_behind(&self) {}
    }
}
