//! `/proc/net/dev` (proc_pid_net(5)): what each network interface has moved. And the `network` family.

use super::name::Name;
use super::text::{Cells, lines};
use crate::sampler::family::{Descriptor, Family, Field, Output, Pair, Problems, Rows};
use crate::sampler::kernel::Kernel;
use crate::sampler::raw::{Raw, per_second};
use crate::sampler::reader::{KernelFile, Malformed, Parse, ReadError, Shared};

/// In the order of the family's fields.
const COUNTERS: usize = 8;

#[derive(Clone, Copy, Debug)]
pub struct Interface {
    pub name: Name,
    /// Bytes, packets, errors, drops; each received, then sent.
    pub counters: [Raw; COUNTERS],
}

#[derive(Debug, Default)]
pub struct NetDev {
    pub interfaces: Vec<Interface>,
}

impl Parse for NetDev {
    const MISSING: &'static str = "kernel without CONFIG_NET?";

    fn parse(&mut self, text: &[u8]) -> Result<(), Malformed> {
        self.interfaces.clear();
        let mut headed = false;
        for line in lines(text) {
            if memchr::memchr(b'|', line).is_some() {
                headed = true;
                continue;
            }
            // From the right: an alias such as `eth0:1` has a colon in its name.
            let Some(colon) = memchr::memrchr(b':', line) else { continue };
            let name = line[..colon].trim_ascii();
            if name.is_empty() {
                continue;
            }
            let mut cells = Cells::new(&line[colon + 1..]);
            let mut column = || cells.number();
            let [bytes_in, packets_in, errors_in, drops_in] = [column(), column(), column(), column()];
            cells.skip(4);
            let mut column = || cells.number();
            let [bytes_out, packets_out, errors_out, drops_out] = [column(), column(), column(), column()];
            self.interfaces.push(Interface {
                name: Name::new(name),
                counters: [bytes_in, bytes_out, packets_in, packets_out, errors_in, errors_out, drops_in, drops_out],
            });
        }
        if headed { Ok(()) } else { Err(Malformed { line: 1, what: "expected the header of the interface table" }) }
    }
}

static NETWORK: Descriptor = Descriptor {
    name: "network",
    help: "Traffic of each network interface, and of all but the loopback interface together, from /proc/net/dev.",
    instance_label: "interface",
    floor_interval_ms: 1,
    fields: &[
        Field::rate("bytes_received_per_sec", "bytes/s", "Received"),
        Field::rate("bytes_sent_per_sec", "bytes/s", "Sent"),
        Field::rate("packets_received_per_sec", "packets/s", "Packets received"),
        Field::rate("packets_sent_per_sec", "packets/s", "Packets sent"),
        Field::rate("errors_received_per_sec", "1/s", "Damaged packets received"),
        Field::rate("errors_sent_per_sec", "1/s", "Packets that could not be sent"),
        Field::rate("drops_received_per_sec", "1/s", "Good packets received and dropped"),
        Field::rate("drops_sent_per_sec", "1/s", "Packets dropped instead of sent"),
        Field::counter("bytes_received_total", "bytes", "Received since the interface came up"),
        Field::counter("bytes_sent_total", "bytes", "Sent since the interface came up"),
        Field::counter("packets_received_total", "packets", "Packets received since the interface came up"),
        Field::counter("packets_sent_total", "packets", "Packets sent since the interface came up"),
        Field::counter("errors_received_total", "errors", "Damaged packets received since the interface came up"),
        Field::counter("errors_sent_total", "errors", "Packets that could not be sent since the interface came up"),
        Field::counter("drops_received_total", "packets", "Good packets dropped since the interface came up"),
        Field::counter("drops_sent_total", "packets", "Packets dropped instead of sent since the interface came up"),
    ],
};

/// The raw figures of one interface, or of all.
#[derive(Clone, Copy, Debug)]
pub struct NetworkRow {
    loopback: bool,
    counters: [Raw; COUNTERS],
}

/// The `network` family.
pub struct Network {
    net_dev: Shared<KernelFile<NetDev>>,
}

impl Family for Network {
    type Row = NetworkRow;
    const DESCRIPTOR: &'static Descriptor = &NETWORK;

    fn new(kernel: &mut Kernel) -> Self {
        Self { net_dev: kernel.proc_file("net/dev") }
    }

