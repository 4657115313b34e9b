//! `/proc/net/snmp`: protocol counters by their MIB names (RFC 4022 for TCP, RFC 4113 for UDP), a line of names and a
//! line of values for each protocol.

use super::text::{Cells, lines};
use crate::sampler::raw::Raw;
use crate::sampler::reader::{Malformed, Parse};

#[derive(Clone, Copy, Debug, Default)]
pub struct NetSnmp {
    pub tcp_established: Raw,
    pub tcp_segments_received: Raw,
    pub tcp_segments_sent: Raw,
    pub tcp_retransmits: Raw,
    pub tcp_active_opens: Raw,
    pub tcp_passive_opens: Raw,
    pub udp_received: Raw,
    pub udp_sent: Raw,
    pub udp_errors: Raw,
}

impl NetSnmp {
    fn slot(&mut self, protocol: &[u8], name: &[u8]) -> Option<&mut Raw> {
        Some(match (protocol, name) {
            (b"Tcp:", b"CurrEstab") => &mut self.tcp_established,
            (b"Tcp:", b"InSegs") => &mut self.tcp_segments_received,
            (b"Tcp:", b"OutSegs") => &mut self.tcp_segments_sent,
            (b"Tcp:", b"RetransSegs") => &mut self.tcp_retransmits,
            (b"Tcp:", b"ActiveOpens") => &mut self.tcp_active_opens,
            (b"Tcp:", b"PassiveOpens") => &mut self.tcp_passive_opens,
            (b"Udp:", b"InDatagrams") => &mut self.udp_received,
            (b"Udp:", b"OutDatagrams") => &mut self.udp_sent,
            (b"Udp:", b"InErrors") => &mut self.udp_errors,
            _ => return None,
        })
    }
}

impl Parse for NetSnmp {
    const MISSING: &'static str = "kernel without CONFIG_INET?";

    fn parse(&mut self, text: &[u8]) -> Result<(), Malformed> {
        *self = Self::default();
        let mut pairs = lines(text);
        while let Some(names) = pairs.next() {
            let mut names = Cells::new(names);
            let protocol = names.word();
            if !matches!(protocol, b"Tcp:" | b"Udp:") {
                continue;
            }
            let mut values = Cells::new(pairs.next().unwrap_or_default());
            if values.word() != protocol {
                return Err(Malformed { line: 1, what: "expected a line of values under each line of names" });
            }
            loop {
                let name = names.word();
                if name.is_empty() {
                    break;
                }
                let value = values.number();
                if let Some(slot) = self.slot(protocol, name) {
                    *slot = value;
                }
            }
        }
        match self.tcp_established {
            Raw::ABSENT => Err(Malformed { line: 1, what: "expected Tcp with CurrEstab" }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fixture;

    #[test]
    fn reads_by_name() {
        let mut snmp = NetSnmp::default();
        snmp.parse(&fixture("vm-2cpu", "proc/net/snmp")).unwrap();
        assert_eq!(snmp.tcp_established, Raw::new(1));
        assert_eq!((snmp.tcp_segments_received, snmp.tcp_segments_sent), (Raw::new(6477), Raw::new(3785)));
        assert_eq!((snmp.tcp_active_opens, snmp.tcp_passive_opens), (Raw::new(61), Raw::new(2)));
        assert_eq!((snmp.udp_received, snmp.udp_sent, snmp.udp_errors), (Raw::new(93), Raw::new(94), Raw::new(0)));
    }

    #[test]
    fn columns_may_move_and_be_missing() {
        let mut snmp = NetSnmp::default();
        snmp.parse(b"Tcp: InSegs MaxConn CurrEstab OutSegs\nTcp: 5 -1 7\n").unwrap();
        assert_eq!((snmp.tcp_segments_received, snmp.tcp_established), (Raw::new(5), Raw::new(7)));
        assert_eq!(snmp.tcp_segments_sent, Raw::ABSENT);
        assert!(snmp.parse(b"Tcp: InSegs\nUdp: 5\n").is_err());
        assert!(snmp.parse(b"").is_err());
    }
}
