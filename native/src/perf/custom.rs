//! The `perf_custom` family: events of any PMU, chosen by the person who runs the host.

use super::core::FLOOR_INTERVAL_MS;
use super::count::{Count, Growth};
use super::counting::Counting;
use super::events;
use super::kernel::{EventCode, TYPE_RAW};
use super::plan::{HostView, Plan, PlannedEvent, Planner, Request};
use super::pmu::{self, Encoded, Pmu};
use super::reasons::Problem;
use crate::sampler::family::{Descriptor, Family, Field, Output, Pair, Problems, Rows};
use crate::sampler::kernel::Kernel;
use crate::sampler::reader::{ReadError, Shared};

static PERF_CUSTOM: Descriptor = Descriptor {
    name: "perf_custom",
    help: "Events of any PMU that the settings name, written as for `perf stat -e` (`msr/tsc/`, `cpu/event=0x3c,umask=0x1/`, \
           `r13c`, `cycles`): each in all, and by PMU and CPU (`msr/tsc/@0`)",
    instance_label: "event",
    floor_interval_ms: FLOOR_INTERVAL_MS,
    fields: &[
        Field::rate(
            "value_per_sec",
            "unit/s",
            "Growth per second, in the unit that the PMU gives its event, else counts",
        ),
        Field::rate("running_ratio", "ratio", "Share of the time that it had its turn; below 1 it is extrapolated"),
    ],
};

/// One counter; or an event in all, whose counters are the rows behind it.
#[derive(Clone, Copy)]
pub struct CustomRow {
    count: Count,
    scale: f64,
    generation: u32,
    /// 0 for a counter.
    counters: u32,
}

/// The rows of a reading, in order. Counters are in the order of their counts.
pub struct CustomLayout {
    rows: Vec<LayoutRow>,
}

struct LayoutRow {
    name: String,
    scale: f64,
    /// None for a counter; else how many counters of this event follow.
    counters: Option<u32>,
}

/// Plans what the settings name.
pub struct Chosen;

/// Where an event is counted.
struct Target {
    unit: String,
    pmu: String,
    cpus: Vec<u32>,
    encoded: Encoded,
}

fn plain(code: EventCode) -> Encoded {
    Encoded { code, scale: 1.0, unit: String::new() }
}

/// What an event as written means on this host.
fn resolve(host: &HostView, written: &str) -> Result<(Vec<Target>, bool), Problem> {
    if let Some((name, terms)) = written.split_once('/') {
        let terms = terms.strip_suffix('/').filter(|terms| !terms.contains('/'));
        let terms = terms.ok_or_else(|| "expected PMU/EVENT/ with nothing behind, as in msr/tsc/".to_owned())?;
        let pmus = pmu::named(&host.pmus, name);
        if pmus.is_empty() {
            let names: Vec<&str> = host.pmus.iter().map(|pmu| pmu.name.as_str()).collect();
            return Err(format!("ENOENT: no such PMU: {name}; this host has {}", names.join(" ")).into());
        }
        let target = |pmu: &&Pmu| {
            let online = if matches!(pmu.reach, pmu::Reach::Shared(_)) { host.online.clone() } else { host.chosen() };
            let (unit, cpus) = (format!("{}/{terms}/", pmu.name), pmu.cpus(&online));
            Ok(Target { unit, pmu: pmu.name.clone(), cpus, encoded: pmu.encode(terms)? })
        };
        let targets = pmus.iter().map(target).collect::<Result<Vec<_>, String>>()?;
        return Ok((targets, true));
    }
    let raw = written.strip_prefix('r').and_then(|digits| u64::from_str_radix(digits, 16).ok());
    let definition = events::by_name(written);
    if raw.is_none() && definition.is_none() {
        let expected = "expected PMU/EVENT/ as in msr/tsc/, a raw code such as r13c, or a generic event such as cycles";
        return Err(expected.to_owned().into());
    }
    let amd_family = host.amd_family();
    let mut targets = Vec::<Target>::new();
    for cpu in host.chosen() {
        let core = host.core_pmu(cpu);
        let encoded = match (raw, definition) {
            (None, Some(definition)) => plain(definition.encode(core, amd_family)?),
            // A PMU of its own for each kind of core has its own type; otherwise raw means the only one.
            _ => plain(EventCode {
                kind: core.filter(|core| core.name != "cpu").map_or(TYPE_RAW, |core| core.kind),
                config: [raw.unwrap_or(0), 0, 0, 0],
            }),
        };
        match targets.iter_mut().find(|target| target.encoded == encoded) {
            Some(target) => target.cpus.push(cpu),
            None => targets.push(Target {
                unit: written.to_owned(),
                pmu: match definition {
                    Some(definition) if !definition.is_hardware() => "software".to_owned(),
                    _ => core.map_or_else(String::new, |core| core.name.clone()),
                },
                cpus: vec![cpu],
                encoded,
            }),
        }
    }
    Ok((targets, definition.is_none_or(events::Definition::is_hardware)))
}

