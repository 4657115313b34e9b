//! Opening counters in groups, and reading a group at once.

use std::rc::Rc;

use super::count::{Count, decode};
use super::kernel::{Counter, PerfKernel};
use super::plan::Request;

/// No family makes larger groups.
pub const MAX_GROUP: usize = 16;
const HEADER_WORDS: usize = 3;

/// Counters that get their turns together. The first leads: reading it reads all.
#[derive(Default)]
pub struct Group {
    counters: Vec<Counter>,
    ids: Vec<u64>,
    slots: Vec<usize>,
}

/// A counter that could not be opened.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    pub event: usize,
    pub cpu: u32,
    pub errno: i32,
}

/// Opens every counter on its own merit. One that a group has no room for counts on its own.
pub fn open(kernel: &Rc<dyn PerfKernel>, requests: &[Request]) -> (Vec<Group>, Vec<Refusal>) {
    let (mut groups, mut refusals) = (Vec::<Group>::new(), Vec::new());
    for together in requests.chunk_by(|a, b| (a.cpu, a.group) == (b.cpu, b.group)) {
        let mut group = Group::default();
        for request in together {
            let Err(errno) = group.add(kernel, request) else { continue };
            let mut alone = Group::default();
            // Whether the group or the event was the problem shows when it is tried alone.
            let alone_errno = if group.slots.is_empty() { Some(errno) } else { alone.add(kernel, request).err() };
            match alone_errno {
                Some(errno) => refusals.push(Refusal { event: request.event, cpu: request.cpu, errno }),
                None => groups.extend(alone.enabled()),
            }
        }
        groups.extend(group.enabled());
    }
    (groups, refusals)
}

impl Group {
    fn add(&mut self, kernel: &Rc<dyn PerfKernel>, request: &Request) -> Result<(), i32> {
        if self.slots.len() == MAX_GROUP {
            return Err(libc::ENOSPC);
        }
        let counter = Counter::open(kernel, &request.code, request.cpu, self.counters.first())?;
        self.ids.push(counter.id()?);
        self.counters.push(counter);
        self.slots.push(request.slot);
        Ok(())
    }

    #[cfg(test)]
    pub fn slots(&self) -> &[usize] {
        &self.slots
    }

    /// Complete, it begins to count. None when it is empty.
    fn enabled(self) -> Option<Self> {
        // A counter that is open can be enabled; if it ever cannot, it will be seen to stand still.
        self.counters.first()?.enable().ok();
        Some(self)
    }

