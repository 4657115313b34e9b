//! Follows the lines of a table of [`super::cpu_table`] from reading to reading, and what each has counted.

use std::sync::Arc;

use super::cpu_table::{Columns, TableLine, header};
use super::line_file::LineFile;
use crate::sampler::clock::Now;
use crate::sampler::family::{Output, Pair};
use crate::sampler::raw::{Raw, rate};
use crate::sampler::reader::{Malformed, ReadError};
use crate::sampler::slow::{SlowSource, Wanted};

/// Names are cut at so many bytes: a line that several drivers share names them all.
const NAME_BYTES: usize = 60;
/// Lines over this are not looked at.
const MAX_LINES: usize = 16_384;
/// Megabytes of a large host take tens of ms. It rests so many times as long, which keeps it below a twentieth of a core.
const REST_FACTOR: u64 = 19;
/// Growth is followed across the end of 32 bits, which takes a look now and then, however seldom anyone wants to know.
pub const LONGEST_INTERVAL_NS: u64 = 60_000_000_000;

/// What a line has counted as of one reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub at_ns: u64,
    /// Since the line was first seen, on what it said then: 64 bits wide.
    pub total: Raw,
}

/// A line's raw figures. Those of the reading before come along: a line that has just come among the chosen was not in any
/// earlier sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CountRow {
    now: Count,
    before: Count,
    /// Grows whenever its growth is not known: behind a reset, and when CPUs come or go.
    resets: u32,
}

impl CountRow {
    /// Events per second since the earlier sample, or else since the reading before. Nothing behind a gap.
    fn per_second_since(&self, earlier: Option<&Self>) -> f64 {
        let before = match earlier.filter(|earlier| earlier.now.at_ns < self.now.at_ns) {
            Some(earlier) if earlier.resets != self.resets => return f64::NAN,
            Some(earlier) => earlier.now,
            None => self.before,
        };
        rate(before.total, self.now.total, self.now.at_ns.saturating_sub(before.at_ns))
    }
}

/// The one field of both families.
pub fn derive(pair: &Pair<CountRow>, out: &mut Output) {
    for (earlier, now) in pair.rows() {
        out.put(if pair.before.is_some() { now.per_second_since(earlier) } else { f64::NAN });
    }
}

/// A line of the table.
pub struct Line {
    label: Box<[u8]>,
    rest: Box<[u8]>,
    name: Arc<str>,
    /// As the kernel printed it last.
    sum: Raw,
    row: CountRow,
    pub choice: Choice,
}

/// How a line stands when there are too many to tell of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Choice {
    pub is_chosen: bool,
    /// What it had counted when lines were chosen last.
    pub counted: u64,
}

impl Line {
    /// What it has counted since boot, as far as is known.
    pub fn counted(&self) -> u64 {
        self.row.now.total.get().unwrap_or(0)
    }
}

/// What is particular to one such table.
pub trait CpuTable: Send + 'static {
    const OVERDUE: &'static str;
    const MISSING: &'static str;

    /// Writes what a line is called.
    fn write_name(line: &TableLine, name: &mut Vec<u8>);

    /// Decides which lines are told of.
    fn choose(&mut self, lines: &mut [Line], now_ns: u64);
}

/// The lines that were chosen, in the order of the file.
pub type Counts = Vec<(Arc<str>, CountRow)>;

/// A table and all its lines.
pub struct CpuCounts<T> {
    file: LineFile,
    table: T,
    /// As long as nobody does, the file is only opened. `None`: it is always read.
    wanted: Option<Wanted>,
    now: Now,
    lines: Lines,
}

impl<T: CpuTable> CpuCounts<T> {
    pub fn new(file: LineFile, table: T, wanted: Option<Wanted>) -> Self {
        Self { file, table, wanted, now: Now::default(), lines: Lines::default() }
    }
}

impl<T: CpuTable> SlowSource for CpuCounts<T> {
    type Value = Counts;
    const FLOOR_NS: u64 = 1_000_000_000;
    const OVERDUE: &'static str = T::OVERDUE;
    const REST_FACTOR: u64 = REST_FACTOR;

    fn begin(&mut self, now: &Now) {
        self.now = *now;
    }

    fn read(&mut self, counts: &mut Counts, asking: &dyn Fn()) -> Result<(), ReadError> {
        counts.clear();
        asking();
        if self.wanted.as_ref().is_some_and(|wanted| wanted.since_ns().is_none()) {
            self.lines = Lines::default();
            return self.file.check().map_err(ReadError::Io);
        }
        let mut pass = self.lines.begin(self.now.mono_ns);
        self.file.read(|line| pass.take::<T>(line)).map_err(ReadError::Io)?;
        pass.end()?;
        self.table.choose(&mut self.lines.known, self.now.mono_ns);
        let chosen = self.lines.known.iter().filter(|line| line.choice.is_chosen);
        counts.extend(chosen.map(|line| (Arc::clone(&line.name), line.row)));
        Ok(())
    }

