//! Tables with a column for each CPU and a line for each kind of event, as /proc/interrupts and /proc/softirqs are
//! (proc_interrupts(5), Documentation/filesystems/proc.rst). Columns are added up while they are parsed.

use super::text::Cells;
use crate::sampler::raw::Raw;

/// How many columns the first line names (`CPU0 CPU1 …`), and a sum of their numbers that changes when they do; `None` when it
/// is no such line.
pub fn header(line: &[u8]) -> Option<Columns> {
    let mut cells = Cells::new(line);
    let mut columns = Columns::default();
    loop {
        let word = cells.word();
        if word.is_empty() {
            return Some(columns).filter(|columns| columns.count > 0);
        }
        let number = super::text::integer(word.strip_prefix(b"CPU")?)?;
        columns.count += 1;
        // FNV-1a, a number at a time.
        columns.checksum = (columns.checksum ^ number).wrapping_mul(0x0100_0000_01b3);
    }
}

/// The CPUs that a table has columns for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    pub count: u64,
    checksum: u64,
}

/// A line of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableLine<'a> {
    pub label: &'a [u8],
    /// Of all columns that the line has; each of them is an `unsigned int` of the kernel's and starts over at 2^32.
    pub sum: Raw,
    /// What stands behind the columns, as the kernel aligned it.
    pub rest: &'a [u8],
}

impl<'a> TableLine<'a> {
    /// `None` when it is no line of a table with so many columns. A few lines (`ERR`, `MIS`) have one column however many CPUs
    /// there are.
    pub fn parse(line: &'a [u8], columns: Columns) -> Option<Self> {
        let colon = memchr::memchr(b':', line)?;
        let label = line[..colon].trim_ascii();
        if label.is_empty() || label.iter().any(u8::is_ascii_whitespace) {
            return None;
        }
        let mut rest = &line[colon + 1..];
        let (mut sum, mut count) = (0_u64, 0);
        while count < columns.count {
            let digits = rest.trim_ascii_start();
            let mut value = 0_u64;
            let mut length = 0;
            while let Some(digit) = digits.get(length).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
                value = value.saturating_mul(10).saturating_add(u64::from(digit));
                length += 1;
            }
            let ends = digits.get(length).is_none_or(u8::is_ascii_whitespace);
            if length == 0 || !ends {
                break;
            }
            sum = sum.saturating_add(value);
            count += 1;
            rest = &digits[length..];
        }
        if count == 0 { None } else { Some(Self { label, sum: Raw::new(sum), rest }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(count: usize) -> Columns {
        header((0..count).map(|cpu| format!("CPU{cpu} ")).collect::<String>().as_bytes()).unwrap()
    }

    #[test]
    fn columns_are_known_by_their_numbers() {
        assert_eq!(header(b"           CPU0       CPU1       \n").unwrap().count, 2);
        assert_ne!(header(b" CPU0 CPU1"), header(b" CPU0 CPU2"));
        assert_ne!(header(b" CPU0 CPU1"), header(b" CPU1 CPU0"));
        for nonsense in [&b""[..], b"  ", b"CPU", b"CPU0 1", b"CPU0 CPUx", b"cpu0"] {
            assert_eq!(header(nonsense), None, "{:?}", String::from_utf8_lossy(nonsense));
        }
    }

    #[test]
    fn columns_are_added_up_and_what_follows_is_left_as_it_is() {
        let line = |text, count| TableLine::parse(text, columns(count)).map(|line| (line.label, line.sum, line.rest));
        let virtio = b" 36:          1    1523002 PCI-MSIX-0000:00:02.0   1-edge      virtio1-req.0";
        let rest = &b" PCI-MSIX-0000:00:02.0   1-edge      virtio1-req.0"[..];
        assert_eq!(line(virtio, 2), Some((&b"36"[..], Raw::new(1_523_003), rest)));
        assert_eq!(
            line(b"      NET_RX:4294967295          2", 2),
            Some((&b"NET_RX"[..], Raw::new(4_294_967_297), &b""[..]))
        );
        assert_eq!(line(b"ERR:          7", 2), Some((&b"ERR"[..], Raw::new(7), &b""[..])));
        // The kernel's description may begin like a number.
        assert_eq!(line(b"24: 1 2 3-edge", 3), Some((&b"24"[..], Raw::new(3), &b" 3-edge"[..])));
        for nonsense in
            [&b""[..], b"no colon", b":", b" : 1 2", b"a b: 1 2", b"LOC: -1 2", b"LOC: Local timer interrupts"]
        {
            assert_eq!(line(nonsense, 2), None, "{:?}", String::from_utf8_lossy(nonsense));
        }
    }

    #[test]
    fn enormous_counts_are_survived() {
        let text = format!("LOC: {0} {0} {1}", u64::MAX, "9".repeat(60));
        assert_eq!(TableLine::parse(text.as_bytes(), columns(3)).unwrap().sum, Raw::new(u64::MAX - 1));
    }
}
