//! Which instances (CPUs, interfaces, disks, mounts) a family has, and the layouts that frames refer to.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// More instances than this in one family are left out, and counted.
pub const MAX_INSTANCES: usize = 4096;
/// Layouts kept for a consumer that still holds frames of them. Those in use are never dropped.
const MAX_LAYOUTS: usize = 1024;
/// Names remembered after their instance has left, to know it when it comes back.
const MAX_RETIRED: usize = 4096;

/// The meaning of a frame's rows: the instance names of one family, in order.
#[derive(Debug, PartialEq, Eq)]
pub struct Layout {
    pub id: u32,
    pub family: &'static str,
    pub instances: Vec<Box<str>>,
}

/// All layouts of a sampler. Equal sets of names share an id.
#[derive(Clone, Default)]
pub struct Layouts(Arc<Mutex<Table>>);

#[derive(Default)]
struct Table {
    by_id: BTreeMap<u32, Arc<Layout>>,
    by_names: HashMap<(&'static str, Vec<Box<str>>), u32>,
    next_id: u32,
}

impl Layouts {
    pub fn get(&self, id: u32) -> Option<Arc<Layout>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).by_id.get(&id).cloned()
    }

    fn intern(&self, family: &'static str, instances: Vec<Box<str>>) -> Arc<Layout> {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (family, instances);
        if let Some(layout) = table.by_names.get(&key).and_then(|id| table.by_id.get(id)) {
            return Arc::clone(layout);
        }
        if table.by_id.len() >= MAX_LAYOUTS {
            let unused = table.by_id.values().find(|layout| Arc::strong_count(layout) == 1).map(|layout| layout.id);
            if let Some(layout) = unused.and_then(|id| table.by_id.remove(&id)) {
                table.by_names.remove(&(layout.family, layout.instances.clone()));
            }
        }
        table.next_id += 1;
        let id = table.next_id;
        let layout = Arc::new(Layout { id, family, instances: key.1.clone() });
        table.by_names.insert(key, id);
        table.by_id.insert(id, Arc::clone(&layout));
        layout
    }
}

/// One life of one instance: leaving and coming back begins another, and no rate connects the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    id: u32,
    /// An instance of that name was there before.
    pub returned: bool,
}

/// An immutable set of instances; samples with the same set share it.
#[derive(Debug)]
pub struct InstanceSet {
    pub layout: Arc<Layout>,
    lives: Vec<Life>,
}

impl InstanceSet {
    pub fn len(&self) -> usize {
        self.lives.len()
    }

    /// Where this set has the instance that `other` has at `index`, if it is the same life of it.
    pub fn position_of(&self, other: &Self, index: usize) -> Option<usize> {
        let life = other.lives.get(index)?;
        if self.lives.get(index) == Some(life) {
            return Some(index);
        }
        self.lives.iter().position(|candidate| candidate == life)
    }

    /// Whether an instance came back between `self` and the later set `now`.
    pub fn any_returned(&self, now: &Self) -> bool {
        now.lives.iter().any(|life| life.returned && !self.lives.contains(life))
    }
}

/// Follows the instances of one family from sample to sample, without allocating while they stay the same.
pub struct Instances {
    family: &'static str,
    layouts: Layouts,
    current: Arc<InstanceSet>,
    /// How many names of this sample are known to equal the current set's, as long as `changed` is empty.
    matching: usize,
    changed: Option<Vec<Box<str>>>,
    retired: HashSet<Box<str>>,
    next_life: u32,
    left_out: u64,
}

impl Instances {
    pub fn new(family: &'static str, layouts: Layouts) -> Self {
        let layout = layouts.intern(family, Vec::new());
        Self {
            family,
            layouts,
            current: Arc::new(InstanceSet { layout, lives: Vec::new() }),
            matching: 0,
            changed: None,
            retired: HashSet::new(),
            next_life: 0,
            left_out: 0,
        }
    }

    pub const fn current(&self) -> &Arc<InstanceSet> {
        &self.current
    }

    /// Instances left out over the cap, summed over all samples.
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    pub fn begin(&mut self) {
        self.matching = 0;
        self.changed = None;
    }

    /// Takes the next name; false when it is over the cap and must be left out.
    pub fn push(&mut self, name: &[u8]) -> bool {
        let known = &self.current.layout.instances;
        match &mut self.changed {
            None if known.get(self.matching).is_some_and(|known| known.as_bytes() == name) => self.matching += 1,
            None if self.matching >= MAX_INSTANCES => return self.leave_out(),
            None => {
                let mut names = known[..self.matching].to_vec();
                names.push(String::from_utf8_lossy(name).into());
                self.changed = Some(names);
            }
            Some(names) if names.len() >= MAX_INSTANCES => return self.leave_out(),
            Some(names) => names.push(String::from_utf8_lossy(name).into()),
        }
        true
    }

