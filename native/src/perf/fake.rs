//! A kernel made up for tests: counters that count what the test says, and refusals.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::kernel::{EventCode, PerfKernel, TYPE_SOFTWARE};
use crate::sampler::kernel::Roots;
use crate::testing::ManualClock;

/// Hardware counters per CPU: a larger group is refused, as the kernel does.
pub const PMU_SIZE: usize = 4;

struct FakeCounter {
    code: EventCode,
    cpu: u32,
    /// What joins a running group does not count.
    enabled: bool,
    value: u64,
    enabled_ns: u64,
    running_ns: u64,
}

#[derive(Default)]
pub struct FakeKernel {
    counters: RefCell<BTreeMap<i32, FakeCounter>>,
    /// The leaders of groups, each with all members, itself first.
    groups: RefCell<BTreeMap<i32, Vec<i32>>>,
    next: Cell<i32>,
    refusals: RefCell<Vec<(u64, i32)>>,
    /// Refuses everything with this errno.
    pub refuse_all: Cell<Option<i32>>,
    pub room: Cell<Option<usize>>,
    /// Groups read.
    pub reads: Cell<u64>,
    pub opens: Cell<u64>,
    /// Reads give nothing, as for a group in an error state.
    pub broken: Cell<bool>,
    /// Reading a group takes this long on that clock.
    pub slow: RefCell<Option<(Rc<ManualClock>, u64)>>,
    /// Groups are read in the reverse order of opening.
    pub reversed: Cell<bool>,
}

const FIRST: i32 = 100;
/// An id is the descriptor plus this.
const ID_OFFSET: u64 = 7000;

impl FakeKernel {
    /// Refuses events with this `config`.
    pub fn refuse(&self, config: u64, errno: i32) {
        self.refusals.borrow_mut().push((config, errno));
    }

    pub fn open_counters(&self) -> usize {
        self.counters.borrow().len()
    }

    /// Lets time pass: all counters count so much. Software counters always run.
    pub fn run(&self, enabled_ns: u64, running_ns: u64, amount: impl Fn(&EventCode, u32) -> u64) {
        for counter in self.counters.borrow_mut().values_mut().filter(|counter| counter.enabled) {
            counter.value = counter.value.wrapping_add(amount(&counter.code, counter.cpu));
            counter.enabled_ns += enabled_ns;
            counter.running_ns += if counter.code.kind == TYPE_SOFTWARE { enabled_ns } else { running_ns };
        }
    }

    /// What is open, in the order of opening.
    pub fn opened(&self) -> Vec<(EventCode, u32)> {
        self.counters.borrow().values().map(|counter| (counter.code, counter.cpu)).collect()
    }
}

impl PerfKernel for FakeKernel {
    fn open(&self, code: &EventCode, cpu: u32, leader: Option<i32>) -> Result<i32, i32> {
        if let Some(errno) = self.refuse_all.get() {
            return Err(errno);
        }
        if let Some((_, errno)) = self.refusals.borrow().iter().find(|(config, _)| *config == code.config[0]) {
            return Err(*errno);
        }
        let descriptor = FIRST + self.next.get();
        let mut groups = self.groups.borrow_mut();
        let group = groups.entry(leader.unwrap_or(descriptor)).or_default();
        if code.kind != TYPE_SOFTWARE && group.len() >= PMU_SIZE {
            return Err(libc::EINVAL);
        }
        group.push(descriptor);
        self.next.set(self.next.get() + 1);
        let counter = FakeCounter { code: *code, cpu, enabled: false, value: 0, enabled_ns: 0, running_ns: 0 };
        self.counters.borrow_mut().insert(descriptor, counter);
        self.opens.set(self.opens.get() + 1);
        Ok(descriptor)
    }

    fn enable(&self, leader: i32) -> Result<(), i32> {
        let mut counters = self.counters.borrow_mut();
        for member in self.groups.borrow().get(&leader).ok_or(libc::EBADF)? {
            if let Some(counter) = counters.get_mut(member) {
                // No reading comes before some time has passed.
                (counter.enabled, counter.enabled_ns, counter.running_ns) = (true, 1, 1);
            }
        }
        Ok(())
    }

    fn id(&self, descriptor: i32) -> Result<u64, i32> {
        Ok(ID_OFFSET + descriptor as u64)
    }

    fn read(&self, descriptor: i32, words: &mut [u64]) -> Result<usize, i32> {
        self.reads.set(self.reads.get() + 1);
        if let Some((clock, ns)) = &*self.slow.borrow() {
            clock.advance(*ns);
        }
        if self.broken.get() {
            return Ok(0);
        }
        let counters = self.counters.borrow();
        let groups = self.groups.borrow();
        let (leader, members) = counters.get(&descriptor).zip(groups.get(&descriptor)).ok_or(libc::EBADF)?;
        (words[1], words[2]) = (leader.enabled_ns, leader.running_ns);
        let mut length = 3;
        let mut write = |member: &i32| {
            words[length] = counters[member].value;
            words[length + 1] = ID_OFFSET + *member as u64;
            length += 2;
        };
        let members = members.iter();
        if self.reversed.get() {
            members.rev().for_each(&mut write)
        } else {
            members.for_each(&mut write)
        }
        words[0] = (length as u64 - 3) / 2;
        Ok(length)
    }

    fn close(&self, descriptor: i32) {
        assert!(self.counters.borrow_mut().remove(&descriptor).is_some(), "closed twice");
        self.groups.borrow_mut().remove(&descriptor);
    }

    fn descriptor_room(&self, wanted: usize) -> usize {
        self.room.get().unwrap_or(wanted)
    }

    fn answers_for(&self, _roots: &Roots) -> bool {
        true
    }
}
