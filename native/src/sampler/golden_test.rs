//! Golden outputs: what the engine makes of each host under test/fixtures/hosts, and of some too large to keep there, as
//! test/fixtures/golden has it. `npm run golden` writes them anew; what changes is to be reviewed like code.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::rc::Rc;

use super::engine_test::{Frame, Host};
use super::registry::FAMILIES;
use crate::perf::PerfAccess;
use crate::perf::fake::FakeKernel;
use crate::perf::kernel::{EventCode, TYPE_HARDWARE, TYPE_HW_CACHE, TYPE_SOFTWARE};
use crate::testing::large_hosts::LARGE_HOSTS;
use crate::testing::{TempDir, copy_host, golden, hosts, pass_a_second};

const SECOND: u64 = 1_000_000_000;
/// Of more instances than this, only the first and the last are written.
const MOST_INSTANCES: usize = 40;
const FIRST_INSTANCES: usize = 4;
const LAST_INSTANCES: usize = 2;
/// What `perf_custom` counts.
const EVENTS: [&str; 2] = ["msr/tsc/", "r13c"];

/// What a busy CPU counts in a second. Each has a thousandth more than the one before it.
fn counted(code: &EventCode, cpu: u32) -> u64 {
    const MILLION: u64 = 1_000_000;
    let [config, ..] = code.config;
    let of_all = match (code.kind, config & 0xffff_ffff) {
        (TYPE_SOFTWARE, 0 | 1) => return SECOND,
        (TYPE_SOFTWARE, 2) => 6000,
        (TYPE_SOFTWARE, 3) => 2000,
        (TYPE_SOFTWARE, 4) => 1000,
        (TYPE_SOFTWARE, 5) => 5000,
        (TYPE_SOFTWARE, 6) => 1000,
        (TYPE_HARDWARE, 0) => 2000 * MILLION,
        (TYPE_HARDWARE, 1) => 3000 * MILLION,
        (TYPE_HARDWARE, 4) => 600 * MILLION,
        (TYPE_HARDWARE, 5) => 6 * MILLION,
        // Caches: the first-level ones, the last-level one, the TLBs; misses have a bit of their own.
        (TYPE_HW_CACHE, 0 | 3) => 900 * MILLION,
        (TYPE_HW_CACHE, 1) => 400 * MILLION,
        (TYPE_HW_CACHE, 2) => 20 * MILLION,
        (TYPE_HW_CACHE, 0x1_0000) => 30 * MILLION,
        (TYPE_HW_CACHE, 0x1_0001 | 0x1_0003) => 4 * MILLION,
        (TYPE_HW_CACHE, 0x1_0002) => 2 * MILLION,
        (TYPE_HW_CACHE, 0x1_0004) => MILLION,
        _ => MILLION * (1 + (config ^ config >> 8) % 16),
    };
    of_all + of_all / 1000 * u64::from(cpu)
}

/// The frames of all families, two seconds after the first reading: nothing changed in the first of them.
fn rendered(name: &str, folder: TempDir) -> String {
    let fake = Rc::new(FakeKernel::default());
    let perf = PerfAccess { kernel: Rc::<FakeKernel>::clone(&fake), ..PerfAccess::default() };
    perf.control.change(|settings| settings.events = EVENTS.map(str::to_owned).to_vec());
    let control = perf.control.clone();
    let mut host = Host::inline_in(folder, perf);
    for (id, registration) in FAMILIES.iter().enumerate() {
        host.subscribe(id as u32, registration.descriptor.name, SECOND);
    }
    let second = |host: &mut Host| {
        fake.run(SECOND, SECOND, counted);
        host.after(SECOND)
    };
    second(&mut host);
    pass_a_second(host.folder.path());
    let frames = second(&mut host);
    let available = host.available();
    let mut text = format!(
        "The host {name}: each family one second after nothing had changed for one, with what had changed by then.\n\
         A window of two seconds therefore holds half of the change. \"-\" is no value.\n"
    );
    for registration in FAMILIES {
        let family = registration.descriptor.name;
        let (is_available, reason) = &available[family];
        writeln!(text, "\n== {family}: {}", if *is_available { "available" } else { "not available" }).unwrap();
        reason
            .split("; ")
            .filter(|reason| !reason.is_empty())
            .for_each(|reason| writeln!(text, "   ({reason})").unwrap());
        frames.iter().filter(|frame| frame.family == family).for_each(|frame| text.push_str(&table(frame)));
    }
    text.push_str("\n== perf events\n");
    for event in control.statuses() {
        let counted = if event.available { "counted" } else { "not counted" };
        writeln!(text, "{} {}: {counted} [{}] {}", event.family, event.name, event.pmu, event.reason).unwrap();
    }
    let root = host.folder.path().to_str().unwrap();
    text.replace(root, "").lines().fold(String::new(), |text, line| text + line.trim_end() + "\n")
}

