//! What memory controllers count: bytes read and written, from the first kind of PMU that this host has.
//!
//! Intel's drivers name the events and say what a count means. AMD's do not; the codes are those of the kernel's
//! `tools/perf/pmu-events/arch/x86/amdzen*/{memory-controller,data-fabric}.json`.

use super::counting::Counted;
use super::plan::{HostView, Plan, PlannedEvent, Planner, Request};
use super::pmu::{self, Encoded, Pmu};
use super::reasons;
use crate::sampler::raw::Raw;

/// What a CAS command or a data beat moves.
const CACHE_LINE_BYTES: f64 = 64.0;
const MIB: f64 = 1_048_576.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Read,
    Write,
    /// The hardware does not tell them apart.
    Both,
}

const DIRECTIONS: [(Direction, &str); 3] = [
    (Direction::Read, "memory-reads"),
    (Direction::Write, "memory-writes"),
    (Direction::Both, "memory-reads-and-writes"),
];

/// What each count of a reading means.
pub struct Meaning {
    direction: Direction,
    bytes: f64,
}

/// An event to count on every unit of a kind of PMU.
struct Wanted {
    direction: Direction,
    encoded: Encoded,
}

/// The kinds of PMU, the most exact first, and how to ask them.
type Ask = fn(&Pmu) -> Vec<Wanted>;
static KINDS: [(&str, Ask); 4] =
    [("uncore_imc", intel), ("uncore_imc_free_running", intel), ("amd_umc", amd_controller), ("amd_df", amd_fabric)];

/// Server controllers count CAS commands (from Granite Rapids on for each sub-channel), client ones and those that run
/// freely count data.
fn intel(pmu: &Pmu) -> Vec<Wanted> {
    const NAMES: [(&[&str], &[&str]); 5] = [
        (&["cas_count_read"], &["cas_count_write"]),
        (&["cas_count_read_sch0", "cas_count_read_sch1"], &["cas_count_write_sch0", "cas_count_write_sch1"]),
        (&["data_reads"], &["data_writes"]),
        (&["data_read"], &["data_write"]),
        (&["read"], &["write"]),
    ];
    let known = NAMES.iter().find(|(reads, writes)| reads.iter().chain(*writes).all(|event| pmu.has_event(event)));
    let Some((reads, writes)) = known else { return Vec::new() };
    let events = |direction, names: &[&str]| wanted(pmu, names.iter().map(|name| (direction, (*name).to_owned())));
    let mut all = events(Direction::Read, reads);
    all.extend(events(Direction::Write, writes));
    all
}

/// `umc_cas_cmd.rd` and `umc_cas_cmd.wr`, since Zen 4.
fn amd_controller(pmu: &Pmu) -> Vec<Wanted> {
    let terms = |mask: u32| format!("event=0xa,rdwrmask={mask:#x}");
    wanted(pmu, [(Direction::Read, terms(1)), (Direction::Write, terms(2))].into_iter())
}

/// The fabric between cores and DRAM channels. Since Zen 4 (which widened the umask to 12 bits) data beats of local and
/// remote sockets, up to 12 channels; before, of 8 channels, `dram_channel_data_controller_*`, which does not tell reads
/// from writes. There are fewer counters than that: they take turns.
fn amd_fabric(pmu: &Pmu) -> Vec<Wanted> {
    let channel = |number: u32| 0x40 * (number % 4) + 0x100 * (number / 4);
    let terms = |base: u32, number: u32, umask: u32| format!("event={:#x},umask={umask:#x}", base + channel(number));
    match pmu.format_bits("umask") {
        Some(12) => wanted(
            pmu,
            (0..12).flat_map(|number| {
                [(Direction::Read, terms(0x1f, number, 0xffe)), (Direction::Write, terms(0x1f, number, 0xfff))]
            }),
        ),
        Some(8) => wanted(pmu, (0..8).map(|number| (Direction::Both, terms(0x07, number, 0x38)))),
        _ => Vec::new(),
    }
}

