//! A family's counters: opened when somebody wants them, read once a tick, opened anew when CPUs come or go.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::PerfAccess;
use super::control::EventStatus;
use super::count::Count;
use super::group::{self, Group, Refusal};
use super::kernel::Permission;
use super::plan::{HostView, Plan, PlannedEvent, Planner, Request};
use super::pmu;
use super::reasons::{self, Circumstances, Problem};
use crate::sampler::clock::Clock;
use crate::sampler::family::Problems;
use crate::sampler::kernel::{Kernel, Roots};
use crate::sampler::reader::{KernelFile, ReadError, Shared, Source};
use crate::sampler::rest::Rest;
use crate::sys::cpu_list::{self, OnlineCpus};

/// How often it is looked whether CPUs have come or gone.
const LOOK_NS: u64 = 1_000_000_000;
/// Counters that stand still although no CPU left are opened anew, at first after this long, then after twice as long each
/// time: whatever stops them may stop them again.
const FIRST_PATIENCE_NS: u64 = 2_000_000_000;
const LAST_PATIENCE_NS: u64 = 3_600_000_000_000;
/// When nothing can be counted, it is tried again this often: permission may be granted.
const RETRY_NS: u64 = 10_000_000_000;

/// Reading a CPU's counters interrupts that CPU, and costs from 1 to some 10 µs for each group, the most where it sleeps and
/// has to be woken first. So that this never takes more than a tenth of the thread's time, however many CPUs there are,
/// counters rest so many times as long as reading them takes. Ticks in between have no new values. A few CPUs and events are
/// read a thousand times a second.
const REST_FACTOR: u64 = 9;

/// What families see of their counters.
pub struct Counted<L> {
    /// What the counts mean; none while the counters are not open.
    pub layout: Option<L>,
    pub counts: Vec<Count>,
    /// When they were read.
    pub at_ns: u64,
    /// Counts openings: counts of two openings have nothing to do with each other.
    pub generation: u32,
}

/// All counters of one family.
pub struct Counting<P: Planner> {
    roots: Roots,
    access: PerfAccess,
    clock: Rc<dyn Clock>,
    online: KernelFile<OnlineCpus>,
    /// Somebody samples the family. Counters cost something even when nobody reads them.
    wanted: bool,
    /// The changes of CPUs and settings that were known when the counters were last opened, or tried.
    opened_for: Option<(u64, u64)>,
    groups: Vec<Group>,
    counted: Counted<P::Layout>,
    state: Result<(), ReadError>,
    next_look_ns: u64,
    retry_at_ns: u64,
    stopped_since_ns: Option<u64>,
    patience_ns: u64,
    rest: Rest,
    statuses: Vec<EventStatus>,
    notes: Vec<String>,
    news: u64,
}

impl<P: Planner> Counting<P> {
    pub fn shared(kernel: &mut Kernel) -> Shared<Self> {
        let path = kernel.roots.sys.join(pmu::FOLDER);
        let (roots, access, clock) = (kernel.roots.clone(), kernel.perf.clone(), Rc::clone(&kernel.commons.clock));
        kernel.source(P::FAMILY, path, || Self {
            online: KernelFile::new(roots.sys.join("devices/system/cpu/online")),
            roots,
            access,
            clock,
            wanted: false,
            opened_for: None,
            groups: Vec::new(),
            counted: Counted { layout: None, counts: Vec::new(), at_ns: 0, generation: 0 },
            state: Ok(()),
            next_look_ns: 0,
            retry_at_ns: 0,
            stopped_since_ns: None,
            patience_ns: FIRST_PATIENCE_NS,
            rest: Rest::default(),
            statuses: Vec::new(),
            notes: Vec::new(),
            news: 0,
        })
    }

    /// Counters are open as long as they are wanted.
    pub fn demand(&mut self, wanted: bool) {
        if self.wanted != wanted {
            (self.wanted, self.opened_for) = (wanted, None);
            self.close();
        }
    }

