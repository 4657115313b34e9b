//! Control groups: containers, services and what else has a group of its own, in cgroup v2 and v1.

pub mod container;
#[cfg(test)]
mod container_test;
pub mod containers;
pub mod cpuacct;
pub mod files;
pub mod group;
pub mod hierarchies;
pub mod identity;
pub mod network;
pub mod watch;

use std::sync::{Mutex, PoisonError};

use identity::Identity;

/// A group that is sampled, for those who resolve names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownContainer {
    /// Its `id` is the name of the instance.
    pub identity: Identity,
    /// Below the root of its hierarchy.
    pub path: String,
}

/// The groups that are sampled at present; shared by the thread that reads them and the sampler's owner.
#[derive(Default)]
pub struct KnownContainers(Mutex<Vec<KnownContainer>>);

impl KnownContainers {
    pub fn get(&self) -> Vec<KnownContainer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set(&self, known: Vec<KnownContainer>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = known;
    }
}
