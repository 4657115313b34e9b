//! `/sys/class/hwmon` (Documentation/hwmon/sysfs-interface.rst) and `/sys/class/thermal`: the temperatures of the CPUs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{attribute, numbered, thousandths};

/// Drivers that measure the CPU itself.
const CPU_DRIVERS: [&str; 4] = ["coretemp", "k10temp", "zenpower", "cpu_thermal"];
/// AMD's drivers have several readings of a package; this order is the most to the least meaningful.
const PACKAGE_LABELS: [&str; 3] = ["tdie", "tctl", ""];

/// What a sensor is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Core {
        package: u32,
        core: u32,
    },
    /// None: the only package, or nobody says which.
    Package(Option<u32>),
}

/// A temperature and the file it is in.
#[derive(Debug, PartialEq, Eq)]
pub struct Thermometer {
    pub place: Place,
    pub path: PathBuf,
}

/// All thermometers of CPUs: those of hwmon, or else the thermal zones.
pub fn thermometers(sysfs: &Path) -> Vec<Thermometer> {
    let mut found = Vec::new();
    for (_, folder) in numbered(&sysfs.join("class/hwmon"), "hwmon") {
        if attribute(&folder.join("name")).is_some_and(|name| CPU_DRIVERS.contains(&name.as_str())) {
            found.extend(of_driver(&folder));
        }
    }
    if found.is_empty() {
        for (_, folder) in numbered(&sysfs.join("class/thermal"), "thermal_zone") {
            if attribute(&folder.join("type")).is_some_and(|kind| is_cpu_zone(&kind)) {
                found.push(Thermometer { place: Place::Package(None), path: folder.join("temp") });
            }
        }
    }
    found
}

fn is_cpu_zone(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    kind == "x86_pkg_temp" || ["cpu", "soc", "tcpu"].iter().any(|prefix| kind.starts_with(prefix))
}

fn of_driver(folder: &Path) -> Vec<Thermometer> {
    let mut labelled = BTreeMap::new();
    for (number, _) in inputs(folder) {
        let label = attribute(&folder.join(format!("temp{number}_label"))).unwrap_or_default().to_ascii_lowercase();
        labelled.insert(label, folder.join(format!("temp{number}_input")));
    }
    places(&labelled)
}

/// What the thermometers of one chip are about, by their labels in lower case.
pub fn places(labelled: &BTreeMap<String, PathBuf>) -> Vec<Thermometer> {
    let ending = |label: &str, start: &str| label.strip_prefix(start).and_then(|rest| rest.parse::<u32>().ok());
    let package = labelled.keys().find_map(|label| ending(label, "package id "));
    let mut found = Vec::new();
    for (label, path) in labelled {
        if let Some(core) = ending(label, "core ") {
            let place = Place::Core { package: package.unwrap_or(0), core };
            found.push(Thermometer { place, path: path.clone() });
        } else if ending(label, "package id ").is_some() {
            found.push(Thermometer { place: Place::Package(package), path: path.clone() });
        }
    }
    if found.is_empty() {
        let path = PACKAGE_LABELS.iter().find_map(|label| labelled.get(*label)).or_else(|| labelled.values().next());
        found.extend(path.map(|path| Thermometer { place: Place::Package(None), path: path.clone() }));
    }
    found
}

/// The numbers N of all `tempN_input`.
fn inputs(folder: &Path) -> Vec<(u32, PathBuf)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .filter_map(|entry| {
            let name = entry.file_name();
            let number = name.to_str()?.strip_prefix("temp")?.strip_suffix("_input")?.parse().ok()?;
            Some((number, entry.path()))
        })
        .collect();
    found.sort_unstable();
    found
}

/// The temperature in °C; NaN when it cannot be read.
pub fn celsius(path: &Path) -> f64 {
    attribute(path).map_or(f64::NAN, |millidegrees| thousandths(&millidegrees))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TempDir, host};
    use std::fs;

    #[test]
    fn coretemp_names_cores_and_package() {
        let found = thermometers(&host("cpu-holes").join("sys"));
        let read: Vec<(Place, f64)> =
            found.iter().map(|thermometer| (thermometer.place, celsius(&thermometer.path))).collect();
        let core = |core| Place::Core { package: 0, core };
        assert_eq!(read, [(core(0), 61.0), (core(1), 58.5), (Place::Package(Some(0)), 63.0)]);
    }

    #[test]
    fn an_amd_package_has_one_temperature_and_other_chips_none() {
        let folder = TempDir::new();
        let chip = |number: u32, name: &str, inputs: &[(u32, &str, &str)]| {
            let chip = folder.path().join(format!("class/hwmon/hwmon{number}"));
            fs::create_dir_all(&chip).unwrap();
            fs::write(chip.join("name"), format!("{name}\n")).unwrap();
            for (input, label, value) in inputs {
                fs::write(chip.join(format!("temp{input}_input")), format!("{value}\n")).unwrap();
                fs::write(chip.join(format!("temp{input}_label")), format!("{label}\n")).unwrap();
            }
        };
        chip(0, "nvme", &[(1, "Composite", "40000")]);
        assert!(thermometers(folder.path()).is_empty());
        chip(1, "k10temp", &[(1, "Tctl", "71250"), (2, "Tccd1", "65000")]);
        let found = thermometers(folder.path());
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].place, celsius(&found[0].path)), (Place::Package(None), 71.25));
    }

    #[test]
    fn thermal_zones_stand_in() {
        let folder = TempDir::new();
        for (number, kind) in [(0, "acpitz"), (1, "cpu-thermal")] {
            let zone = folder.path().join(format!("class/thermal/thermal_zone{number}"));
            fs::create_dir_all(&zone).unwrap();
            fs::write(zone.join("type"), format!("{kind}\n")).unwrap();
            fs::write(zone.join("temp"), "-4500\n").unwrap();
        }
        let found = thermometers(folder.path());
        assert_eq!(found.len(), 1);
        assert_eq!(celsius(&found[0].path), -4.5);
    }
}