    /// What is not counted, in words; `reader` is what its reader has to say.
    pub fn problems(&self, reader: Option<String>) -> Problems {
        let mut told = reasons::summary(&self.statuses);
        if self.state.is_ok() {
            told.extend(self.notes.iter().cloned());
            return Problems { unavailable: None, partial: told };
        }
        let reader = reader.unwrap_or_default();
        Problems { unavailable: Some(if told.is_empty() { reader } else { told.join("; ") }), partial: Vec::new() }
    }

    /// The kind of the PMUs that count any of it: their name without their number.
    pub fn counted_by(&self) -> Option<&str> {
        let counted = self.statuses.iter().find(|status| self.state.is_ok() && status.available)?;
        counted.pmu.split(',').next().map(|unit| pmu::instance_of(unit).0)
    }

    fn close(&mut self) {
        self.groups.clear();
        (self.counted.layout, self.stopped_since_ns) = (None, None);
        self.counted.counts.clear();
    }

    /// Sees to it that what should be open is.
    fn look(&mut self, now_ns: u64, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        self.next_look_ns = now_ns + LOOK_NS;
        self.online.read(buffer)?;
        let cause = (self.online.value().changes, self.access.control.changes());
        if self.opened_for != Some(cause) {
            self.patience_ns = FIRST_PATIENCE_NS;
        } else if self.stopped_since_ns.is_some_and(|since_ns| now_ns - since_ns >= self.patience_ns) {
            self.patience_ns = (self.patience_ns * 2).min(LAST_PATIENCE_NS);
        } else if self.state.is_ok() || now_ns < self.retry_at_ns {
            return self.state;
        }
        self.opened_for = Some(cause);
        self.retry_at_ns = now_ns + RETRY_NS;
        self.open()
    }

    /// Opens everything. As long as nobody wants it, each event on one CPU only, and closed again: so that it is known
    /// what could be counted.
    fn open(&mut self) -> Result<(), ReadError> {
        self.close();
        self.counted.generation = self.counted.generation.wrapping_add(1);
        self.rest.end();
        self.news += 1;
        let settings = self.access.control.settings();
        let host = HostView::new(&self.roots, &self.online.value().cpus, settings).map_err(ReadError::Io)?;
        if !self.access.kernel.answers_for(&self.roots) {
            return Err(ReadError::NotAsked("not asked, because procfs is not this host's"));
        }
        let Plan { mut events, mut requests, slots, layout } = P::plan(&host);
        if !host.settings.enabled {
            requests.clear();
            for event in &mut events {
                event.problem = Some(reasons::switched_off());
            }
        }
        if !self.wanted {
            let mut tried = vec![false; events.len()];
            requests.retain(|request| !std::mem::replace(&mut tried[request.event], true));
        }
        keep_within(self.access.kernel.descriptor_room(requests.len()), &mut events, &mut requests);
        let (groups, refusals) = group::open(&self.access.kernel, &requests);
        let circumstances = Circumstances {
            permission: Permission::of(&self.roots),
            core_pmu: host.pmus.iter().any(pmu::Pmu::is_core),
        };
        self.statuses = statuses(P::FAMILY, &events, &requests, &refusals, &circumstances);
        self.access.control.tell(P::FAMILY, &self.statuses);
        let hardware = events.iter().zip(&self.statuses).any(|(event, status)| event.hardware && status.available);
        self.notes = if hardware { watchdog_note(&self.roots).into_iter().collect() } else { Vec::new() };
        if groups.is_empty() {
            return Err(ReadError::NotAsked(P::NOTHING));
        }
        if self.wanted {
            self.groups = groups;
            self.counted.layout = Some(layout);
            self.counted.counts.resize(slots, Count::default());
        }
        Ok(())
    }
}

impl<P: Planner> Counting<P> {
    fn read_counters(&mut self, now_ns: u64) {
        let mut all_run = true;
        for group in &self.groups {
            all_run &= group.read(&mut self.counted.counts);
        }
        if all_run {
            self.stopped_since_ns = None;
        } else {
            self.stopped_since_ns.get_or_insert(now_ns);
        }
        self.counted.at_ns = self.clock.mono_ns();
        self.rest.begin(now_ns, self.counted.at_ns, REST_FACTOR);
    }
}