    /// Puts the counts into their slots. False when the group does not count any more: its counts stay what they were.
    pub fn read(&self, counts: &mut [Count]) -> bool {
        let mut words = [0; HEADER_WORDS + 2 * MAX_GROUP];
        let Some(length) = self.counters.first().and_then(|leader| leader.read(&mut words).ok()) else { return false };
        let Some(decoded) = decode(&words[..length.min(words.len())]) else { return false };
        let mut enabled = false;
        for (place, (id, count)) in decoded.enumerate() {
            // In the order of opening, as far as is known; the ids have the last word.
            let place = if self.ids.get(place) == Some(&id) {
                Some(place)
            } else {
                self.ids.iter().position(|known| *known == id)
            };
            if let Some(into) = place.and_then(|place| counts.get_mut(self.slots[place])) {
                enabled |= count.enabled_ns > into.enabled_ns;
                *into = count;
            }
        }
        enabled
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::{FakeKernel, PMU_SIZE};
    use super::super::kernel::{EventCode, TYPE_HARDWARE};
    use super::*;

    fn request(slot: usize, cpu: u32, group: u32, config: u64) -> Request {
        let code = EventCode { kind: TYPE_HARDWARE, config: [config, 0, 0, 0] };
        Request { slot, event: slot, pmu: "cpu".to_owned(), cpu, group, code }
    }

    fn kernel(fake: &Rc<FakeKernel>) -> Rc<dyn PerfKernel> {
        Rc::<FakeKernel>::clone(fake)
    }

    #[test]
    fn events_of_a_cpu_and_group_are_read_at_once() {
        let fake = Rc::new(FakeKernel::default());
        let requests = [request(0, 0, 1, 10), request(1, 0, 1, 11), request(2, 0, 2, 12), request(3, 1, 2, 13)];
        let (groups, refusals) = open(&kernel(&fake), &requests);
        assert_eq!(
            groups.iter().map(|group| group.slots().to_vec()).collect::<Vec<_>>(),
            [vec![0, 1], vec![2], vec![3]]
        );
        assert!(refusals.is_empty());
        fake.run(1000, 500, |code, cpu| code.config[0] * 100 + u64::from(cpu));
        let mut counts = [Count::default(); 4];
        assert!(groups.iter().all(|group| group.read(&mut counts)));
        assert_eq!(counts.map(|count| count.value), [1000, 1100, 1200, 1301]);
        assert_eq!((counts[1].enabled_ns, counts[1].running_ns), (1001, 501));
        assert_eq!(fake.reads.get(), 3);
        drop(groups);
        assert_eq!(fake.open_counters(), 0);
    }

    #[test]
    fn a_refused_leader_is_followed_by_the_next() {
        let fake = Rc::new(FakeKernel::default());
        fake.refuse(10, libc::ENOENT);
        fake.refuse(12, libc::EACCES);
        let requests = [request(0, 0, 1, 10), request(1, 0, 1, 11), request(2, 0, 1, 12), request(3, 0, 1, 13)];
        let (groups, refusals) = open(&kernel(&fake), &requests);
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0].slots(), [1, 3]);
        assert_eq!(
            refusals,
            [Refusal { event: 0, cpu: 0, errno: libc::ENOENT }, Refusal { event: 2, cpu: 0, errno: libc::EACCES }]
        );
    }

    #[test]
    fn what_does_not_fit_into_a_group_counts_alone() {
        let fake = Rc::new(FakeKernel::default());
        let requests: Vec<Request> = (0..=PMU_SIZE).map(|slot| request(slot, 0, 1, slot as u64)).collect();
        let (groups, refusals) = open(&kernel(&fake), &requests);
        let mut sizes: Vec<usize> = groups.iter().map(|group| group.slots().len()).collect();
        sizes.sort_unstable();
        assert_eq!(sizes, [1, PMU_SIZE]);
        assert!(refusals.is_empty());
    }

    #[test]
    fn a_group_that_ended_keeps_its_last_counts_and_says_so() {
        let fake = Rc::new(FakeKernel::default());
        let (groups, _) = open(&kernel(&fake), &[request(0, 0, 1, 10)]);
        fake.run(1000, 1000, |_, _| 7);
        let mut counts = [Count::default()];
        assert!(groups[0].read(&mut counts));
        assert!(!groups[0].read(&mut counts), "no time has passed");
        fake.broken.set(true);
        assert!(!groups[0].read(&mut counts));
        assert_eq!(counts[0].value, 7);
    }

    #[test]
    fn a_group_that_took_turns_gives_both_times_to_all_its_counts() {
        let fake = Rc::new(FakeKernel::default());
        let (groups, _) = open(&kernel(&fake), &[request(0, 0, 1, 10), request(1, 0, 1, 11)]);
        let mut counts = [Count::default(); 2];
        for (running_ns, values) in [(250, [10, 11]), (0, [20, 22]), (750, [30, 33])] {
            fake.run(1000, running_ns, |code, _| code.config[0]);
            assert!(groups[0].read(&mut counts));
            assert_eq!(counts.map(|count| count.value), values);
        }
        assert!(counts.iter().all(|count| (count.enabled_ns, count.running_ns) == (3001, 1001)));
    }

    #[test]
    fn ids_decide_whose_count_it_is() {
        let fake = Rc::new(FakeKernel::default());
        let (groups, _) = open(&kernel(&fake), &[request(0, 0, 1, 10), request(1, 0, 1, 11)]);
        fake.run(1000, 1000, |code, _| code.config[0]);
        fake.reversed.set(true);
        let mut counts = [Count::default(); 2];
        groups[0].read(&mut counts);
        assert_eq!(counts.map(|count| count.value), [10, 11]);
    }
}
