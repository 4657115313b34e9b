//! A steady tick allocates nothing.

use std::rc::Rc;
use std::sync::Arc;

use super::clock::SystemClock;
use super::engine::Engine;
use super::engine_test::Host;
use super::instances::Layouts;
use super::kernel::{Kernel, Roots};
use super::park::Park;
use super::registry::FAMILIES;
use super::ring::{DEFAULT_WORDS, RingReader, ring};
use crate::perf::PerfAccess;
use crate::perf::fake::FakeKernel;
use crate::testing::allocations;

const MS: u64 = 1_000_000;

#[test]
fn a_steady_tick_allocates_nothing() {
    let layouts = Layouts::default();
    let (writer, mut reader) = ring(DEFAULT_WORDS);
    let kernel = Kernel::new(Roots::default(), Rc::new(SystemClock), layouts);
    let mut engine = Engine::new(kernel, writer, 0, Box::new(|| ()), Arc::default());
    for (id, registration) in FAMILIES.iter().enumerate() {
        // What the machine that runs the tests has of these may come and go; their slow path may allocate.
        let changing = ["filesystem", "network", "disk", "process", "interrupts", "container"];
        if !changing.contains(&registration.descriptor.name) {
            engine.subscribe(id as u32, id, 10 * MS);
            engine.subscribe(100 + id as u32, id, 50 * MS);
        }
    }
    steady(&mut engine, &mut reader, 60);
    let before = allocations();
    steady(&mut engine, &mut reader, 60);
    assert_eq!(allocations() - before, 0);
}

#[test]
fn a_steady_tick_of_many_instances_allocates_nothing() {
    let mut host = Host::new("vm-2cpu");
    for (id, name) in ["network", "disk", "filesystem", "cpu"].iter().enumerate() {
        host.subscribe(id as u32, name, 10 * MS);
    }
    let mut tick = |count| {
        for _ in 0..count {
            host.clock.advance(10 * MS);
            host.engine.wake();
            host.reader.drain(|_, _| ());
        }
    };
    tick(60);
    let before = allocations();
    tick(300);
    assert_eq!(allocations() - before, 0);
}

#[test]
fn a_steady_tick_of_many_counters_allocates_nothing() {
    let fake = Rc::new(FakeKernel::default());
    let access = PerfAccess { kernel: Rc::<FakeKernel>::clone(&fake), ..PerfAccess::default() };
    let events = vec!["msr/tsc/".to_owned(), "uncore_imc/cas_count_read/".to_owned()];
    access.control.change(|settings| settings.events = events);
    let mut host = Host::with("intel-2s-server", DEFAULT_WORDS, access);
    for (id, name) in ["perf", "perf_custom"].iter().enumerate() {
        host.subscribe(id as u32, name, 10 * MS);
        host.subscribe(100 + id as u32, name, 50 * MS);
    }
    let mut tick = |count| {
        for _ in 0..count {
            fake.run(10 * MS, 4 * MS, |code, _| code.config[0] % 1000);
            host.clock.advance(10 * MS);
            host.engine.wake();
            host.reader.drain(|_, _| ());
        }
    };
    tick(120);
    let before = allocations();
    tick(300);
    assert_eq!(allocations() - before, 0);
    assert!(fake.reads.get() > 300);
}

#[test]
fn a_pass_over_the_same_processes_allocates_nothing() {
    let mut host = Host::inline("processes");
    host.subscribe(0, "process", 1000 * MS);
    host.subscribe(1, "process", 2000 * MS);
    let mut tick = |count| {
        for _ in 0..count {
            host.clock.advance(1000 * MS);
            host.engine.wake();
            host.reader.drain(|_, _| ());
        }
    };
    tick(20);
    let before = allocations();
    tick(100);
    assert_eq!(allocations() - before, 0);
}

#[test]
fn a_pass_over_what_the_kernel_tells_beside_allocates_nothing() {
    let mut host = Host::inline("numa-2node");
    for (id, name) in ["interrupts", "softirqs", "system", "numa", "hugepages"].iter().enumerate() {
        host.subscribe(id as u32, name, 1000 * MS);
        host.subscribe(100 + id as u32, name, 2000 * MS);
    }
    let mut tick = |count| {
        for _ in 0..count {
            host.clock.advance(1000 * MS);
            host.engine.wake();
            host.reader.drain(|_, _| ());
        }
    };
    tick(61);
    let before = allocations();
    // Up to where files are looked for again.
    tick(50);
    assert_eq!(allocations() - before, 0);
}

/// Runs an engine on the real clock for so many wake-ups.
fn steady(engine: &mut Engine, reader: &mut RingReader, wakes: usize) {
    let park = Park::default();
    for _ in 0..wakes {
        let deadline_ns = engine.wake();
        reader.drain(|_, _| ());
        park.sleep(park.token(), deadline_ns);
    }
}