/// A line for each field, a column for each instance.
fn table(frame: &Frame) -> String {
    let fields = FAMILIES.iter().find(|family| family.descriptor.name == frame.family).unwrap().descriptor.fields;
    let count = frame.instances.len();
    if count == 0 {
        return "no instances\n".to_owned();
    }
    let shown = |index: &usize| count <= MOST_INSTANCES || *index < FIRST_INSTANCES || *index >= count - LAST_INSTANCES;
    let shown: Vec<usize> = (0..count).filter(shown).collect();
    let mut columns =
        vec![[String::new()].into_iter().chain(fields.iter().map(|field| field.name.to_owned())).collect()];
    for &index in &shown {
        let values = &frame.values[index * fields.len()..][..fields.len()];
        let heading = match frame.instances[index].as_str() {
            "" => "value".to_owned(),
            instance => instance.to_owned(),
        };
        columns.push([heading].into_iter().chain(values.iter().map(|value| number(*value))).collect::<Vec<_>>());
    }
    let mut text = String::new();
    if shown.len() < count {
        writeln!(text, "{count} instances: the first {FIRST_INSTANCES} and the last {LAST_INSTANCES}").unwrap();
    }
    for line in 0..=fields.len() {
        for (place, column) in columns.iter().enumerate() {
            let width = column.iter().map(String::len).max().unwrap_or(0);
            let cell = &column[line];
            if place == 0 { write!(text, "{cell:width$}") } else { write!(text, "  {cell:>width$}") }.unwrap();
        }
        text.push('\n');
    }
    text
}

/// The shortest that reads back as the same.
fn number(value: f64) -> String {
    if value.is_nan() { "-".to_owned() } else { value.to_string() }
}

/// The first lines that differ.
fn difference(expected: &str, found: &str) -> String {
    let (expected, found): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), found.lines().collect());
    let lines = 0..expected.len().max(found.len());
    let differing = lines.filter(|line| expected.get(*line) != found.get(*line)).take(8);
    let told = differing.map(|line| {
        let of = |lines: &[&str]| lines.get(line).copied().unwrap_or("(nothing)").to_owned();
        format!("  line {}\n    golden {}\n    now    {}\n", line + 1, of(&expected), of(&found))
    });
    told.collect()
}

#[test]
fn golden_outputs_are_what_they_were() {
    let kept = hosts().into_iter().map(|name| {
        let folder = TempDir::new();
        copy_host(&name, folder.path());
        (name, folder)
    });
    let made = LARGE_HOSTS.iter().map(|host| (host.name.to_owned(), (host.make)()));
    let mut outputs: Vec<(String, String)> =
        kept.chain(made).map(|(name, folder)| (format!("{name}.txt"), rendered(&name, folder))).collect();
    outputs.sort();
    if std::env::var_os("TACHO_GOLDEN").is_some_and(|wanted| wanted == "write") {
        return write_anew(&golden(), &outputs);
    }
    let files = fs::read_dir(golden()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut wrong: Vec<String> = files
        .filter(|file| !outputs.iter().any(|(name, _)| name == file))
        .map(|file| format!("{file} is of no host\n"))
        .collect();
    for (name, found) in &outputs {
        let expected = fs::read_to_string(golden().join(name)).unwrap_or_default();
        if expected != *found {
            wrong.push(format!("{name}\n{}", difference(&expected, found)));
        }
    }
    assert!(wrong.is_empty(), "if this is as it should be, `npm run golden` writes it anew:\n{}", wrong.concat());
}

fn write_anew(folder: &Path, outputs: &[(String, String)]) {
    fs::remove_dir_all(folder).ok();
    fs::create_dir_all(folder).unwrap();
    for (name, text) in outputs {
        fs::write(folder.join(name), text).unwrap();
    }
}