/// All of the events, or none when one of them makes no sense to the PMU.
fn wanted(pmu: &Pmu, events: impl Iterator<Item = (Direction, String)>) -> Vec<Wanted> {
    let encoded = events.map(|(direction, terms)| pmu.encode(&terms).map(|encoded| Wanted { direction, encoded }));
    encoded.collect::<Result<_, _>>().unwrap_or_default()
}

fn bytes_per_count(encoded: &Encoded) -> f64 {
    if encoded.unit == "MiB" { encoded.scale * MIB } else { CACHE_LINE_BYTES }
}

/// Plans the events of the first kind of PMU that has any.
pub struct Controllers;

impl Planner for Controllers {
    type Layout = Vec<Meaning>;
    const FAMILY: &'static str = "memory_bandwidth";
    const NOTHING: &'static str = "no memory controller can be counted";

    fn plan(host: &HostView) -> Plan<Vec<Meaning>> {
        let (mut requests, mut layout, mut used) = (Vec::new(), Vec::new(), [false; 3]);
        for (kind, ask) in KINDS {
            for (unit, pmu) in pmu::named(&host.pmus, kind).into_iter().enumerate() {
                let events = ask(pmu);
                // A group gets its turn only as a whole, and the fabric has fewer counters than events.
                let grouped = events.len() <= 2;
                for (place, Wanted { direction, encoded }) in events.iter().enumerate() {
                    used[*direction as usize] = true;
                    for cpu in pmu.cpus(&host.online) {
                        requests.push(Request {
                            slot: layout.len(),
                            event: *direction as usize,
                            pmu: pmu.name.clone(),
                            cpu,
                            group: (unit * events.len() + if grouped { 0 } else { place }) as u32,
                            code: encoded.code,
                        });
                        layout.push(Meaning { direction: *direction, bytes: bytes_per_count(encoded) });
                    }
                }
            }
            if !requests.is_empty() {
                break;
            }
        }
        let problem =
            |index: usize| (requests.is_empty() && index < 2).then(|| reasons::no_memory_pmu(&host.cpuinfo()));
        let events = DIRECTIONS.iter().map(|(direction, name)| PlannedEvent {
            name: (*name).to_owned(),
            hardware: false,
            problem: problem(*direction as usize),
        });
        let mut events: Vec<PlannedEvent> = events.collect();
        // An event that this hardware does not have, because it has the others, is not missing.
        if !used[Direction::Both as usize] {
            events.truncate(2);
        } else {
            for event in &mut events[..2] {
                event.problem = Some("the hardware counts reads and writes together".to_owned().into());
            }
        }
        requests.sort_by_key(|request| (request.cpu, request.group));
        Plan { events, requests, slots: layout.len(), layout }
    }
}

/// Bytes moved since the counters were opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct Traffic {
    pub read: Raw,
    pub write: Raw,
    pub total: Raw,
    /// When they were read; totals of two openings have nothing to do with each other.
    pub at_ns: u64,
    pub generation: u32,
}

/// Adds up what all controllers count. Those that take turns are extrapolated from one turn to the next, so the sums are
/// the same whoever looks how often.
#[derive(Default)]
pub struct Adder {
    last: Vec<super::count::Count>,
    bytes: [u64; 3],
    generation: u32,
}

