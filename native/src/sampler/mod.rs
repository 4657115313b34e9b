//! The sampler: one thread that reads the kernel on a real-time grid, for any number of streams.

#[cfg(test)]
mod allocation_test;
pub mod aside;
pub mod clock;
#[cfg(test)]
mod damage_test;
pub mod engine;
#[cfg(test)]
pub mod engine_test;
pub mod family;
#[cfg(test)]
mod golden_test;
pub mod instances;
pub mod kernel;
pub mod park;
pub mod raw;
pub mod reader;
pub mod registry;
pub mod rest;
pub mod ring;
pub mod schedule;
pub mod slow;
pub mod stats;
pub mod thread;
pub mod tracked;
