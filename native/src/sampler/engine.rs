//! One wake-up of the sampler: which streams are due, one reading per kernel file, one frame per stream.

use std::sync::Arc;

use super::clock::Now;
use super::kernel::Kernel;
use super::registry::FAMILIES;
use super::ring::{FLAG_DISTURBED, FLAG_GAP, FLAG_LOST, Header, RingWriter};
use super::schedule::{Tick, Timetable, stepped_back};
use super::stats::{FamilyStats, Stats};
use super::tracked::AnyFamily;

/// JavaScript is woken at most this often, so rates up to 20 Hz wake it on each tick (which may come a little early).
const WAKE_PERIOD_NS: u64 = 50_000_000;
const WAKE_TOLERANCE_NS: u64 = 1_000_000;
/// A consumer that was told and has not drained is told again after this long.
const REMIND_NS: u64 = 1_000_000_000;
/// A tick is late at a tenth of its interval, at most this much.
const LATE_LIMIT_NS: u64 = 50_000_000;
/// Epoch numbers live in the last three digits of a timestamp in microseconds.
const EPOCHS: u32 = 1000;

/// Tells the consumer that there are frames to drain.
pub type Notify = Box<dyn Fn() + Send>;

struct Stream {
    id: u32,
    family: usize,
    slot: usize,
    table: Timetable,
    /// What its next frame says of those right before it that found no room in the ring: [`FLAG_LOST`], and their own flags.
    owed_flags: u32,
}

/// Everything the sampler thread owns.
pub struct Engine {
    kernel: Kernel,
    families: Vec<Box<dyn AnyFamily>>,
    streams: Vec<Stream>,
    tick: u64,
    last: Now,
    ring: RingWriter,
    frame: Vec<f64>,
    notify: Notify,
    /// Monotonic time at which the consumer was last told, and whether there is something new since.
    notified_at_ns: u64,
    unannounced: bool,
    stats: Arc<Stats>,
    /// What was known of the families' problems when they were last put into the stats.
    changes: u64,
}

impl Engine {
    /// Makes all families and reads each once, so that it is known which are available.
    pub fn new(kernel: Kernel, ring: RingWriter, epoch: u32, notify: Notify, stats: Arc<Stats>) -> Self {
        let last = kernel.commons.clock.now();
        let mut engine = Self {
            kernel,
            families: Vec::new(),
            streams: Vec::new(),
            tick: 1,
            last,
            ring,
            frame: Vec::new(),
            notify,
            notified_at_ns: 0,
            unannounced: false,
            stats,
            changes: u64::MAX,
        };
        for registration in FAMILIES {
            engine.kernel.asking = Some(registration.descriptor.name);
            engine.families.push((registration.make)(&mut engine.kernel));
        }
        engine.kernel.asking = None;
        for family in &mut engine.families {
            family.read(1);
        }
        engine.stats.epoch.set(u64::from(epoch % EPOCHS));
        engine.stats.set_readers(engine.kernel.reader_stats());
        engine.tell_problems();
        engine
    }

    /// Adds a stream of the family at this place in [`FAMILIES`], with a baseline reading taken now.
    pub fn subscribe(&mut self, id: u32, family: usize, interval_ns: u64) {
        self.tick += 1;
        let Some(tracked) = self.families.get_mut(family) else { return };
        let slot = tracked.open(interval_ns, self.tick);
        let now = self.kernel.commons.clock.now();
        self.streams.push(Stream { id, family, slot, table: Timetable::new(interval_ns, &now), owed_flags: 0 });
        self.tell_problems();
    }

    pub fn unsubscribe(&mut self, id: u32) {
        if let Some(index) = self.streams.iter().position(|stream| stream.id == id) {
            let stream = self.streams.swap_remove(index);
            self.families[stream.family].close(stream.slot);
        }
    }