    fn hint(error: ReadError) -> &'static str {
        match error {
            ReadError::Io(libc::ENOENT) => T::MISSING,
            ReadError::Io(libc::EACCES | libc::EPERM) => "not permitted to this user, or hidden by a sandbox",
            _ => "",
        }
    }
}

/// All lines of a table, in the order of the file.
#[derive(Default)]
pub struct Lines {
    known: Vec<Line>,
    columns: Columns,
}

impl Lines {
    pub fn begin(&mut self, now_ns: u64) -> Pass<'_> {
        Pass { lines: self, now_ns, place: 0, number: 0, same_columns: true, wrong: None }
    }

    /// For trying parsers: every line's name, and its events per second since the reading before.
    #[cfg(any(test, feature = "fuzzing"))]
    pub fn rates(&self) -> impl Iterator<Item = (&str, f64)> {
        self.known.iter().map(|line| (line.name.as_ref(), line.row.per_second_since(None)))
    }
}

/// One reading of a table.
pub struct Pass<'a> {
    lines: &'a mut Lines,
    now_ns: u64,
    /// Where among the known lines the next is most likely to be.
    place: usize,
    number: u32,
    same_columns: bool,
    wrong: Option<Malformed>,
}

impl Pass<'_> {
    pub fn take<T: CpuTable>(&mut self, text: &[u8]) {
        self.number = self.number.saturating_add(1);
        if self.number == 1 {
            match header(text) {
                None => self.wrong = Some(Malformed { line: 1, what: "expected the names of CPUs" }),
                Some(columns) => {
                    self.same_columns = columns == self.lines.columns;
                    self.lines.columns = columns;
                }
            }
        }
        if self.number == 1 || self.wrong.is_some() || self.place >= MAX_LINES {
            return;
        }
        // Some architectures have lines that nothing counts, such as Arm's `FIQ`.
        if let Some(line) = TableLine::parse(text, self.lines.columns) {
            self.count::<T>(&line);
        }
    }

    fn count<T: CpuTable>(&mut self, line: &TableLine) {
        let known = &mut self.lines.known;
        let is_it = |known: &Line| *known.label == *line.label && *known.rest == *line.rest;
        if !known.get(self.place).is_some_and(is_it) {
            match known.iter().skip(self.place).position(is_it) {
                // Those in between are gone.
                Some(distance) => drop(known.drain(self.place..self.place + distance)),
                None => {
                    let name = unused_name::<T>(line, known);
                    let (label, rest) = (line.label.into(), line.rest.into());
                    let (row, choice) = (CountRow::default(), Choice::default());
                    known.insert(self.place, Line { label, rest, name, sum: Raw::ABSENT, row, choice });
                }
            }
        }
        if let Some(known) = known.get_mut(self.place) {
            known.count(line.sum, self.now_ns, self.lines.columns.count, self.same_columns);
        }
        self.place += 1;
    }

    /// # Errors
    /// When it was no such table.
    pub fn end(self) -> Result<(), ReadError> {
        self.lines.known.truncate(self.place);
        match self.wrong {
            Some(wrong) => Err(wrong.into()),
            None if self.place == 0 => {
                Err(Malformed { line: self.number + 1, what: "expected a label and counts" }.into())
            }
            None => Ok(()),
        }
    }
}

impl Line {
    fn count(&mut self, sum: Raw, now_ns: u64, columns: u64, same_columns: bool) {
        let before = self.row.now;
        let grown = if same_columns { sum.grown_since_sum_of_u32(self.sum, columns) } else { None };
        let total = match (before.total.get(), grown) {
            (Some(total), Some(grown)) => Raw::new(total.saturating_add(grown)),
            (None, _) => sum,
            (Some(_), None) => {
                self.row.resets = self.row.resets.wrapping_add(1);
                before.total
            }
        };
        self.row.before = if grown.is_some() { before } else { Count::default() };
        self.row.now = Count { at_ns: now_ns, total };
        self.sum = sum;
    }
}

