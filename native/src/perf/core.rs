//! The `perf` family: what the CPUs' own counters and the kernel's say, of all CPUs together and of each.

use super::count::{Count, Growth};
use super::counting::Counting;
use super::events::{EVENTS, Event, Source, TABLE};
use super::plan::{HostView, Plan, PlannedEvent, Planner, Request};
use crate::proc::name::Name;
use crate::sampler::family::{Descriptor, Family, Field, Output, Pair, Problems, Rows};
use crate::sampler::kernel::Kernel;
use crate::sampler::raw::percent;
use crate::sampler::reader::{ReadError, Shared};

const fn events(name: &'static str, help: &'static str) -> Field {
    Field::rate(name, "1/s", help)
}

const fn per_thousand(name: &'static str, help: &'static str) -> Field {
    Field::rate(name, "1/1000 instructions", help)
}

static PERF: Descriptor = Descriptor {
    name: "perf",
    help: "Events that the CPUs and the kernel count (perf_event_open), of all CPUs together and of each. Where there are \
           more events than counters they take turns, and counts are extrapolated",
    instance_label: "cpu",
    floor_interval_ms: FLOOR_INTERVAL_MS,
    fields: &[
        Field::rate(
            "running_ratio",
            "ratio",
            "Share of the time that events had their turn, of the one that had least",
        ),
        Field::rate("instructions_per_cycle", "1/cycle", "Instructions per cycle (IPC)"),
        events("cycles_per_sec", "Cycles in which the CPU was not halted"),
        events("instructions_per_sec", "Instructions retired"),
        events("branches_per_sec", "Branches retired"),
        events("branch_misses_per_sec", "Branches predicted wrongly"),
        Field::rate("branch_miss_percent", "percent", "Share of the branches that were predicted wrongly"),
        events("l1d_loads_per_sec", "Loads from the first-level data cache"),
        events("l1d_load_misses_per_sec", "Loads that missed it"),
        events("l1i_loads_per_sec", "Fetches from the first-level instruction cache"),
        events("l1i_load_misses_per_sec", "Fetches that missed it"),
        events("l2_misses_per_sec", "Requests that missed the second-level cache"),
        events("llc_loads_per_sec", "Loads from the last-level cache"),
        events("llc_load_misses_per_sec", "Loads that missed it"),
        events("dtlb_loads_per_sec", "Look-ups of data addresses in the TLB"),
        events("dtlb_load_misses_per_sec", "Look-ups that missed it"),
        events("itlb_loads_per_sec", "Look-ups of instruction addresses in the TLB"),
        events("itlb_load_misses_per_sec", "Look-ups that missed it"),
        events("stalled_cycles_frontend_per_sec", "Cycles in which no instruction could be issued for want of any"),
        events("stalled_cycles_backend_per_sec", "Cycles in which issued instructions could not go on"),
        per_thousand("l1d_misses_per_1000_instructions", "Misses of the first-level data cache"),
        per_thousand("l1i_misses_per_1000_instructions", "Misses of the first-level instruction cache"),
        per_thousand("l2_misses_per_1000_instructions", "Misses of the second-level cache"),
        per_thousand("llc_misses_per_1000_instructions", "Misses of the last-level cache"),
        per_thousand("dtlb_misses_per_1000_instructions", "Misses of the data TLB"),
        per_thousand("itlb_misses_per_1000_instructions", "Misses of the instruction TLB"),
        per_thousand("branch_misses_per_1000_instructions", "Branches predicted wrongly"),
        Field::rate("cpu_clock_ms_per_sec", "ms/s", "Time counted: 1000 for each CPU"),
        Field::rate("task_clock_ms_per_sec", "ms/s", "The same by the clock of tasks"),
        events("context_switches_per_sec", "Context switches"),
        events("cpu_migrations_per_sec", "Tasks moved to this CPU from another"),
        events("page_faults_per_sec", "Page faults, minor and major"),
        events("minor_page_faults_per_sec", "Page faults served from memory"),
        events("major_page_faults_per_sec", "Page faults that had to wait for a disk"),
    ],
};

/// Each CPU but the reader's is interrupted for each of its groups, of which there are up to nine. Measured on a virtual
/// machine: a group takes 0.9 µs on the reader's own CPU and 12 to 15 on another. Where that is too much for a thousand
/// readings a second, counters rest in between.
pub const FLOOR_INTERVAL_MS: u32 = 1;

/// One CPU, or all: then there is nothing in it, and the values come from the rows behind it.
#[derive(Clone, Copy)]
pub struct PerfRow {
    counts: [Count; EVENTS],
    generation: u32,
}

/// Plans the same events for each CPU.
pub struct EachCpu;

impl Planner for EachCpu {
    /// The names of the CPUs; each has [`EVENTS`] counts.
    type Layout = Vec<Name>;
    const FAMILY: &'static str = "perf";
    const NOTHING: &'static str = "no event can be counted";

    fn plan(host: &HostView) -> Plan<Vec<Name>> {
        let mut events: Vec<PlannedEvent> = TABLE
            .iter()
            .map(|definition| PlannedEvent {
                name: definition.name.to_owned(),
                hardware: definition.is_hardware(),
                problem: None,
            })
            .collect();
        let (cpus, amd_family) = (host.chosen(), host.amd_family());
        let mut requests = Vec::new();
        for (place, cpu) in cpus.iter().copied().enumerate() {
            let core = host.core_pmu(cpu);
            for (event, definition) in TABLE.iter().enumerate() {
                match definition.encode(core, amd_family) {
                    Ok(code) => requests.push(Request {
                        slot: place * EVENTS + event,
                        event,
                        pmu: match definition.source {
                            Source::Software(_) => "software".to_owned(),
                            _ => core.map_or_else(String::new, |core| core.name.clone()),
                        },
                        cpu,
                        group: definition.group,
                        code,
                    }),
                    Err(problem) => {
                        events[event].problem.get_or_insert(problem);
                    }
                }
            }
        }
        let layout = cpus.iter().map(|cpu| Name::new(cpu.to_string().as_bytes())).collect();
        Plan { events, requests, slots: cpus.len() * EVENTS, layout }
    }
}

