//! `/proc/net/sockstat` and `sockstat6`: sockets in use. And the `sockets` family.

use super::net_snmp::NetSnmp;
use super::text::{Cells, lines};
use crate::net::inet_diag::InetDiag;
use crate::sampler::family::{Descriptor, Family, Field, Output, Pair, Problems, Rows};
use crate::sampler::kernel::Kernel;
use crate::sampler::raw::{Raw, rate};
use crate::sampler::reader::{KernelFile, Malformed, Parse, ReadError, Shared};
use crate::sys::page_size;

/// Both files have this form; each has only the lines of its own protocol family.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sockstat {
    pub used: Raw,
    pub tcp_in_use: Raw,
    pub tcp_orphans: Raw,
    pub tcp_time_wait: Raw,
    pub tcp_allocated: Raw,
    pub tcp_memory_pages: Raw,
    pub udp_in_use: Raw,
    pub tcp6_in_use: Raw,
    pub udp6_in_use: Raw,
}

impl Sockstat {
    fn slot(&mut self, protocol: &[u8], name: &[u8]) -> Option<&mut Raw> {
        Some(match (protocol, name) {
            (b"sockets:", b"used") => &mut self.used,
            (b"TCP:", b"inuse") => &mut self.tcp_in_use,
            (b"TCP:", b"orphan") => &mut self.tcp_orphans,
            (b"TCP:", b"tw") => &mut self.tcp_time_wait,
            (b"TCP:", b"alloc") => &mut self.tcp_allocated,
            (b"TCP:", b"mem") => &mut self.tcp_memory_pages,
            (b"UDP:", b"inuse") => &mut self.udp_in_use,
            (b"TCP6:", b"inuse") => &mut self.tcp6_in_use,
            (b"UDP6:", b"inuse") => &mut self.udp6_in_use,
            _ => return None,
        })
    }
}

impl Parse for Sockstat {
    const MISSING: &'static str = "kernel without this protocol family (IPv6 disabled?)";

    fn parse(&mut self, text: &[u8]) -> Result<(), Malformed> {
        *self = Self::default();
        for line in lines(text) {
            let mut cells = Cells::new(line);
            let protocol = cells.word();
            loop {
                let name = cells.word();
                if name.is_empty() {
                    break;
                }
                let value = cells.number();
                if let Some(slot) = self.slot(protocol, name) {
                    *slot = value;
                }
            }
        }
        match self.tcp_in_use.or_plus(self.tcp6_in_use) {
            Raw::ABSENT => Err(Malformed { line: 1, what: "expected TCP or TCP6 with inuse" }),
            _ => Ok(()),
        }
    }
}

static SOCKETS: Descriptor = Descriptor {
    name: "sockets",
    help: "Sockets and TCP and UDP traffic of the host's network namespace.",
    instance_label: "",
    floor_interval_ms: 1,
    fields: &[
        Field::gauge("sockets_used", "sockets", "Sockets of all kinds"),
        Field::gauge(
            "tcp_established",
            "connections",
            "TCP connections established or waiting to be closed here, IPv4 and IPv6",
        ),
        Field::gauge("tcp_time_wait", "connections", "TCP connections in TIME_WAIT, IPv4 and IPv6"),
        Field::gauge("tcp_listen", "sockets", "TCP sockets listening, IPv4 and IPv6"),
        Field::gauge("tcp_in_use", "sockets", "TCP sockets in use, IPv4"),
        Field::gauge("tcp_orphans", "sockets", "TCP sockets that no process holds any more"),
        Field::gauge("tcp_allocated", "sockets", "TCP sockets that exist"),
        Field::gauge("tcp_memory_bytes", "bytes", "Memory of TCP buffers"),
        Field::gauge("udp_in_use", "sockets", "UDP sockets in use, IPv4"),
        Field::gauge("tcp6_in_use", "sockets", "TCP sockets in use, IPv6"),
        Field::gauge("udp6_in_use", "sockets", "UDP sockets in use, IPv6"),
        Field::rate("tcp_segments_received_per_sec", "1/s", "TCP segments received"),
        Field::rate("tcp_segments_sent_per_sec", "1/s", "TCP segments sent, retransmissions excluded"),
        Field::rate("tcp_retransmits_per_sec", "1/s", "TCP segments sent again"),
        Field::rate("tcp_active_opens_per_sec", "1/s", "TCP connections opened from here"),
        Field::rate("tcp_passive_opens_per_sec", "1/s", "TCP connections accepted"),
        Field::rate("udp_datagrams_received_per_sec", "1/s", "UDP datagrams delivered, IPv4"),
        Field::rate("udp_datagrams_sent_per_sec", "1/s", "UDP datagrams sent, IPv4"),
        Field::rate("udp_errors_per_sec", "1/s", "UDP datagrams that could not be delivered, IPv4"),
    ],
};