/// What a new line is called: two lines of one name would be one to everybody else.
fn unused_name<T: CpuTable>(line: &TableLine, known: &[Line]) -> Arc<str> {
    let mut name = Vec::new();
    T::write_name(line, &mut name);
    name.truncate(NAME_BYTES);
    let plain = |byte: &u8| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '?' };
    let name: String = name.iter().map(plain).collect();
    let name = name.trim_end();
    let is_used = |name: &str| known.iter().any(|line| *line.name == *name);
    if !is_used(name) {
        return name.into();
    }
    let same = known.iter().filter(|known| *known.label == *line.label).count();
    (same.max(1) + 1..).map(|number| format!("{name} #{number}")).find(|name| !is_used(name)).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tells of every line, by its label and what follows.
    struct Plain;

    impl CpuTable for Plain {
        const OVERDUE: &'static str = "";
        const MISSING: &'static str = "";

        fn write_name(line: &TableLine, name: &mut Vec<u8>) {
            name.extend_from_slice(line.label);
            name.extend_from_slice(line.rest);
        }

        fn choose(&mut self, _lines: &mut [Line], _now_ns: u64) {}
    }

    #[derive(Default)]
    struct Table {
        lines: Lines,
        seconds: u64,
    }

    impl Table {
        /// Reads it a second later: each line with its rate.
        fn read(&mut self, text: &str) -> Vec<(String, f64)> {
            self.seconds += 1;
            let mut pass = self.lines.begin(self.seconds * 1_000_000_000);
            text.lines().for_each(|line| pass.take::<Plain>(line.as_bytes()));
            pass.end().unwrap();
            self.lines.rates().map(|(name, rate)| (name.to_owned(), rate)).collect()
        }
    }

    fn is(found: &[(String, f64)], expected: &[(&str, f64)]) -> bool {
        let same = |((name, rate), (expected_name, expected)): (&(String, f64), &(&str, f64))| {
            name == expected_name && (rate == expected || rate.is_nan() && expected.is_nan())
        };
        found.len() == expected.len() && found.iter().zip(expected).all(same)
    }

    const UNKNOWN: f64 = f64::NAN;

    #[test]
    fn counters_of_cpus_that_start_over_have_rates_and_those_that_are_reset_none() {
        let mut table = Table::default();
        let mut read = |counts: [u64; 3]| {
            let [a, b, c] = counts;
            table.read(&format!(" CPU0 CPU1 CPU2\nLOC: {a} {b} {c}\n"))[0].1
        };
        const TOP: u64 = u32::MAX as u64;
        assert!(read([TOP, TOP - 1, 4_000_000_000]).is_nan());
        assert_eq!(read([TOP, TOP, 4_000_000_000]), 1.0);
        // One, then two at once, then none of them.
        assert_eq!(read([9, TOP, 4_000_000_000]), 10.0);
        assert_eq!(read([TOP, TOP, TOP]), (TOP - 9 + TOP - 4_000_000_000) as f64);
        assert_eq!(read([1, 2, TOP]), 5.0);
        assert_eq!(read([1, 2, 4]), 5.0);
        assert!(read([0, 0, 0]).is_nan());
        assert_eq!(read([0, 3, 0]), 3.0);
    }

    #[test]
    fn a_cpu_that_comes_or_goes_connects_nothing() {
        let mut table = Table::default();
        table.read(" CPU0 CPU1\nRES: 10 20\n");
        let before = table.lines.known[0].row;
        assert!(is(&table.read(" CPU0 CPU1 CPU2\nRES: 10 20 4000\n"), &[("RES", UNKNOWN)]));
        assert!(is(&table.read(" CPU0 CPU1 CPU2\nRES: 10 20 4007\n"), &[("RES", 7.0)]));
        let now = table.lines.known[0].row;
        assert!(now.per_second_since(Some(&before)).is_nan());
        assert_eq!(now.per_second_since(None), 7.0);
    }

    #[test]
    fn a_line_that_says_something_else_is_another() {
        let mut table = Table::default();
        table.read(" CPU0\n1: 5 a\n2: 5 b\n3: 5 c\n");
        let shared = table.read(" CPU0\n1: 6 a\n2: 9 b, d\n3: 7 c\n");
        assert!(is(&shared, &[("1 a", 1.0), ("2 b, d", UNKNOWN), ("3 c", 2.0)]));
        assert!(is(&table.read(" CPU0\n3: 7 c\n"), &[("3 c", 0.0)]));
        let back = table.read(" CPU0\n0: 1 z\n1: 6 a\n3: 9 c\nERR: 4\n");
        assert!(is(&back, &[("0 z", UNKNOWN), ("1 a", UNKNOWN), ("3 c", 2.0), ("ERR", UNKNOWN)]));
    }

    #[test]
    fn no_two_lines_have_one_name() {
        let mut table = Table::default();
        let long = "x".repeat(80);
        let text = format!(
            " CPU0\nLOC: 1 timer\nLOC: 2 others\nLOC: 3 timer\n{long}y: 4\n{long}z: 5\na\u{e9}: 6\na\u{e8}: 7\n"
        );
        table.read(&text);
        let names: Vec<String> = table.read(&text).into_iter().map(|(name, rate)| format!("{name} {rate}")).collect();
        let cut = &long[..NAME_BYTES];
        let expected = ["LOC timer 0", "LOC others 0", "LOC timer #3 0", &format!("{cut} 0"), &format!("{cut} #2 0")];
        assert_eq!(names[..5], expected);
        assert_eq!(names[5..], ["a?? 0", "a?? #2 0"]);
    }

    #[test]
    fn what_is_no_table_is_refused() {
        for text in ["", "LOC: 1 2\n", " CPU0 CPU1\n", " CPU0\nnothing\n"] {
            let mut lines = Lines::default();
            let mut pass = lines.begin(1);
            text.lines().for_each(|line| pass.take::<Plain>(line.as_bytes()));
            assert!(pass.end().is_err(), "{text:?}");
        }
    }
}
