//! `/sys/bus/event_source/devices` (Documentation/ABI/testing/sysfs-bus-event_source-devices-*): the PMUs of this host, how
//! their events are encoded, and on which CPUs they count.

use std::fs;
use std::path::{Path, PathBuf};

use super::kernel::EventCode;
use crate::sys::{attribute, cpu_list};

pub const FOLDER: &str = "bus/event_source/devices";
const CONFIGS: [&str; 4] = ["config", "config1", "config2", "config3"];

/// On which CPUs a PMU counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// On each, for itself.
    Everywhere,
    /// It is that of these CPUs: one kind of core of several (`cpus`).
    Cores(Vec<u32>),
    /// It counts what several CPUs share, asked through these (`cpumask`).
    Shared(Vec<u32>),
}

#[derive(Debug)]
pub struct Pmu {
    pub name: String,
    pub kind: u32,
    pub reach: Reach,
    folder: PathBuf,
}

/// An event as the kernel takes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoded {
    pub code: EventCode,
    /// What a count of one means, in `unit`; 1 and empty when the PMU says nothing.
    pub scale: f64,
    pub unit: String,
}

/// One field of an event's encoding: which bits of which config word.
#[derive(Debug, PartialEq, Eq)]
pub struct Format {
    word: usize,
    /// First and last bit of each range; the value's lowest bits go into the first.
    ranges: Vec<(u32, u32)>,
}

/// All PMUs, sorted by name and number: `uncore_imc_2` before `uncore_imc_10`.
///
/// # Errors
/// The errno of reading the folder.
pub fn all(sysfs: &Path) -> Result<Vec<Pmu>, i32> {
    let folder = sysfs.join(FOLDER);
    let entries = fs::read_dir(&folder).map_err(|error| crate::host::errno::of(&error))?;
    let mut names: Vec<String> = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_by(|a, b| instance_of(a).cmp(&instance_of(b)).then_with(|| a.cmp(b)));
    Ok(names.iter().filter_map(|name| Pmu::open(&folder, name)).collect())
}

/// A PMU's name without its number, and that number: units of one kind are numbered.
pub fn instance_of(name: &str) -> (&str, Option<u32>) {
    match name.rsplit_once('_') {
        Some((kind, number)) if number.parse::<u32>().is_ok() => (kind, number.parse().ok()),
        _ => (name, None),
    }
}

/// The PMUs that `wanted` names: the one of that name, or else all units of that kind.
pub fn named<'a>(pmus: &'a [Pmu], wanted: &str) -> Vec<&'a Pmu> {
    let exact: Vec<&Pmu> = pmus.iter().filter(|pmu| pmu.name == wanted).collect();
    if !exact.is_empty() {
        return exact;
    }
    let unit = |pmu: &&Pmu| matches!(instance_of(&pmu.name), (kind, Some(_)) if kind == wanted);
    pmus.iter().filter(unit).collect()
}

impl Pmu {
    fn open(devices: &Path, name: &str) -> Option<Self> {
        let folder = devices.join(name);
        let kind = attribute(&folder.join("type"))?.parse().ok()?;
        let cpus = |file: &str| cpu_list::parse(attribute(&folder.join(file))?.as_bytes());
        let reach = match (cpus("cpus"), cpus("cpumask")) {
            (Some(cpus), _) => Reach::Cores(cpus),
            (None, Some(cpus)) => Reach::Shared(cpus),
            (None, None) => Reach::Everywhere,
        };
        Some(Self { name: name.to_owned(), kind, reach, folder })
    }

    /// Whether it counts what a CPU core does: the one PMU of x86, or one of those that list the cores they are for.
    pub fn is_core(&self) -> bool {
        self.name == "cpu" || matches!(self.reach, Reach::Cores(_))
    }

    /// What the driver calls the microarchitecture (`caps/pmu_name`, Intel only).
    pub fn microarchitecture(&self) -> Option<String> {
        attribute(&self.folder.join("caps/pmu_name"))
    }

    pub fn has_event(&self, event: &str) -> bool {
        self.folder.join("events").join(event).is_file()
    }

    /// How many bits a field of the encoding has; none when there is no such field.
    pub fn format_bits(&self, field: &str) -> Option<u32> {
        self.format(field).ok().map(|format| format.bits())
    }

    /// Of all CPUs that are online, those to count on.
    pub fn cpus(&self, online: &[u32]) -> Vec<u32> {
        match &self.reach {
            Reach::Everywhere => online.to_vec(),
            Reach::Cores(cpus) | Reach::Shared(cpus) => {
                cpus.iter().copied().filter(|cpu| online.contains(cpu)).collect()
            }
        }
    }

