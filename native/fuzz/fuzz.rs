//! One program for all targets: `TACHO_FUZZ` names the parser to fuzz. Without it, it lists them, each with its seeds, and
//! ends.

#![no_main]

use std::path::Path;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use tacho_native::fuzzing::{PARSERS, Parser};

static CHOSEN: OnceLock<&'static Parser> = OnceLock::new();

fn choose() {
    let Ok(name) = std::env::var("TACHO_FUZZ") else { list() };
    match PARSERS.iter().find(|parser| parser.name == name) {
        Some(parser) => _ = CHOSEN.set(parser),
        None => panic!("there is no parser {name}"),
    }
}

/// A line for each parser: its name and its seeds, with tabs between.
fn list() -> ! {
    for parser in PARSERS {
        let seeds = parser.seeds();
        let paths = seeds.iter().filter_map(|path| Path::to_str(path));
        println!("{}", [parser.name].into_iter().chain(paths).collect::<Vec<_>>().join("\t"));
    }
    std::process::exit(0);
}

fuzz_target!(init: choose(), |input: &[u8]| {
    if let Some(parser) = CHOSEN.get() {
        parser.survive(input);
    }
});