impl<P: Planner> Source for Counting<P> {
    type Value = Counted<P::Layout>;

    fn read(&mut self, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        let now_ns = self.clock.mono_ns();
        let settled = self.opened_for.is_some_and(|(_, settings)| settings == self.access.control.changes());
        if now_ns >= self.next_look_ns || !settled {
            self.state = self.look(now_ns, buffer);
            if self.state.is_err() {
                self.close();
            }
        }
        self.state?;
        let now_ns = self.clock.mono_ns();
        if now_ns >= self.rest.until_ns() {
            self.read_counters(now_ns);
        }
        Ok(())
    }

    fn value(&self) -> &Self::Value {
        &self.counted
    }

    fn hint(&self, error: ReadError) -> &'static str {
        match error {
            ReadError::Io(libc::ENOENT) => "is /sys mounted, and the kernel built with CONFIG_PERF_EVENTS?",
            _ => "",
        }
    }

    fn news(&self) -> u64 {
        self.news
    }
}

/// Gives up whole events, the last ones first, until the rest fits.
fn keep_within(room: usize, events: &mut [PlannedEvent], requests: &mut Vec<Request>) {
    let wanted = requests.len();
    if wanted <= room {
        return;
    }
    let mut left = room;
    let mut kept = vec![false; events.len()];
    for (index, event) in events.iter_mut().enumerate() {
        let needed = requests.iter().filter(|request| request.event == index).count();
        kept[index] = needed <= left;
        if kept[index] {
            left -= needed;
        } else {
            event.problem.get_or_insert_with(|| reasons::too_few_descriptors(wanted, room));
        }
    }
    requests.retain(|request| kept[request.event]);
}

fn statuses(
    family: &'static str,
    events: &[PlannedEvent],
    requests: &[Request],
    refusals: &[Refusal],
    circumstances: &Circumstances,
) -> Vec<EventStatus> {
    let status = |(index, event): (usize, &PlannedEvent)| {
        let mut pmus: Vec<&str> = Vec::new();
        let mut tried = 0;
        for request in requests.iter().filter(|request| request.event == index) {
            tried += 1;
            if !pmus.contains(&request.pmu.as_str()) {
                pmus.push(&request.pmu);
            }
        }
        let mut refused: BTreeMap<i32, Vec<u32>> = BTreeMap::new();
        for refusal in refusals.iter().filter(|refusal| refusal.event == index) {
            refused.entry(refusal.errno).or_default().push(refusal.cpu);
        }
        let available = refused.values().map(Vec::len).sum::<usize>() < tried;
        let problems = event.problem.iter().cloned().chain(refused.into_iter().map(|(errno, cpus)| {
            let mut problem = reasons::explain(errno, event.hardware, circumstances);
            if available {
                problem.reason = format!("{} (CPUs {})", problem.reason, cpu_list::format(&cpus));
            }
            problem
        }));
        let mut problem = problems.reduce(Problem::and).unwrap_or_default();
        if !available && problem.reason.is_empty() {
            "no CPU to count on".clone_into(&mut problem.reason);
        }
        let Problem { reason, remedy } = problem;
        EventStatus { family, name: event.name.clone(), pmu: pmus.join(","), available, reason, remedy }
    };
    events.iter().enumerate().map(status).collect()
}

/// The watchdog holds a counter of every CPU for itself, so that events take turns where they need not.
fn watchdog_note(roots: &Roots) -> Option<String> {
    let setting = std::fs::read_to_string(roots.proc.join("sys/kernel/nmi_watchdog")).ok()?;
    let note = "the NMI watchdog holds one hardware counter of each CPU: sysctl kernel.nmi_watchdog=0 frees it";
    (setting.trim() == "1").then(|| note.to_owned())
}