impl Adder {
    pub fn add(&mut self, counted: &Counted<Vec<Meaning>>) -> Traffic {
        let Some(meanings) = &counted.layout else { return Traffic::default() };
        if self.generation != counted.generation {
            (self.generation, self.bytes) = (counted.generation, [0; 3]);
            self.last.clone_from(&counted.counts);
        }
        let (mut used, mut missing) = ([false; 3], [false; 3]);
        for ((count, last), meaning) in counted.counts.iter().zip(&mut self.last).zip(meanings) {
            let direction = meaning.direction as usize;
            used[direction] = true;
            // Without one of its controllers a sum means nothing.
            missing[direction] |= !count.is_open();
            if let Some(grown) = count.grown_since(*last) {
                self.bytes[direction] = self.bytes[direction].saturating_add((grown as f64 * meaning.bytes) as u64);
                *last = *count;
            } else if count.running_ns != last.running_ns {
                // It had its turn and stepped back: it goes on from there, and does not stand still until it has caught up.
                *last = *count;
            }
        }
        let sum = |direction: Direction| {
            let known = used[direction as usize] && !missing[direction as usize];
            if known { Raw::new(self.bytes[direction as usize]) } else { Raw::ABSENT }
        };
        let (read, write) = (sum(Direction::Read), sum(Direction::Write));
        let total = match (read.get(), write.get()) {
            (Some(read), Some(write)) => Raw::new(read.saturating_add(write)),
            _ => sum(Direction::Both),
        };
        Traffic { read, write, total, at_ns: counted.at_ns, generation: counted.generation }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::perf::control::Settings;
    use crate::perf::count::Count;
    use crate::sampler::kernel::Roots;
    use crate::testing::{TempDir, copy_host, host};
    use std::fs;
    use std::path::Path;

    fn plan(root: &Path) -> Plan<Vec<Meaning>> {
        let roots = Roots { proc: root.join("proc"), sys: root.join("sys"), cgroup: root.join("cgroup") };
        Controllers::plan(&HostView::new(&roots, &[0, 1, 2, 3, 4, 5, 6, 7], Settings::default()).unwrap())
    }

    fn described(plan: &Plan<Vec<Meaning>>) -> Vec<(&str, u32, u64, Direction)> {
        plan.requests
            .iter()
            .map(|request| {
                let direction = plan.layout[request.slot].direction;
                (request.pmu.as_str(), request.cpu, request.code.config[0], direction)
            })
            .collect()
    }

    #[test]
    fn intel_servers_count_cas_commands_of_every_controller_of_every_socket() {
        let plan = plan(&host("intel-2s-server"));
        let described = described(&plan);
        assert_eq!(described.len(), 3 * 2 * 2);
        assert_eq!(
            described[..2],
            [("uncore_imc_0", 0, 0xf04, Direction::Read), ("uncore_imc_0", 0, 0x3004, Direction::Write)]
        );
        assert_eq!((described[11].0, described[11].1), ("uncore_imc_10", 4));
        assert!(plan.layout.iter().all(|meaning| meaning.bytes == 64.0));
        assert_eq!(plan.events.len(), 2);
    }

    #[test]
    fn clients_count_freely() {
        let plan = plan(&host("hybrid-laptop"));
        let described = described(&plan);
        assert_eq!(
            described,
            [
                ("uncore_imc_free_running_0", 0, 0x20ff, Direction::Read),
                ("uncore_imc_free_running_0", 0, 0x30ff, Direction::Write),
                ("uncore_imc_free_running_1", 0, 0x20ff, Direction::Read),
                ("uncore_imc_free_running_1", 0, 0x30ff, Direction::Write),
            ]
        );
    }

    #[test]
    fn amd_counts_at_the_controllers_or_else_in_the_fabric() {
        let first = plan(&host("amd-epyc"));
        assert_eq!(
            described(&first)[..2],
            [("amd_umc_0", 0, 0x10a, Direction::Read), ("amd_umc_0", 0, 0x20a, Direction::Write)]
        );
        let folder = TempDir::new();
        copy_host("amd-epyc", folder.path());
        let devices = folder.path().join("sys").join(pmu::FOLDER);
        for unit in ["amd_umc_0", "amd_umc_1"] {
            fs::remove_dir_all(devices.join(unit)).unwrap();
        }
        let fabric = plan(folder.path());
        assert_eq!(fabric.requests.len(), 24);
        assert_eq!(described(&fabric)[0], ("amd_df", 0, 0x0f00_fe1f, Direction::Read));
        assert_eq!(described(&fabric)[23], ("amd_df", 0, 0x2_0f00_ffdf, Direction::Write));
        // Before Zen 4.
        fs::write(devices.join("amd_df/format/event"), "config:0-7,32-35,59-60\n").unwrap();
        fs::write(devices.join("amd_df/format/umask"), "config:8-15\n").unwrap();
        let old = plan(folder.path());
        assert_eq!(described(&old)[0], ("amd_df", 0, 0x3807, Direction::Both));
        assert_eq!(described(&old)[7], ("amd_df", 0, 0x1_0000_38c7, Direction::Both));
        assert_eq!(old.events.len(), 3);
        assert!(old.events[0].problem.as_ref().unwrap().reason.contains("together"));
    }

    #[test]
    fn a_host_without_says_so() {
        let plan = plan(&host("arm-big-little"));
        assert!(plan.requests.is_empty());
        assert!(
            plan.events.iter().all(|event| event.problem.as_ref().unwrap().reason.starts_with("ENOENT: no such PMU"))
        );
    }

    fn counted(direction: [Direction; 2], counts: [Count; 2], generation: u32) -> Counted<Vec<Meaning>> {
        let layout = direction.map(|direction| Meaning { direction, bytes: 64.0 }).into_iter().collect();
        Counted { layout: Some(layout), counts: counts.to_vec(), at_ns: 5, generation }
    }

    fn count(value: u64, enabled_ns: u64, running_ns: u64) -> Count {
        Count { value, enabled_ns, running_ns }
    }

    #[test]
    fn turns_that_were_missed_are_made_up_for_at_the_next() {
        let both = [Direction::Read, Direction::Write];
        let mut adder = Adder::default();
        let first = adder.add(&counted(both, [count(100, 10, 10), count(7, 10, 10)], 1));
        assert_eq!((first.read, first.write, first.total), (Raw::new(0), Raw::new(0), Raw::new(0)));
        adder.add(&counted(both, [count(100, 20, 10), count(8, 20, 20)], 1));
        let third = adder.add(&counted(both, [count(150, 30, 20), count(9, 30, 30)], 1));
        // 50 in 10 of 20 ns: 100 in 20.
        assert_eq!((third.read, third.write, third.total), (Raw::new(6400), Raw::new(128), Raw::new(6528)));
        let reopened = adder.add(&counted(both, [count(150, 30, 20), count(9, 30, 30)], 2));
        assert_eq!((reopened.total, reopened.generation), (Raw::new(0), 2));
    }

    #[test]
    fn a_count_that_steps_back_adds_nothing_and_goes_on_from_there() {
        let both = [Direction::Read, Direction::Write];
        let mut adder = Adder::default();
        let mut read = |value, ns| adder.add(&counted(both, [count(value, ns, ns), count(0, ns, ns)], 1)).read;
        let read = [(1 << 40, 10), ((1 << 40) - 7, 20), ((1 << 40) - 5, 30), (5, 40), (6, 50)]
            .map(|(value, ns)| read(value, ns));
        assert_eq!(read, [0, 0, 128, 128, 192].map(Raw::new));
    }

    #[test]
    fn a_controller_that_is_not_counted_leaves_its_sum_unknown() {
        let mut adder = Adder::default();
        let traffic = adder.add(&counted([Direction::Read, Direction::Write], [count(1, 1, 1), count(0, 0, 0)], 1));
        assert_eq!((traffic.read, traffic.write, traffic.total), (Raw::new(0), Raw::ABSENT, Raw::ABSENT));
        let traffic = adder.add(&counted([Direction::Both; 2], [count(1, 1, 1); 2], 2));
        assert_eq!((traffic.read, traffic.write, traffic.total), (Raw::ABSENT, Raw::ABSENT, Raw::new(0)));
    }
}
