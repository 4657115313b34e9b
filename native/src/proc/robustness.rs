//! Every parser survives every text: no panic, and no number that is not finite except NaN for "absent".

use proptest::prelude::*;

use super::diskstats::Diskstats;
use super::loadavg::Loadavg;
use super::meminfo::Meminfo;
use super::net_dev::NetDev;
use super::net_snmp::NetSnmp;
use super::pressure::Pressure;
use super::sockstat::Sockstat;
use super::stat::Stat;
use super::uptime::Uptime;
use super::vmstat::Vmstat;
use super::zoneinfo::Zoneinfo;
use crate::sampler::reader::Parse;
use crate::testing::fixture;

fn parse_with_all(text: &[u8]) -> Vec<f64> {
    let (mut loadavg, mut pressure, mut uptime) = (Loadavg::default(), Pressure::default(), Uptime::default());
    // Whether a text is accepted does not matter here, only that it is survived; twice, for what is remembered.
    for _ in 0..2 {
        Stat::default().parse(text).ok();
        Diskstats::default().parse(text).ok();
        NetDev::default().parse(text).ok();
        NetSnmp::default().parse(text).ok();
        Sockstat::default().parse(text).ok();
        Zoneinfo::default().parse(text).ok();
        loadavg.parse(text).ok();
        pressure.parse(text).ok();
        uptime.parse(text).ok();
    }
    let (mut meminfo, mut vmstat) = (Meminfo::default(), Vmstat::default());
    for part in [text, &text[text.len() / 2..], text] {
        meminfo.parse(part).ok();
        vmstat.parse(part).ok();
    }
    vec![loadavg.load1, loadavg.load15, pressure.some.avg10, pressure.full.avg300, uptime.seconds]
}

const FILES: [&str; 10] = [
    "stat",
    "diskstats",
    "net/dev",
    "net/snmp",
    "net/sockstat",
    "meminfo",
    "vmstat",
    "loadavg",
    "uptime",
    "pressure/io",
];

proptest! {
    #[test]
    fn any_bytes(text in proptest::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(parse_with_all(&text).iter().all(|value| !value.is_infinite()));
    }

    /// Real files, cut off and with bytes changed.
    #[test]
    fn damaged_files(
        file in 0..FILES.len(),
        end in any::<prop::sample::Index>(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
    ) {
        let mut text = fixture("vm-2cpu", &format!("proc/{}", FILES[file]));
        text.truncate(end.index(text.len() + 1));
        for (at, byte) in damage {
            if !text.is_empty() {
                let at = at.index(text.len());
                text[at] = byte;
            }
        }
        prop_assert!(parse_with_all(&text).iter().all(|value| !value.is_infinite()));
    }
}