/// The raw figures of the `sockets` family.
#[derive(Clone, Copy, Debug)]
pub struct SocketsRow {
    v4: Sockstat,
    v6: Sockstat,
    snmp: NetSnmp,
    listening: Raw,
}

/// The `sockets` family.
pub struct Sockets {
    sockstat: Shared<KernelFile<Sockstat>>,
    sockstat6: Shared<KernelFile<Sockstat>>,
    snmp: Shared<KernelFile<NetSnmp>>,
    inet_diag: Shared<InetDiag>,
}

impl Family for Sockets {
    type Row = SocketsRow;
    const DESCRIPTOR: &'static Descriptor = &SOCKETS;

    fn new(kernel: &mut Kernel) -> Self {
        Self {
            sockstat: kernel.proc_file("net/sockstat"),
            sockstat6: kernel.proc_file("net/sockstat6"),
            snmp: kernel.proc_file("net/snmp"),
            inet_diag: InetDiag::shared(kernel),
        }
    }

    fn capture(&mut self, tick: u64, rows: &mut Rows<SocketsRow>) -> Result<u64, ReadError> {
        let (snmp, at_ns) = self.snmp.read(tick)?;
        let row = SocketsRow {
            v4: self.sockstat.get(tick).map_or_else(Sockstat::default, |value| *value),
            v6: self.sockstat6.get(tick).map_or_else(Sockstat::default, |value| *value),
            snmp: *snmp,
            listening: self.inet_diag.get(tick).map_or(Raw::ABSENT, |value| *value),
        };
        rows.push(b"", row);
        Ok(at_ns)
    }

    fn derive(pair: &Pair<SocketsRow>, out: &mut Output) {
        let elapsed_ns = pair.elapsed_ns();
        for (before, now) in pair.rows() {
            let v4 = &now.v4;
            out.put_all([v4.used, now.snmp.tcp_established, v4.tcp_time_wait, now.listening].map(Raw::level));
            out.put_all([v4.tcp_in_use, v4.tcp_orphans, v4.tcp_allocated].map(Raw::level));
            out.put(v4.tcp_memory_pages.scaled(page_size()));
            out.put_all([v4.udp_in_use, now.v6.tcp6_in_use, now.v6.udp6_in_use].map(Raw::level));
            let counters: [fn(&NetSnmp) -> Raw; 8] = [
                |snmp| snmp.tcp_segments_received,
                |snmp| snmp.tcp_segments_sent,
                |snmp| snmp.tcp_retransmits,
                |snmp| snmp.tcp_active_opens,
                |snmp| snmp.tcp_passive_opens,
                |snmp| snmp.udp_received,
                |snmp| snmp.udp_sent,
                |snmp| snmp.udp_errors,
            ];
            out.put_all(counters.map(|counter| {
                before.map_or(f64::NAN, |before| rate(counter(&before.snmp), counter(&now.snmp), elapsed_ns))
            }));
        }
    }

    fn problems(&self) -> Problems {
        let partial = [self.sockstat.problem(), self.sockstat6.problem(), self.inet_diag.problem()];
        Problems { unavailable: self.snmp.problem(), partial: partial.into_iter().flatten().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fixture;

    #[test]
    fn reads_both_files() {
        let mut sockstat = Sockstat::default();
        sockstat.parse(&fixture("vm-2cpu", "proc/net/sockstat")).unwrap();
        assert_eq!(
            (sockstat.used, sockstat.tcp_in_use, sockstat.tcp_time_wait),
            (Raw::new(11), Raw::new(2), Raw::new(0))
        );
        assert_eq!((sockstat.tcp_allocated, sockstat.tcp_memory_pages), (Raw::new(2), Raw::new(3)));
        assert_eq!(sockstat.tcp6_in_use, Raw::ABSENT);
        sockstat.parse(&fixture("vm-2cpu", "proc/net/sockstat6")).unwrap();
        assert_eq!(
            (sockstat.tcp6_in_use, sockstat.udp6_in_use, sockstat.used),
            (Raw::new(0), Raw::new(0), Raw::ABSENT)
        );
        assert!(sockstat.parse(b"").is_err());
    }
}