    /// Encodes what stands between the slashes of `cpu/event=0x3c,umask=0x1/`: named events, fields of the encoding with
    /// or without a value (then 1), and whole config words. Later terms win.
    ///
    /// # Errors
    /// A sentence that names the term.
    pub fn encode(&self, terms: &str) -> Result<Encoded, String> {
        let mut encoded =
            Encoded { code: EventCode { kind: self.kind, config: [0; 4] }, scale: 1.0, unit: String::new() };
        for term in terms.split(',').map(str::trim) {
            match term.split_once('=') {
                Some((field, value)) => self.set(&mut encoded.code, field.trim(), number(term, value.trim())?)?,
                None if self.has_event(term) => self.add_named(&mut encoded, term)?,
                None => self.set(&mut encoded.code, term, 1).map_err(|_| self.unknown(term))?,
            }
        }
        Ok(encoded)
    }

    fn add_named(&self, encoded: &mut Encoded, event: &str) -> Result<(), String> {
        let path = self.folder.join("events").join(event);
        let terms = attribute(&path).ok_or_else(|| format!("{} cannot be read", path.display()))?;
        for term in terms.split(',').map(str::trim) {
            let (field, value) = term.split_once('=').unwrap_or((term, "1"));
            if value == "?" {
                return Err(format!("{event} needs a value for {field}, as in {field}=0x1"));
            }
            self.set(&mut encoded.code, field, number(term, value)?)?;
        }
        let beside = |suffix: &str| attribute(&self.folder.join("events").join(format!("{event}.{suffix}")));
        if let Some(scale) = beside("scale").as_deref().and_then(scale) {
            encoded.scale = scale;
        }
        encoded.unit = beside("unit").unwrap_or_default().trim().to_owned();
        Ok(())
    }

    fn set(&self, code: &mut EventCode, field: &str, value: u64) -> Result<(), String> {
        if let Some(word) = CONFIGS.iter().position(|config| *config == field)
            && !self.folder.join("format").join(field).exists()
        {
            code.config[word] = value;
            return Ok(());
        }
        let format = self.format(field)?;
        format.put(&mut code.config[format.word], value).map_err(|()| {
            format!("{field}={value:#x} has more than the {} bits of {}'s {field}", format.bits(), self.name)
        })
    }

    fn format(&self, field: &str) -> Result<Format, String> {
        // A name with a slash would leave the folder.
        let sane = !field.is_empty() && !field.contains('/');
        let text = attribute(&self.folder.join("format").join(field)).filter(|_| sane);
        let text = text.ok_or_else(|| self.unknown(field))?;
        Format::parse(&text).ok_or_else(|| format!("{}/format/{field} is not understood: {text}", self.name))
    }

    fn unknown(&self, term: &str) -> String {
        let list = |folder: &str| {
            let entries = fs::read_dir(self.folder.join(folder)).into_iter().flatten().flatten();
            let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
            names.retain(|name| !name.contains('.'));
            names.sort();
            if names.is_empty() { "none".to_owned() } else { names.join(" ") }
        };
        format!("{} has no event or field {term}; events: {}; fields: {}", self.name, list("events"), list("format"))
    }
}

/// What is in a `.scale` file: a factor such as `6.103515625e-5`.
pub fn scale(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|scale: &f64| scale.is_finite() && *scale > 0.0)
}

fn number(term: &str, text: &str) -> Result<u64, String> {
    let parsed = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hexadecimal) => u64::from_str_radix(hexadecimal, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| format!("{term}: expected a number such as 0x3c or 60"))
}

