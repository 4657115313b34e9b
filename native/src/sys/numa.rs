//! `/sys/devices/system/node/node*/{meminfo,numastat}` (Documentation/admin-guide/numastat.rst): memory of each NUMA node. And
//! the `numa` family.

use std::path::PathBuf;
use std::sync::Arc;

use super::numbered;
use crate::host::errno;
use crate::proc::small_files::PASSES_PER_SEARCH;
use crate::proc::text::{Cells, lines};
use crate::sampler::clock::Now;
use crate::sampler::family::{Descriptor, Family, Field, Output, Pair, Problems, Rows};
use crate::sampler::kernel::{Kernel, Roots};
use crate::sampler::raw::{Raw, rate, rest};
use crate::sampler::reader::{KernelFile, Malformed, Parse, ReadError, Shared, Source};
use crate::sampler::slow::{Slow, SlowSource};

/// The lines of a node's meminfo that we use, in KiB.
#[derive(Clone, Copy, Debug, Default)]
pub struct NodeMeminfo {
    pub total: Raw,
    pub free: Raw,
    pub file: Raw,
    pub anonymous: Raw,
}

impl Parse for NodeMeminfo {
    const MISSING: &'static str = "the node is gone";

    /// Lines such as `Node 0 MemTotal:  16284 kB`.
    fn parse(&mut self, text: &[u8]) -> Result<(), Malformed> {
        *self = Self::default();
        for line in lines(text) {
            let mut cells = Cells::new(line);
            cells.skip(2);
            let into = match cells.word() {
                b"MemTotal:" => &mut self.total,
                b"MemFree:" => &mut self.free,
                b"FilePages:" => &mut self.file,
                b"AnonPages:" => &mut self.anonymous,
                _ => continue,
            };
            *into = cells.number();
        }
        match self.total {
            Raw::ABSENT => Err(Malformed { line: 1, what: "expected MemTotal" }),
            _ => Ok(()),
        }
    }
}

/// A node's numastat: pages that were allocated since boot. Huge pages are not among them.
#[derive(Clone, Copy, Debug, Default)]
pub struct NumaStat {
    pub hit: Raw,
    pub miss: Raw,
    pub foreign: Raw,
    pub local: Raw,
    pub other: Raw,
}

impl Parse for NumaStat {
    const MISSING: &'static str = "the node is gone";

    fn parse(&mut self, text: &[u8]) -> Result<(), Malformed> {
        *self = Self::default();
        for line in lines(text) {
            let mut cells = Cells::new(line);
            let into = match cells.word() {
                b"numa_hit" => &mut self.hit,
                b"numa_miss" => &mut self.miss,
                b"numa_foreign" => &mut self.foreign,
                b"local_node" => &mut self.local,
                b"other_node" => &mut self.other,
                _ => continue,
            };
            *into = cells.number();
        }
        match self.hit {
            Raw::ABSENT => Err(Malformed { line: 1, what: "expected numa_hit" }),
            _ => Ok(()),
        }
    }
}

const fn bytes(name: &'static str, help: &'static str) -> Field {
    Field::gauge(name, "bytes", help)
}

const fn pages(name: &'static str, help: &'static str) -> Field {
    Field::rate(name, "pages/s", help).window(1000)
}

static NUMA: Descriptor = Descriptor {
    name: "numa",
    help: "Memory of each NUMA node, where there are at least two, and where pages were allocated",
    instance_label: "node",
    floor_interval_ms: 1000,
    fields: &[
        bytes("total_bytes", "Memory of the node"),
        bytes("free_bytes", "Memory used for nothing at all"),
        bytes("used_bytes", "Total less free: caches are in use"),
        bytes("file_bytes", "Page cache, shared memory and tmpfs included"),
        bytes("anonymous_bytes", "Pages of programs that no file backs"),
        pages("hits_per_sec", "Pages allocated on this node as was wanted"),
        pages("misses_per_sec", "Pages allocated on this node although another was wanted"),
        pages("foreign_per_sec", "Pages that were wanted on this node and allocated on another"),
        pages("local_per_sec", "Pages allocated on this node by programs that ran on it"),
        pages("other_per_sec", "Pages allocated on this node by programs that ran on another"),
    ],
};

