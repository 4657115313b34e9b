//! The engine as a whole on captured hosts whose files hold what no kernel prints: arithmetic between two readings must
//! survive it like the parsers do.

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use proptest::prelude::*;
use proptest::sample::Index;

use super::engine_test::Host;
use super::registry::FAMILIES;
use crate::perf::PerfAccess;
use crate::perf::fake::FakeKernel;
use crate::proc::robustness::{STRANGE_CELLS, with_cell};
use crate::testing::{TempDir, copy_host, hosts, pass_a_second};

const SECOND: u64 = 1_000_000_000;

/// Which file, which cell of it, and what it becomes.
type Damage = (Index, Index, usize);

fn some_damage() -> impl Strategy<Value = Vec<Damage>> {
    proptest::collection::vec((any::<Index>(), any::<Index>(), 0..STRANGE_CELLS.len()), 1..30)
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            files(&entry.path(), found);
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
}

fn damage(folder: &Path, damages: &[Damage]) {
    let mut all = Vec::new();
    files(folder, &mut all);
    all.sort();
    for (file, cell, strange) in damages {
        let path = file.get(&all);
        let text = fs::read(path).unwrap();
        fs::write(path, with_cell(&text, *cell, STRANGE_CELLS[*strange])).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_damaged_host_gives_values_or_none(
        host in any::<Index>(), before in some_damage(), after in some_damage(), counts in any::<[u64; 3]>(),
    ) {
        let folder = TempDir::new();
        copy_host(host.get(&hosts()).as_str(), folder.path());
        damage(folder.path(), &before);
        let fake = Rc::new(FakeKernel::default());
        let perf = PerfAccess { kernel: Rc::<FakeKernel>::clone(&fake), ..PerfAccess::default() };
        let mut host = Host::inline_in(folder, perf);
        for (id, registration) in FAMILIES.iter().enumerate() {
            host.subscribe(id as u32, registration.descriptor.name, SECOND);
        }
        for (second, count) in counts.into_iter().enumerate() {
            match second {
                1 => damage(host.folder.path(), &after),
                2 => pass_a_second(host.folder.path()),
                _ => {}
            }
            fake.run(SECOND, SECOND / 2, |code, cpu| count.rotate_left(cpu).wrapping_add(code.config[0]));
            for frame in host.after(SECOND) {
                prop_assert!(frame.values.iter().all(|value| !value.is_infinite()), "{frame:?}");
            }
        }
    }
}