impl Format {
    /// `config:0-7,21` or `config1:0-63`.
    pub fn parse(text: &str) -> Option<Self> {
        let (config, bits) = text.trim().split_once(':').unwrap_or((text.trim(), "0-63"));
        let word = CONFIGS.iter().position(|name| *name == config)?;
        let range = |range: &str| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let range = (first.parse::<u32>().ok()?, last.parse::<u32>().ok()?);
            (range.0 <= range.1 && range.1 < u64::BITS).then_some(range)
        };
        let ranges = bits.split(',').map(range).collect::<Option<Vec<_>>>()?;
        Some(Self { word, ranges })
    }

    pub fn bits(&self) -> u32 {
        self.ranges.iter().map(|(first, last)| last - first + 1).sum()
    }

    /// Spreads the value over the ranges, in place of what was there.
    ///
    /// # Errors
    /// When the value has more bits than the ranges.
    pub fn put(&self, word: &mut u64, value: u64) -> Result<(), ()> {
        if self.bits() < u64::BITS && value >> self.bits() != 0 {
            return Err(());
        }
        let mut rest = value;
        for (first, last) in &self.ranges {
            let mask = u64::MAX >> (u64::BITS - (last - first + 1));
            *word = *word & !(mask << first) | (rest & mask) << first;
            rest = rest.checked_shr(last - first + 1).unwrap_or(0);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::host;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_format_and_no_event_makes_it_panic(
            format in "(config[0-4]?:)?[0-9,\\-]{0,12}", value in any::<u64>(), terms in "[a-z0-9=?x,/. ]{0,24}",
        ) {
            if let Some(format) = Format::parse(&format) {
                let mut word = value;
                format.put(&mut word, value.rotate_left(7)).ok();
                prop_assert!(format.bits() > 0);
            }
            for pmu in pmus("intel-2s-server") {
                pmu.encode(&terms).ok();
            }
        }
    }

    fn pmus(name: &str) -> Vec<Pmu> {
        all(&host(name).join("sys")).unwrap()
    }

    fn config(pmu: &Pmu, terms: &str) -> [u64; 4] {
        pmu.encode(terms).unwrap().code.config
    }

    #[test]
    fn formats_spread_values_over_ranges() {
        let put = |format: &str, value| {
            let mut word = 0;
            Format::parse(format).unwrap().put(&mut word, value).map(|()| word)
        };
        assert_eq!(put("config:0-7,21", 0x1ff), Ok(0x20_00ff));
        assert_eq!(put("config:0-7,21", 0x200), Err(()));
        assert_eq!(put("config:0-7,32-35", 0xfab), Ok(0xf_0000_00ab));
        assert_eq!(put("config1:0-63", u64::MAX), Ok(u64::MAX));
        assert_eq!(put("config2", 5), Ok(5));
        assert_eq!(put("config:63", 1), Ok(1 << 63));
        for nonsense in ["config:64", "config:7-0", "config9:0-1", "config:a", "config:", ""] {
            assert!(Format::parse(nonsense).is_none(), "{nonsense:?}");
        }
    }

    #[test]
    fn events_are_encoded_by_name_and_by_field() {
        let pmus = pmus("intel-2s-server");
        let [cpu] = named(&pmus, "cpu")[..] else { panic!("one cpu PMU") };
        assert_eq!((cpu.kind, &cpu.reach, cpu.is_core()), (4, &Reach::Everywhere, true));
        assert_eq!(config(cpu, "event=0x3c,umask=0x1"), [0x13c, 0, 0, 0]);
        assert_eq!(config(cpu, "cache-misses"), [0x412e, 0, 0, 0]);
        assert_eq!(config(cpu, "cache-misses,umask=0x4f,inv"), [0x80_4f2e, 0, 0, 0]);
        assert_eq!(config(cpu, "mem-loads,ldlat=30"), [0x1cd, 30, 0, 0]);
        assert_eq!(config(cpu, "config=0x1c2,config2=7"), [0x1c2, 0, 7, 0]);
        assert_eq!(cpu.microarchitecture().as_deref(), Some("icelake"));
    }

    #[test]
    fn scales_are_factors() {
        assert_eq!((scale("6.103515625e-5\n"), scale("1")), (Some(6.103_515_625e-5), Some(1.0)));
        for nonsense in ["", "inf", "nan", "-1", "0", "1e999", "2 MiB"] {
            assert_eq!(scale(nonsense), None, "{nonsense:?}");
        }
    }

    #[test]
    fn what_cannot_be_encoded_says_why() {
        let pmus = pmus("intel-2s-server");
        let [cpu] = named(&pmus, "cpu")[..] else { panic!("one cpu PMU") };
        let error = |terms: &str| cpu.encode(terms).unwrap_err();
        assert_eq!(error("event=0x1ff"), "event=0x1ff has more than the 8 bits of cpu's event");
        assert!(
            error("bogus").starts_with("cpu has no event or field bogus; events: cache-misses "),
            "{}",
            error("bogus")
        );
        assert!(error("../type=1").contains("no event or field ../type"));
        assert_eq!(error("event=x"), "event=x: expected a number such as 0x3c or 60");
        assert_eq!(error("offcore"), "offcore needs a value for offcore_rsp, as in offcore_rsp=0x1");
    }

    #[test]
    fn units_of_one_kind_go_by_one_name_and_say_what_a_count_means() {
        let pmus = pmus("intel-2s-server");
        let controllers = named(&pmus, "uncore_imc");
        let names: Vec<&str> = controllers.iter().map(|pmu| pmu.name.as_str()).collect();
        assert_eq!(names, ["uncore_imc_0", "uncore_imc_1", "uncore_imc_10"]);
        assert_eq!(controllers[0].reach, Reach::Shared(vec![0, 4]));
        let reads = controllers[0].encode("cas_count_read").unwrap();
        assert_eq!((reads.code.config[0], reads.unit.as_str()), (0xf04, "MiB"));
        assert_eq!(reads.scale * 1_048_576.0, 64.0);
        assert_eq!(controllers[0].cpus(&[0, 1, 2, 3]), [0]);
        assert!(named(&pmus, "uncore").is_empty());
    }

    #[test]
    fn a_hybrid_host_has_a_pmu_for_each_kind_of_core() {
        let pmus = pmus("hybrid-laptop");
        let cores: Vec<(&str, Vec<u32>)> = pmus
            .iter()
            .filter(|pmu| pmu.is_core())
            .map(|pmu| (pmu.name.as_str(), pmu.cpus(&[0, 1, 2, 3, 4, 6])))
            .collect();
        assert_eq!(cores, [("cpu_atom", vec![4, 6]), ("cpu_core", vec![0, 1, 2, 3])]);
    }
}
