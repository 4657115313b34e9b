//! A family with its streams: one reading per tick, one earlier reading per stream and window.

use super::family::{Descriptor, Family, Output, Pair, Problems, Rows, Sample};
use super::instances::Instances;
use super::kernel::Kernel;
use std::sync::Arc;

/// Earlier readings are kept this many to a window, so that a value is over at most an eighth more than its window.
const SNAPSHOTS_PER_WINDOW: u64 = 8;
/// A reading counts as a window old at this share of it: ticks jitter.
const FULL_WINDOW_PERCENT: u64 = 90;
/// More than this many intervals (in tenths) since the last good reading and no rate is taken.
const GAP_TENTHS_OF_INTERVAL: u64 = 25;

/// A family of any row type, as the engine drives it.
pub trait AnyFamily {
    fn descriptor(&self) -> &'static Descriptor;
    /// Reads once a tick, however often it is called.
    fn read(&mut self, tick: u64);
    /// Opens a stream and takes a reading as its baseline. Gives its slot.
    fn open(&mut self, interval_ns: u64, tick: u64) -> usize;
    fn close(&mut self, slot: usize);
    /// Appends the stream's values to `out` and makes the present reading its new baseline.
    fn emit(&mut self, slot: usize, gap: bool, out: &mut Vec<f64>) -> Emitted;
    fn problems(&self) -> Problems;
    fn source(&self) -> Option<String>;
    fn left_out(&self) -> u64;
}

/// What [`AnyFamily::emit`] wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emitted {
    pub layout: u32,
    pub gap: bool,
}

/// The last readings of one stream, newest overwriting oldest.
struct History<R> {
    samples: Vec<Sample<R>>,
    newest: usize,
    filled: usize,
    spacing_ns: u64,
}

impl<R: Copy> History<R> {
    /// Room for `capacity` readings of the size of `present`.
    fn new(present: &Sample<R>, capacity: usize, spacing_ns: u64) -> Self {
        let samples = (0..capacity).map(|_| Sample::like(present)).collect();
        Self { samples, newest: 0, filled: 0, spacing_ns }
    }

    fn newest(&self) -> Option<&Sample<R>> {
        if self.filled == 0 { None } else { self.samples.get(self.newest) }
    }

    fn push(&mut self, sample: &Sample<R>) {
        let due_ns = self.spacing_ns / 100 * FULL_WINDOW_PERCENT;
        if self.newest().is_some_and(|newest| sample.at_ns.saturating_sub(newest.at_ns) < due_ns) {
            return;
        }
        self.newest = (self.newest + 1) % self.samples.len();
        self.filled = (self.filled + 1).min(self.samples.len());
        self.samples[self.newest].copy_from(sample);
    }

    /// The youngest reading at least this old.
    fn at_least(&self, age_ns: u64, now_ns: u64) -> Option<&Sample<R>> {
        (0..self.filled)
            .map(|back| &self.samples[(self.newest + self.samples.len() - back) % self.samples.len()])
            .find(|sample| now_ns.saturating_sub(sample.at_ns) >= age_ns)
    }

    fn clear(&mut self) {
        self.filled = 0;
    }
}

/// The fields of one window, and the history their baseline comes from.
struct WindowGroup {
    fields: Vec<usize>,
    window_ns: u64,
    /// Index into the stream's histories.
    history: usize,
}

struct Stream<R> {
    interval_ns: u64,
    histories: Vec<History<R>>,
    /// The first has the fields without a window; its baseline is simply the last reading.
    groups: Vec<WindowGroup>,
}

impl<R: Copy> Stream<R> {
    fn new(descriptor: &Descriptor, interval_ns: u64, present: &Sample<R>) -> Self {
        let mut histories = vec![History::new(present, 2, 0)];
        let mut groups = vec![WindowGroup { fields: Vec::new(), window_ns: 0, history: 0 }];
        for (index, field) in descriptor.fields.iter().enumerate() {
            let window_ns = u64::from(field.window_ms) * 1_000_000;
            if let Some(group) = groups.iter_mut().find(|group| group.window_ns == window_ns) {
                group.fields.push(index);
                continue;
            }
            let mut history = 0;
            if interval_ns < 2 * window_ns {
                let spacing_ns = interval_ns.max(window_ns / SNAPSHOTS_PER_WINDOW);
                let capacity = window_ns.div_ceil(spacing_ns) + 2;
                history = histories.len();
                histories.push(History::new(present, usize::try_from(capacity).unwrap_or(2), spacing_ns));
            }
            groups.push(WindowGroup { fields: vec![index], window_ns, history });
        }
        Self { interval_ns, histories, groups }
    }

    fn remember(&mut self, sample: &Sample<R>) {
        for history in &mut self.histories {
            history.push(sample);
        }
    }

    fn baseline(&self, group: &WindowGroup, now_ns: u64) -> Option<&Sample<R>> {
        self.histories[group.history].at_least(group.window_ns / 100 * FULL_WINDOW_PERCENT, now_ns)
    }