/// The `perf` family.
pub struct Perf {
    counting: Shared<Counting<EachCpu>>,
}

impl Family for Perf {
    type Row = PerfRow;
    const DESCRIPTOR: &'static Descriptor = &PERF;

    fn new(kernel: &mut Kernel) -> Self {
        Self { counting: Counting::shared(kernel) }
    }

    fn capture(&mut self, tick: u64, rows: &mut Rows<PerfRow>) -> Result<u64, ReadError> {
        let (counted, at_ns) = self.counting.read(tick)?;
        let generation = counted.generation;
        if let Some(cpus) = &counted.layout {
            rows.push(b"all", PerfRow { counts: [Count::default(); EVENTS], generation });
            for (cpu, counts) in cpus.iter().zip(counted.counts.chunks_exact(EVENTS)) {
                if let Some(counts) = counts.first_chunk() {
                    rows.push(cpu.as_bytes(), PerfRow { counts: *counts, generation });
                }
            }
        }
        Ok(at_ns)
    }

    fn derive(pair: &Pair<PerfRow>, out: &mut Output) {
        let cpus = || pair.rows().skip(1).map(|(before, now)| Rates::between(before, now));
        if let Some(all) = cpus().reduce(Rates::together) {
            all.put(out);
            cpus().for_each(|rates| rates.put(out));
        } else if !pair.now.rows.is_empty() {
            Rates::NOTHING.put(out);
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

/// Every event's rate, and whether it is counted at all on these CPUs.
#[derive(Clone, Copy)]
struct Rates {
    per_sec: [f64; EVENTS],
    /// Instructions per second of the CPUs that count the event: where one kind of core does not have it, its instructions
    /// have nothing to do with it.
    instructions_per_sec: [f64; EVENTS],
    open: [bool; EVENTS],
    running_ratio: f64,
}

impl Rates {
    const NOTHING: Self = Self {
        per_sec: [f64::NAN; EVENTS],
        instructions_per_sec: [f64::NAN; EVENTS],
        open: [false; EVENTS],
        running_ratio: f64::NAN,
    };

    fn between(before: Option<&PerfRow>, now: &PerfRow) -> Self {
        let mut rates = Self::NOTHING;
        let before = before.filter(|before| before.generation == now.generation);
        for (event, count) in now.counts.iter().enumerate() {
            rates.open[event] = count.is_open();
            let growth = before.map_or(Growth::NOTHING, |before| count.since(before.counts[event]));
            rates.per_sec[event] = growth.per_sec;
            rates.running_ratio = rates.running_ratio.min(growth.running_ratio);
        }
        rates.instructions_per_sec = [rates.per_sec[Event::Instructions as usize]; EVENTS];
        rates
    }

    /// The sum of both. A CPU whose core does not have the event adds nothing to it; one that has it and could not count it
    /// just now leaves the sum unknown.
    fn together(self, other: Self) -> Self {
        let mut sum = self;
        for event in 0..EVENTS {
            let of_those_that_count = |a: &[f64; EVENTS], b: &[f64; EVENTS]| match (self.open[event], other.open[event])
            {
                (true, true) => a[event] + b[event],
                (true, false) => a[event],
                (false, _) => b[event],
            };
            sum.per_sec[event] = of_those_that_count(&self.per_sec, &other.per_sec);
            sum.instructions_per_sec[event] =
                of_those_that_count(&self.instructions_per_sec, &other.instructions_per_sec);
            sum.open[event] |= other.open[event];
        }
        sum.running_ratio = self.running_ratio.min(other.running_ratio);
        sum
    }

    fn put(&self, out: &mut Output) {
        let of = |event: Event| self.per_sec[event as usize];
        let per_thousand = |event: Event| of(event) * 1000.0 / self.instructions_per_sec[event as usize];
        let ms = |event: Event| of(event) / 1e6;
        out.put_all([self.running_ratio, of(Event::Instructions) / of(Event::Cycles)]);
        out.put_all([Event::Cycles, Event::Instructions, Event::Branches, Event::BranchMisses].map(of));
        out.put(percent(of(Event::BranchMisses), of(Event::Branches)));
        out.put_all([Event::L1dLoads, Event::L1dLoadMisses, Event::L1iLoads, Event::L1iLoadMisses].map(of));
        out.put_all([Event::L2Misses, Event::LlcLoads, Event::LlcLoadMisses].map(of));
        out.put_all([Event::DtlbLoads, Event::DtlbLoadMisses, Event::ItlbLoads, Event::ItlbLoadMisses].map(of));
        out.put_all([Event::StalledFrontend, Event::StalledBackend].map(of));
        out.put_all([Event::L1dLoadMisses, Event::L1iLoadMisses, Event::L2Misses].map(per_thousand));
        out.put_all([Event::LlcLoadMisses, Event::DtlbLoadMisses, Event::ItlbLoadMisses].map(per_thousand));
        out.put(per_thousand(Event::BranchMisses));
        out.put_all([Event::CpuClock, Event::TaskClock].map(ms));
        out.put_all([Event::ContextSwitches, Event::CpuMigrations].map(of));
        out.put_all([Event::PageFaults, Event::MinorFaults, Event::MajorFaults].map(of));
    }
}
