//! What a metric family is: its fields, what it reads, and how two readings become values.

use std::sync::Arc;

use super::instances::{InstanceSet, Instances};
use super::kernel::Kernel;
use super::reader::ReadError;

/// What a field's number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A level: the value at the tick.
    Gauge,
    /// A running total since boot.
    Counter,
    /// A change per second, or a share in percent, over the field's window.
    Rate,
}

impl Kind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Rate => "rate",
        }
    }
}

/// One column of a family.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub name: &'static str,
    pub unit: &'static str,
    pub kind: Kind,
    pub help: &'static str,
    /// How often the kernel's own figure moves; 0 = exact at any rate.
    pub resolution_ms: u32,
    /// The shortest time its value is taken over; 0 = the stream's interval itself.
    pub window_ms: u32,
}

impl Field {
    pub const fn gauge(name: &'static str, unit: &'static str, help: &'static str) -> Self {
        Self { name, unit, kind: Kind::Gauge, help, resolution_ms: 0, window_ms: 0 }
    }

    pub const fn counter(name: &'static str, unit: &'static str, help: &'static str) -> Self {
        Self { name, unit, kind: Kind::Counter, help, resolution_ms: 0, window_ms: 0 }
    }

    pub const fn rate(name: &'static str, unit: &'static str, help: &'static str) -> Self {
        Self { name, unit, kind: Kind::Rate, help, resolution_ms: 0, window_ms: 0 }
    }

    /// The kernel brings this figure up to date only this often.
    pub const fn resolution(mut self, resolution_ms: u32) -> Self {
        self.resolution_ms = resolution_ms;
        self
    }

    /// At higher rates the value is over this window.
    pub const fn window(mut self, window_ms: u32) -> Self {
        self.window_ms = window_ms;
        self
    }
}

/// A family as its consumers see it.
#[derive(Debug)]
pub struct Descriptor {
    pub name: &'static str,
    pub help: &'static str,
    /// What an instance is called; empty for a family that has just one, whose name is then empty too.
    pub instance_label: &'static str,
    /// The shortest interval it may be asked for.
    pub floor_interval_ms: u32,
    pub fields: &'static [Field],
}

/// A metric family: how to read it and how to derive its values.
///
/// Reading keeps what the kernel said; deriving is a pure function of two such readings, so it can be tested without
/// a kernel, and every stream can have its own earlier reading.
pub trait Family: 'static {
    /// The raw figures of one instance.
    type Row: Copy + 'static;

    const DESCRIPTOR: &'static Descriptor;
    /// Whether an instance that comes back makes a gap of its frame: not where instances are a choice, and come and go by it.
    const RETURNS_ARE_GAPS: bool = true;

    fn new(kernel: &mut Kernel) -> Self
    where
        Self: Sized;

    /// Reads all instances as of this tick; gives the monotonic time of the reading.
    fn capture(&mut self, tick: u64, rows: &mut Rows<Self::Row>) -> Result<u64, ReadError>;

    /// Writes the fields of every instance, in the descriptor's order. Without an earlier reading rates are NaN.
    fn derive(pair: &Pair<Self::Row>, out: &mut Output);

    /// What is wrong with its readers at present: the first means that the family has nothing at all.
    fn problems(&self) -> Problems;

    /// Which of the sources that it may have is read at present, for families whose sources differ from host to host.
    fn source(&self) -> Option<String> {
        None
    }

    /// The shortest interval anyone wants now, for families that read aside.
    fn demand(&mut self, _interval_ns: Option<u64>) {}
}

/// Why a family has nothing, or not everything.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Problems {
    pub unavailable: Option<String>,
    pub partial: Vec<String>,
}

/// One reading of all instances.
pub struct Sample<R> {
    pub at_ns: u64,
    pub set: Arc<InstanceSet>,
    pub rows: Vec<R>,
}

impl<R: Copy> Sample<R> {
    pub const fn new(set: Arc<InstanceSet>) -> Self {
        Self { at_ns: 0, set, rows: Vec::new() }
    }

    /// An empty one with room for what `other` has.
    pub fn like(other: &Self) -> Self {
        Self { at_ns: 0, set: Arc::clone(&other.set), rows: Vec::with_capacity(other.rows.len()) }
    }

    /// Becomes a copy of `other`, in place.
    pub fn copy_from(&mut self, other: &Self) {
        self.at_ns = other.at_ns;
        if !Arc::ptr_eq(&self.set, &other.set) {
            self.set = Arc::clone(&other.set);
        }
        self.rows.clear();
        self.rows.extend_from_slice(&other.rows);
    }
}

/// Where a family puts the rows of the present reading.
pub struct Rows<'a, R> {
    instances: &'a mut Instances,
    rows: &'a mut Vec<R>,
}

impl<'a, R> Rows<'a, R> {
    pub fn new(instances: &'a mut Instances, rows: &'a mut Vec<R>) -> Self {
        instances.begin();
        rows.clear();
        Self { instances, rows }
    }

    pub fn push(&mut self, instance: &[u8], row: R) {
        if self.instances.push(instance) {
            self.rows.push(row);
        }
    }
}

/// Two readings to derive values from: now, and an earlier one if there is one to compare with.
pub struct Pair<'a, R> {
    pub now: &'a Sample<R>,
    pub before: Option<&'a Sample<R>>,
}

impl<'a, R> Pair<'a, R> {
    /// Time between the two readings; 0 without an earlier one.
    pub fn elapsed_ns(&self) -> u64 {
        self.before.map_or(0, |before| self.now.at_ns.saturating_sub(before.at_ns))
    }

    /// The earlier row of the instance at `index`; none when it was not there, or left in between.
    pub fn before(&self, index: usize) -> Option<&'a R> {
        let before = self.before?;
        if Arc::ptr_eq(&before.set, &self.now.set) {
            return before.rows.get(index);
        }
        before.rows.get(before.set.position_of(&self.now.set, index)?)
    }

    /// Every instance with its earlier row.
    pub fn rows(&self) -> impl Iterator<Item = (Option<&'a R>, &'a R)> {
        self.now.rows.iter().enumerate().map(|(index, now)| (self.before(index), now))
    }
}

/// Takes derived values in the order of the descriptor's fields.
pub struct Output<'a> {
    values: &'a mut Vec<f64>,
}

impl<'a> Output<'a> {
    pub const fn new(values: &'a mut Vec<f64>) -> Self {
        Self { values }
    }

    /// The next value; anything that is not finite means "no value".
    pub fn put(&mut self, value: f64) {
        self.values.push(if value.is_finite() { value } else { f64::NAN });
    }

    pub fn put_all<const N: usize>(&mut self, values: [f64; N]) {
        for value in values {
            self.put(value);
        }
    }
}