    /// Derives against the last reading, and the fields of a longer window once more against theirs.
    fn derive<F: Family<Row = R>>(&self, now: &Sample<R>, out: &mut Vec<f64>, scratch: &mut Vec<f64>) {
        let start = out.len();
        let last = self.histories[0].newest();
        F::derive(&Pair { now, before: last }, &mut Output::new(out));
        debug_assert_eq!(out.len() - start, now.rows.len() * F::DESCRIPTOR.fields.len(), "{}", F::DESCRIPTOR.name);
        for group in &self.groups[1..] {
            let before = self.baseline(group, now.at_ns);
            if before.map(|sample| sample.at_ns) == last.map(|sample| sample.at_ns) {
                continue;
            }
            scratch.clear();
            F::derive(&Pair { now, before }, &mut Output::new(scratch));
            let width = F::DESCRIPTOR.fields.len();
            for (into, from) in out[start..].chunks_exact_mut(width).zip(scratch.chunks_exact(width)) {
                group.fields.iter().for_each(|&field| into[field] = from[field]);
            }
        }
    }
}

/// A family, its present reading and its streams.
pub struct Tracked<F: Family> {
    family: F,
    instances: Instances,
    present: Sample<F::Row>,
    readable: bool,
    tick: u64,
    streams: Vec<Option<Stream<F::Row>>>,
    scratch: Vec<f64>,
}

impl<F: Family> Tracked<F> {
    pub fn new(kernel: &mut Kernel) -> Self {
        let instances = Instances::new(F::DESCRIPTOR.name, kernel.layouts());
        let present = Sample::new(Arc::clone(instances.current()));
        let family = F::new(kernel);
        Self { family, instances, present, readable: false, tick: 0, streams: Vec::new(), scratch: Vec::new() }
    }

    /// Tells the family the shortest interval of all streams, and of the one to be opened.
    fn demand(&mut self, opening_ns: Option<u64>) {
        let intervals = self.streams.iter().flatten().map(|stream| stream.interval_ns).chain(opening_ns);
        self.family.demand(intervals.min());
    }
}

impl<F: Family> AnyFamily for Tracked<F> {
    fn descriptor(&self) -> &'static Descriptor {
        F::DESCRIPTOR
    }

    fn read(&mut self, tick: u64) {
        if self.tick == tick {
            return;
        }
        self.tick = tick;
        let captured = self.family.capture(tick, &mut Rows::new(&mut self.instances, &mut self.present.rows));
        self.readable = captured.is_ok();
        if let Ok(at_ns) = captured {
            self.present.at_ns = at_ns;
            let set = self.instances.finish();
            if !Arc::ptr_eq(set, &self.present.set) {
                self.present.set = Arc::clone(set);
            }
        }
    }

    fn open(&mut self, interval_ns: u64, tick: u64) -> usize {
        // What is open only on demand has to be so before the baseline is read.
        self.demand(Some(interval_ns));
        self.read(tick);
        let mut stream = Stream::new(F::DESCRIPTOR, interval_ns, &self.present);
        if self.readable {
            stream.remember(&self.present);
        }
        let slot = self.streams.iter().position(Option::is_none).unwrap_or(self.streams.len());
        if slot == self.streams.len() {
            self.streams.push(None);
        }
        self.streams[slot] = Some(stream);
        slot
    }

    fn close(&mut self, slot: usize) {
        if let Some(stream) = self.streams.get_mut(slot) {
            *stream = None;
        }
        self.demand(None);
    }

    fn emit(&mut self, slot: usize, gap: bool, out: &mut Vec<f64>) -> Emitted {
        let layout = self.present.set.layout.id;
        let fields = F::DESCRIPTOR.fields.len();
        let Some(stream) = self.streams.get_mut(slot).and_then(Option::as_mut) else {
            return Emitted { layout, gap };
        };
        if !self.readable {
            out.resize(out.len() + self.present.set.len() * fields, f64::NAN);
            return Emitted { layout, gap };
        }
        let (mut gap, mut returned) = (gap, false);
        if let Some(newest) = stream.histories[0].newest() {
            let elapsed_ns = self.present.at_ns.saturating_sub(newest.at_ns);
            gap |= elapsed_ns > stream.interval_ns / 10 * GAP_TENTHS_OF_INTERVAL;
            returned = F::RETURNS_ARE_GAPS
                && !Arc::ptr_eq(&newest.set, &self.present.set)
                && newest.set.any_returned(&self.present.set);
        }
        if gap {
            stream.histories.iter_mut().for_each(History::clear);
        }
        stream.derive::<F>(&self.present, out, &mut self.scratch);
        stream.remember(&self.present);
        Emitted { layout, gap: gap || returned }
    }

    fn problems(&self) -> Problems {
        self.family.problems()
    }

    fn source(&self) -> Option<String> {
        self.family.source()
    }

    fn left_out(&self) -> u64 {
        self.instances.left_out()
    }
}