/// A node as of one reading.
#[derive(Clone, Copy, Debug, Default)]
pub struct NodeRow {
    at_ns: u64,
    memory: NodeMeminfo,
    allocated: NumaStat,
}

/// A node and its files.
struct Node {
    number: u32,
    name: Arc<str>,
    meminfo: KernelFile<NodeMeminfo>,
    numastat: KernelFile<NumaStat>,
}

/// All nodes.
pub struct Nodes {
    folder: PathBuf,
    buffer: Vec<u8>,
    passes: u32,
    now: Now,
    nodes: Vec<Node>,
}

impl Nodes {
    fn new(roots: &Roots) -> Self {
        let folder = roots.sys.join("devices/system/node");
        Self { folder, buffer: Vec::new(), passes: 0, now: Now::default(), nodes: Vec::new() }
    }

    /// Nodes come and go with their memory.
    fn search(&mut self) -> Result<(), ReadError> {
        std::fs::metadata(&self.folder).map_err(|error| ReadError::Io(errno::of(&error)))?;
        let found = numbered(&self.folder, "node");
        if found.iter().map(|(number, _)| *number).ne(self.nodes.iter().map(|node| node.number)) {
            let node = |(number, folder): (u32, PathBuf)| Node {
                number,
                name: number.to_string().into(),
                meminfo: KernelFile::new(folder.join("meminfo")),
                numastat: KernelFile::new(folder.join("numastat")),
            };
            self.nodes = found.into_iter().map(node).collect();
        }
        Ok(())
    }
}

impl SlowSource for Nodes {
    type Value = Vec<(Arc<str>, NodeRow)>;
    const FLOOR_NS: u64 = 1_000_000_000;
    const OVERDUE: &'static str = "the files of the NUMA nodes have not been read for a long time";

    fn begin(&mut self, now: &Now) {
        self.now = *now;
    }

    fn read(&mut self, rows: &mut Self::Value, asking: &dyn Fn()) -> Result<(), ReadError> {
        rows.clear();
        asking();
        if self.passes == 0 {
            self.search()?;
        }
        self.passes = (self.passes + 1) % PASSES_PER_SEARCH;
        if self.nodes.len() < 2 {
            return Err(ReadError::NotAsked("there is just one NUMA node, which is what the family memory shows"));
        }
        for node in &mut self.nodes {
            asking();
            // A node whose memory was taken away has no files any more.
            if node.meminfo.read(&mut self.buffer).is_err() {
                self.passes = 0;
                continue;
            }
            let allocated =
                node.numastat.read(&mut self.buffer).map_or_else(|_| NumaStat::default(), |()| *node.numastat.value());
            rows.push((
                Arc::clone(&node.name),
                NodeRow { at_ns: self.now.mono_ns, memory: *node.meminfo.value(), allocated },
            ));
        }
        Ok(())
    }

    fn hint(error: ReadError) -> &'static str {
        match error {
            ReadError::Io(libc::ENOENT) => "kernel without CONFIG_NUMA: the family memory shows all there is",
            _ => "",
        }
    }
}

/// The `numa` family.
pub struct Numa {
    nodes: Shared<Slow<Nodes>>,
}

impl Family for Numa {
    type Row = NodeRow;
    const DESCRIPTOR: &'static Descriptor = &NUMA;

    fn new(kernel: &mut Kernel) -> Self {
        let path = kernel.roots.sys.join("devices/system/node");
        Self { nodes: kernel.slow_source("numa", path, Nodes::new) }
    }

    fn capture(&mut self, tick: u64, rows: &mut Rows<NodeRow>) -> Result<u64, ReadError> {
        let (taken, at_ns) = self.nodes.read(tick)?;
        taken.value.iter().for_each(|(name, row)| rows.push(name.as_bytes(), *row));
        Ok(at_ns)
    }

