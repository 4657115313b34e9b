//! `floor --hz N --seconds S --phase F [--listening MS] [--counters MS] [--mount PATH[@MS]]… FILE[@MS]…`
//!
//! Reads kernel files on a grid and parses every number in them, with nothing but libc: descriptors opened once,
//! `pread`, absolute deadlines. What a sampler can't be cheaper than. Prints one JSON object.

mod arguments;
mod clock;
mod counters;
mod listening;
mod source;

use std::process::ExitCode;

use arguments::Arguments;
use counters::Counters;
use listening::ListeningSockets;
use source::{KernelFile, Mount, Source};

/// A source and how many ticks lie between two readings of it.
struct Scheduled {
    source: Box<dyn Source>,
    every_ticks: u64,
}

#[derive(Default)]
struct Outcome {
    ticks: u64,
    missed: u64,
    cpu_ns: u64,
    numbers: u64,
}

fn main() -> ExitCode {
    let outcome = Arguments::parse(std::env::args().skip(1)).and_then(|arguments| {
        raise_descriptor_limit();
        let mut sources = open(&arguments)?;
        run(&arguments, &mut sources)
    });
    match outcome {
        Ok(Outcome { ticks, missed, cpu_ns, numbers }) => {
            println!("{{\"ticks\":{ticks},\"missed\":{missed},\"cpu_ns\":{cpu_ns},\"numbers\":{numbers}}}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("floor: {message}");
            ExitCode::FAILURE
        }
    }
}

/// As many descriptors as this process may have: a thousand containers have more files than most limits allow.
fn raise_descriptor_limit() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls take a live rlimit. Where it cannot be raised, opening says so.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) == 0 {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
        }
    }
}

fn open(arguments: &Arguments) -> Result<Vec<Scheduled>, String> {
    let every_ticks = |every_ms: u64| (every_ms * arguments.hz / 1000).max(1);
    let mut sources = Vec::new();
    for target in &arguments.files {
        let source = Box::new(KernelFile::open(&target.path)?);
        sources.push(Scheduled { source, every_ticks: every_ticks(target.every_ms) });
    }
    for target in &arguments.mounts {
        let source = Box::new(Mount::new(&target.path)?);
        sources.push(Scheduled { source, every_ticks: every_ticks(target.every_ms) });
    }
    if let Some(every_ms) = arguments.listening_every_ms {
        let source = Box::new(ListeningSockets::open()?);
        sources.push(Scheduled { source, every_ticks: every_ticks(every_ms) });
    }
    if let Some(every_ms) = arguments.counters_every_ms {
        sources.push(Scheduled { source: Box::new(Counters::open()?), every_ticks: every_ticks(every_ms) });
    }
    Ok(sources)
}

/// Ticks on the real-time grid, moved by the phase, until the time is over.
fn run(arguments: &Arguments, sources: &mut [Scheduled]) -> Result<Outcome, String> {
    // The first reading grows buffers and the kernel's own caches: every later one is like the others.
    for scheduled in sources.iter_mut() {
        scheduled.source.read()?;
    }
    clock::wake_precisely()?;
    let interval_ns = 1_000_000_000 / arguments.hz;
    let first_ns = clock::next_grid_point(interval_ns, arguments.phase);
    let last_tick = arguments.hz * arguments.seconds;
    let mut outcome = Outcome::default();
    let cpu_before_ns = clock::now_ns(libc::CLOCK_THREAD_CPUTIME_ID);
    let mut tick = 0;
    while tick < last_tick {
        clock::sleep_until(first_ns + tick * interval_ns)?;
        let reached = clock::now_ns(libc::CLOCK_MONOTONIC).saturating_sub(first_ns) / interval_ns;
        // A wake-up that comes after the next grid point has lost the points in between.
        let lost = reached.saturating_sub(tick);
        outcome.missed += lost;
        tick += lost;
        for scheduled in sources.iter_mut() {
            if tick.is_multiple_of(scheduled.every_ticks) {
                outcome.numbers += scheduled.source.read()?;
            }
        }
        outcome.ticks += 1;
        tick += 1;
    }
    outcome.cpu_ns = clock::now_ns(libc::CLOCK_THREAD_CPUTIME_ID) - cpu_before_ns;
    Ok(outcome)
}