    const fn leave_out(&mut self) -> bool {
        self.left_out += 1;
        false
    }

    /// Ends a sample: the set it had.
    pub fn finish(&mut self) -> &Arc<InstanceSet> {
        let known = &self.current.layout.instances;
        let names = match self.changed.take() {
            Some(names) => names,
            None if self.matching == known.len() => return &self.current,
            None => known[..self.matching].to_vec(),
        };
        self.adopt(names);
        &self.current
    }

    fn adopt(&mut self, names: Vec<Box<str>>) {
        let previous: HashMap<&str, Life> =
            self.current.layout.instances.iter().map(AsRef::as_ref).zip(self.current.lives.iter().copied()).collect();
        let mut lives = Vec::with_capacity(names.len());
        for name in &names {
            lives.push(previous.get(name.as_ref()).copied().unwrap_or_else(|| {
                self.next_life += 1;
                Life { id: self.next_life, returned: self.retired.contains(name) }
            }));
        }
        let present: HashSet<&str> = names.iter().map(AsRef::as_ref).collect();
        if self.retired.len() >= MAX_RETIRED {
            self.retired.clear();
        }
        self.retired.extend(previous.keys().filter(|name| !present.contains(*name)).map(|name| Box::from(*name)));
        drop(previous);
        let layout = self.layouts.intern(self.family, names);
        self.current = Arc::new(InstanceSet { layout, lives });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(instances: &mut Instances, names: &[&str]) -> Arc<InstanceSet> {
        instances.begin();
        for name in names {
            instances.push(name.as_bytes());
        }
        Arc::clone(instances.finish())
    }

    #[test]
    fn an_unchanged_set_is_the_same_object() {
        let mut instances = Instances::new("cpu", Layouts::default());
        let first = sample(&mut instances, &["all", "0"]);
        assert!(Arc::ptr_eq(&first, &sample(&mut instances, &["all", "0"])));
    }

    #[test]
    fn leaving_and_returning_is_another_life_with_the_same_layout() {
        let layouts = Layouts::default();
        let mut instances = Instances::new("cpu", layouts.clone());
        let both = sample(&mut instances, &["all", "0", "1"]);
        let one = sample(&mut instances, &["all", "1"]);
        assert_eq!(both.position_of(&one, 1), Some(2));
        assert!(!both.any_returned(&one));
        let again = sample(&mut instances, &["all", "0", "1"]);
        assert_eq!(again.layout.id, both.layout.id);
        assert_eq!(both.position_of(&again, 1), None);
        assert_eq!(both.position_of(&again, 2), Some(2));
        assert!(one.any_returned(&again));
        assert!(!again.any_returned(&again));
        assert_eq!(layouts.get(one.layout.id).unwrap().instances, [Box::from("all"), Box::from("1")]);
        assert_eq!(sample(&mut instances, &["all"]).len(), 1);
    }

    #[test]
    fn order_may_change_without_ending_a_life() {
        let mut instances = Instances::new("disk", Layouts::default());
        let first = sample(&mut instances, &["sda", "sdb"]);
        let second = sample(&mut instances, &["sdb", "sda"]);
        assert_eq!(first.position_of(&second, 0), Some(1));
        assert_eq!(first.position_of(&second, 1), Some(0));
    }

    #[test]
    fn instances_over_the_cap_are_left_out_and_counted() {
        let mut instances = Instances::new("network", Layouts::default());
        let names: Vec<String> = (0..MAX_INSTANCES + 3).map(|index| format!("veth{index}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let set = sample(&mut instances, &names);
        assert_eq!((set.len(), instances.left_out()), (MAX_INSTANCES, 3));
        assert!(Arc::ptr_eq(&set, &sample(&mut instances, &names)));
        assert_eq!(instances.left_out(), 6);
    }

    #[test]
    fn layouts_are_bounded_and_those_in_use_stay() {
        let layouts = Layouts::default();
        let mut instances = Instances::new("network", layouts.clone());
        let mut steady = Instances::new("cpu", layouts.clone());
        let kept = sample(&mut steady, &["all"]);
        for index in 0..MAX_LAYOUTS + 10 {
            sample(&mut instances, &[&format!("veth{index}")]);
        }
        assert!(layouts.get(kept.layout.id).is_some());
        assert!(layouts.0.lock().unwrap().by_id.len() <= MAX_LAYOUTS);
    }
}