    /// Makes the frames that are due and gives the monotonic time at which to be called again.
    pub fn wake(&mut self) -> u64 {
        let now = self.kernel.commons.clock.now();
        self.follow_clock(&now);
        self.tick += 1;
        let mut worked = false;
        for index in 0..self.streams.len() {
            if let Some(tick) = self.streams[index].table.due(&now) {
                self.make_frame(index, tick);
                worked = true;
            }
        }
        if worked {
            self.tell_problems();
        }
        self.announce(now.mono_ns);
        let wake_ns = if self.unannounced { self.notified_at_ns + WAKE_PERIOD_NS } else { u64::MAX };
        self.streams.iter().map(|stream| stream.table.deadline_ns(&now)).fold(wake_ns, u64::min)
    }

    /// A backward step begins a new epoch, before any timestamp could come a second time.
    fn follow_clock(&mut self, now: &Now) {
        let repeats = self.streams.iter().any(|stream| stream.table.would_repeat(now));
        if repeats || stepped_back(&self.last, now) {
            self.stats.epoch.set((self.stats.epoch.get() + 1) % u64::from(EPOCHS));
            for stream in &mut self.streams {
                if stream.table.would_repeat(now) {
                    stream.table.restart(now);
                }
            }
        }
        self.last = *now;
    }

    fn make_frame(&mut self, index: usize, tick: Tick) {
        let stream = &self.streams[index];
        let family = &mut self.families[stream.family];
        family.read(self.tick);
        RingWriter::begin(&mut self.frame);
        let emitted = family.emit(stream.slot, tick.gap, &mut self.frame);
        let interval_ns = stream.table.interval_ns;
        self.stats.ticks.add(1);
        self.stats.missed.add(tick.missed);
        self.stats.gaps.add(u64::from(emitted.gap));
        self.stats.late.add(u64::from(tick.lateness_ns > (interval_ns / 10).min(LATE_LIMIT_NS)));
        let flags = flag(emitted.gap, FLAG_GAP) | flag(tick.disturbed, FLAG_DISTURBED) | stream.owed_flags;
        let header = Header {
            layout: emitted.layout,
            timestamp_us: tick.grid_ns / 1000 + self.stats.epoch.get(),
            interval_us: interval_ns / 1000,
            lateness_us: tick.lateness_ns / 1000,
            flags,
        };
        let written = self.ring.push(&mut self.frame, header);
        self.streams[index].owed_flags = if written { 0 } else { flags | FLAG_LOST };
        self.unannounced |= written;
        self.stats.overruns.add(u64::from(!written));
        self.stats.ring_high_water_words.set(self.ring.high_water_words as u64);
    }

    /// Wakes the consumer when it is time: at most every 50 ms, sooner when the ring fills up.
    fn announce(&mut self, mono_ns: u64) {
        if !self.unannounced {
            return;
        }
        let since_ns = mono_ns.saturating_sub(self.notified_at_ns);
        if since_ns < WAKE_PERIOD_NS - WAKE_TOLERANCE_NS && !self.ring.half_full() {
            return;
        }
        self.unannounced = false;
        if self.ring.announce() || since_ns >= REMIND_NS {
            self.notified_at_ns = mono_ns;
            (self.notify)();
        }
    }

    /// Asks the families anew what is wrong with them, when something may have changed.
    fn tell_problems(&mut self) {
        let left_out = self.families.iter().filter(|family| family.left_out() > 0).count() as u64;
        let changes = self.kernel.commons.changes.get() + left_out;
        if changes != self.changes {
            self.changes = changes;
            self.stats.set_families(self.families.iter().map(|family| family_stats(family.as_ref())).collect());
        }
    }
}

const fn flag(set: bool, flag: u32) -> u32 {
    if set { flag } else { 0 }
}

fn family_stats(family: &dyn AnyFamily) -> FamilyStats {
    let mut problems = family.problems();
    let available = problems.unavailable.is_none();
    if family.left_out() > 0 {
        problems.partial.push(format!("more than {} instances", super::instances::MAX_INSTANCES));
    }
    let reasons: Vec<String> = problems.unavailable.into_iter().chain(problems.partial).collect();
    FamilyStats { name: family.descriptor().name, available, reason: reasons.join("; "), source: family.source() }
}