    fn capture(&mut self, tick: u64, rows: &mut Rows<NetworkRow>) -> Result<u64, ReadError> {
        let (net_dev, at_ns) = self.net_dev.read(tick)?;
        let is_loopback = |interface: &Interface| interface.name.as_bytes() == b"lo";
        let mut all = [Raw::new(0); COUNTERS];
        for interface in net_dev.interfaces.iter().filter(|interface| !is_loopback(interface)) {
            all.iter_mut().zip(interface.counters).for_each(|(sum, counter)| *sum = sum.or_plus(counter));
        }
        rows.push(b"all", NetworkRow { loopback: false, counters: all });
        for interface in &net_dev.interfaces {
            let row = NetworkRow { loopback: is_loopback(interface), counters: interface.counters };
            rows.push(interface.name.as_bytes(), row);
        }
        Ok(at_ns)
    }

    fn derive(pair: &Pair<NetworkRow>, out: &mut Output) {
        let elapsed_ns = pair.elapsed_ns();
        for (index, (before, now)) in pair.rows().enumerate() {
            for column in 0..COUNTERS {
                // The sum of what each interface grew by, not the growth of the sum: one that was reset or is new adds
                // nothing, instead of taking away or adding all it ever moved.
                let grown = match before {
                    Some(_) if index == 0 => Some(grown_of_all(pair, column)),
                    Some(before) => now.counters[column].grown_since(before.counters[column]),
                    None => None,
                };
                out.put(per_second(grown, elapsed_ns));
            }
            out.put_all(now.counters.map(Raw::level));
        }
    }

    fn problems(&self) -> Problems {
        Problems { unavailable: self.net_dev.problem(), partial: Vec::new() }
    }
}

fn grown_of_all(pair: &Pair<NetworkRow>, column: usize) -> u64 {
    let others = pair.rows().skip(1).filter(|(_, now)| !now.loopback);
    let grown = others.filter_map(|(before, now)| now.counters[column].grown_since(before?.counters[column]));
    grown.fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampler::family::Sample;
    use crate::sampler::instances::{Instances, Layouts};
    use crate::testing::fixture;
    use std::sync::Arc;

    fn sample(instances: &mut Instances, at_ns: u64, rows: &[(&str, bool, u64)]) -> Sample<NetworkRow> {
        let mut values = Vec::new();
        let mut into = Rows::new(instances, &mut values);
        for (name, loopback, bytes) in rows {
            let counters = [Raw::new(*bytes); COUNTERS];
            into.push(name.as_bytes(), NetworkRow { loopback: *loopback, counters });
        }
        let set = Arc::clone(instances.finish());
        Sample { at_ns, set, rows: values }
    }

    fn received(before: Option<&Sample<NetworkRow>>, now: &Sample<NetworkRow>) -> Vec<f64> {
        let mut values = Vec::new();
        Network::derive(&Pair { now, before }, &mut Output::new(&mut values));
        values.chunks(NETWORK.fields.len()).map(|row| row[0]).collect()
    }

    #[test]
    fn reads_interfaces() {
        let mut net_dev = NetDev::default();
        net_dev.parse(&fixture("vm-2cpu", "proc/net/dev")).unwrap();
        let names: Vec<&[u8]> = net_dev.interfaces.iter().map(|interface| interface.name.as_bytes()).collect();
        assert_eq!(names, [&b"lo"[..], b"ifb0", b"ifb1", b"eth0"]);
        let expected = [251_498_712, 439_976, 6546, 3861, 0, 0, 0, 0].map(Raw::new);
        assert_eq!(net_dev.interfaces[3].counters, expected);
        assert!(net_dev.parse(b"").is_err());
    }

    #[test]
    fn a_name_may_touch_its_number_or_hold_a_colon() {
        let mut net_dev = NetDev::default();
        net_dev.parse(b"a|b\n eth0:1:12 1 0 0 0 0 0 0 34 2\n nothing\n").unwrap();
        assert_eq!(net_dev.interfaces[0].name.as_bytes(), b"eth0:1");
        assert_eq!(net_dev.interfaces[0].counters[..2], [Raw::new(12), Raw::new(34)]);
        assert_eq!(net_dev.interfaces[0].counters[5], Raw::ABSENT);
        assert_eq!(net_dev.interfaces.len(), 1);
    }

    #[test]
    fn the_sum_leaves_out_loopback_and_whatever_was_reset_or_is_new() {
        let mut instances = Instances::new("network", Layouts::default());
        let rows = [("all", false, 300), ("lo", true, 50), ("eth0", false, 100), ("eth1", false, 200)];
        let before = sample(&mut instances, 1_000_000_000, &rows);
        let rows = [("all", false, 1), ("lo", true, 90), ("eth0", false, 130), ("eth1", false, 5), ("new", false, 999)];
        let now = sample(&mut instances, 3_000_000_000, &rows);
        let rates = received(Some(&before), &now);
        assert_eq!(rates[..3], [15.0, 20.0, 15.0]);
        assert!(rates[3].is_nan() && rates[4].is_nan());
        assert!(received(None, &now).iter().all(|rate| rate.is_nan()));
    }
}