impl Planner for Chosen {
    type Layout = CustomLayout;
    const FAMILY: &'static str = "perf_custom";
    const NOTHING: &'static str = "no events are chosen, or none of them can be counted";

    fn plan(host: &HostView) -> Plan<CustomLayout> {
        let (mut events, mut requests, mut rows, mut slot) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for written in &host.settings.events {
            let event = events.len();
            let (targets, hardware, problem) = match resolve(host, written) {
                Ok((targets, hardware)) => (targets, hardware, None),
                Err(problem) => (Vec::new(), true, Some(problem)),
            };
            events.push(PlannedEvent { name: written.clone(), hardware, problem });
            let counters: usize = targets.iter().map(|target| target.cpus.len()).sum();
            rows.push(LayoutRow { name: written.clone(), scale: 1.0, counters: Some(counters as u32) });
            for target in targets {
                for cpu in target.cpus {
                    let name = format!("{}@{cpu}", target.unit);
                    rows.push(LayoutRow { name, scale: target.encoded.scale, counters: None });
                    let (pmu, code) = (target.pmu.clone(), target.encoded.code);
                    // Each counts for itself: what a person puts together need not fit together.
                    requests.push(Request { slot, event, pmu, cpu, group: slot as u32, code });
                    slot += 1;
                }
            }
        }
        Plan { events, requests, slots: slot, layout: CustomLayout { rows } }
    }
}

/// The `perf_custom` family.
pub struct PerfCustom {
    counting: Shared<Counting<Chosen>>,
}

impl Family for PerfCustom {
    type Row = CustomRow;
    const DESCRIPTOR: &'static Descriptor = &PERF_CUSTOM;

    fn new(kernel: &mut Kernel) -> Self {
        Self { counting: Counting::shared(kernel) }
    }

    fn capture(&mut self, tick: u64, rows: &mut Rows<CustomRow>) -> Result<u64, ReadError> {
        let (counted, at_ns) = self.counting.read(tick)?;
        let generation = counted.generation;
        let mut counts = counted.counts.iter();
        for LayoutRow { name, scale, counters } in counted.layout.iter().flat_map(|layout| &layout.rows) {
            let count = if counters.is_none() { counts.next().copied().unwrap_or_default() } else { Count::default() };
            rows.push(name.as_bytes(), CustomRow { count, scale: *scale, generation, counters: counters.unwrap_or(0) });
        }
        Ok(at_ns)
    }

    fn derive(pair: &Pair<CustomRow>, out: &mut Output) {
        for index in 0..pair.now.rows.len() {
            let row = &pair.now.rows[index];
            let behind = row.counters as usize;
            let growth = if behind == 0 {
                growth(pair, index)
            } else {
                let last = (index + behind).min(pair.now.rows.len() - 1);
                let counters = (index + 1..=last).filter(|counter| pair.now.rows[*counter].count.is_open());
                let sum = counters.map(|counter| growth(pair, counter)).reduce(|a, b| Growth {
                    per_sec: a.per_sec + b.per_sec,
                    running_ratio: a.running_ratio.min(b.running_ratio),
                });
                sum.unwrap_or(Growth::NOTHING)
            };
            out.put_all([growth.per_sec, growth.running_ratio]);
        }
    }

    fn problems(&self) -> Problems {
        let reader = self.counting.problem();
        self.counting.with_source(|counting| counting.problems(reader))
    }

    fn demand(&mut self, interval_ns: Option<u64>) {
        self.counting.with_source(|counting| counting.demand(interval_ns.is_some()));
    }
}

fn growth(pair: &Pair<CustomRow>, index: usize) -> Growth {
    let now = &pair.now.rows[index];
    let before = pair.before(index).filter(|before| before.generation == now.generation);
    let growth = before.map_or(Growth::NOTHING, |before| now.count.since(before.count));
    Growth { per_sec: growth.per_sec * now.scale, ..growth }
}