    fn derive(pair: &Pair<NodeRow>, out: &mut Output) {
        const KIB: u64 = 1024;
        for (before, now) in pair.rows() {
            let memory = &now.memory;
            let (total, free) = (memory.total.scaled(KIB), memory.free.scaled(KIB));
            let used = rest(total, free);
            out.put_all([total, free, used, memory.file.scaled(KIB), memory.anonymous.scaled(KIB)]);
            let per_sec = |of: fn(&NumaStat) -> Raw| {
                let before = before.map(|before| (of(&before.allocated), now.at_ns.saturating_sub(before.at_ns)));
                before.map_or(f64::NAN, |(before, elapsed_ns)| rate(before, of(&now.allocated), elapsed_ns))
            };
            out.put(per_sec(|allocated| allocated.hit));
            out.put(per_sec(|allocated| allocated.miss));
            out.put(per_sec(|allocated| allocated.foreign));
            out.put(per_sec(|allocated| allocated.local));
            out.put(per_sec(|allocated| allocated.other));
        }
    }

    fn problems(&self) -> Problems {
        Problems { unavailable: self.nodes.problem(), partial: Vec::new() }
    }

    fn demand(&mut self, interval_ns: Option<u64>) {
        self.nodes.with_source(|nodes| nodes.demand(interval_ns));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::engine_test::Host;
    use crate::testing::fixture;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_nodes_files_are_read() {
        let mut memory = NodeMeminfo::default();
        memory.parse(&fixture("numa-2node", "sys/devices/system/node/node1/meminfo")).unwrap();
        assert_eq!((memory.total, memory.free), (Raw::new(33_554_432), Raw::new(20_971_520)));
        assert_eq!((memory.file, memory.anonymous), (Raw::new(8_388_608), Raw::new(2_097_152)));
        assert!(memory.parse(b"Node 0 MemFree: 5 kB\n").is_err() && memory.parse(b"").is_err());
        let mut allocated = NumaStat::default();
        allocated.parse(&fixture("numa-2node", "sys/devices/system/node/node1/numastat")).unwrap();
        assert_eq!(
            (allocated.hit, allocated.miss, allocated.foreign),
            (Raw::new(803_918_273), Raw::new(39_182), Raw::new(1204))
        );
        assert_eq!((allocated.local, allocated.other), (Raw::new(803_900_000), Raw::new(57_455)));
        assert!(allocated.parse(b"interleave_hit 5\n").is_err());
    }

    #[test]
    fn each_node_has_its_memory_and_where_pages_came_from() {
        let mut host = Host::inline("numa-2node");
        host.subscribe(0, "numa", SECOND);
        host.one_after(SECOND);
        host.replace("sys/devices/system/node/node1/numastat", "numa_miss 39182", "numa_miss 39382");
        let frame = host.one_after(2 * SECOND);
        assert_eq!(frame.instances, ["0", "1"]);
        assert_eq!(frame.value("1", "used_bytes"), 12_582_912.0 * 1024.0);
        assert_eq!((frame.value("1", "misses_per_sec"), frame.value("0", "misses_per_sec")), (100.0, 0.0));
        // Memory is plugged in.
        host.write("sys/devices/system/node/node2/meminfo", "Node 2 MemTotal: 1024 kB\nNode 2 MemFree: 1000 kB\n");
        let found = (1..100).map(|_| host.one_after(SECOND)).find(|frame| frame.instances.len() == 3).unwrap();
        assert_eq!(found.value("2", "used_bytes"), 24.0 * 1024.0);
        assert!(found.value("2", "hits_per_sec").is_nan());
    }

    #[test]
    fn one_node_is_what_memory_shows() {
        let mut host = Host::inline("hybrid-laptop");
        host.subscribe(0, "numa", SECOND);
        assert!(host.one_after(SECOND).values.is_empty());
        let (is_available, reason) = &host.available()["numa"];
        assert!(!is_available && reason.contains("just one NUMA node"), "{reason}");
        let mut host = Host::inline("cpu-holes");
        host.subscribe(0, "numa", SECOND);
        host.one_after(SECOND);
        assert!(host.available()["numa"].1.contains("CONFIG_NUMA"));
    }
}
