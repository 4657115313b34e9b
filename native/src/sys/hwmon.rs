//! `/sys/class/hwmon` (Documentation/hwmon/sysfs-interface.rst) and `/sys/class/thermal`: the temperatures of the CPUs.

use std::collections::BTreeMap;
use std::ffi::OsStr;
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

/// All thermometers of CPUs: those of hwmon, or else the thermal zones. `packages` are the host's, in ascending order.
pub fn thermometers(sysfs: &Path, packages: &[u32]) -> Vec<Thermometer> {
    let mut found = Vec::new();
    let mut dies = Vec::new();
    for (_, folder) in numbered(&sysfs.join("class/hwmon"), "hwmon") {
        if attribute(&folder.join("name")).is_some_and(|name| CPU_DRIVERS.contains(&name.as_str())) {
            let device = std::fs::read_link(folder.join("device")).unwrap_or_default();
            let device = device.file_name().and_then(OsStr::to_str).unwrap_or_default();
            let first = found.len();
            found.extend(places(&labelled(&folder), coretemp_number(device)));
            dies.extend(amd_die(device).map(|die| (die, first)));
        }
    }
    assign_dies(&mut found, dies, packages);
    if found.is_empty() {
        for (_, folder) in numbered(&sysfs.join("class/thermal"), "thermal_zone") {
            if attribute(&folder.join("type")).is_some_and(|kind| is_cpu_zone(&kind)) {
                found.push(Thermometer { place: Place::Package(None), path: folder.join("temp") });
            }
        }
    }
    found
}

/// The package that a device such as `coretemp.1` is of: processors before Sandy Bridge have no thermometer whose label says.
fn coretemp_number(device: &str) -> Option<u32> {
    device.strip_prefix("coretemp.")?.parse().ok()
}

/// The die that a PCI device such as `0000:00:19.3` is of: AMD's are at the slots from 0x18 on, on the first bus.
fn amd_die(device: &str) -> Option<u32> {
    let (slot, _function) = device.strip_prefix("0000:00:")?.split_once('.')?;
    u32::from_str_radix(slot, 16).ok()?.checked_sub(0x18)
}

/// AMD's thermometers don't say what they are of, but there is one for each die and packages have equally many dies.
fn assign_dies(found: &mut [Thermometer], mut dies: Vec<(u32, usize)>, packages: &[u32]) {
    dies.sort_unstable();
    if packages.is_empty() || !dies.len().is_multiple_of(packages.len()) {
        return;
    }
    for (order, (_, index)) in dies.iter().enumerate() {
        let package = packages.get(order * packages.len() / dies.len()).copied();
        if let Some(thermometer) = found.get_mut(*index).filter(|thermometer| thermometer.place == Place::Package(None))
        {
            thermometer.place = Place::Package(package);
        }
    }
}

fn is_cpu_zone(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    kind == "x86_pkg_temp" || ["cpu", "soc", "tcpu"].iter().any(|prefix| kind.starts_with(prefix))
}

/// The files of a chip's thermometers by their labels in lower case; of those without a label, the first.
fn labelled(folder: &Path) -> BTreeMap<String, PathBuf> {
    let mut labelled = BTreeMap::new();
    for (number, path) in inputs(folder) {
        let label = attribute(&folder.join(format!("temp{number}_label"))).unwrap_or_default().to_ascii_lowercase();
        labelled.entry(label).or_insert(path);
    }
    labelled
}

/// What the thermometers of one chip are about, by their labels in lower case. `device_package`: what its device says.
pub fn places(labelled: &BTreeMap<String, PathBuf>, device_package: Option<u32>) -> Vec<Thermometer> {
    let ending = |label: &str, start: &str| label.strip_prefix(start).and_then(|rest| rest.parse::<u32>().ok());
    // Kernels before 4.x say "Physical id", as Documentation/hwmon/coretemp.rst still does.
    let package_id = |label: &str| ending(label, "package id ").or_else(|| ending(label, "physical id "));
    let package = labelled.keys().find_map(|label| package_id(label)).or(device_package);
    let mut found = Vec::new();
    for (label, path) in labelled {
        if let Some(core) = ending(label, "core ") {
            let place = Place::Core { package: package.unwrap_or(0), core };
            found.push(Thermometer { place, path: path.clone() });
        } else if package_id(label).is_some() {
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
        let found = thermometers(&host("cpu-holes").join("sys"), &[0]);
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
        assert!(thermometers(folder.path(), &[0]).is_empty());
        chip(1, "k10temp", &[(1, "Tctl", "71250"), (2, "Tccd1", "65000")]);
        let found = thermometers(folder.path(), &[0]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].place, celsius(&found[0].path)), (Place::Package(None), 71.25));
    }

    /// A chip with its device, as sysfs links them.
    fn chip(folder: &Path, number: u32, name: &str, device: &str, labels: &[&str]) {
        let chip = folder.join(format!("class/hwmon/hwmon{number}"));
        fs::create_dir_all(&chip).unwrap();
        fs::write(chip.join("name"), format!("{name}\n")).unwrap();
        std::os::unix::fs::symlink(format!("../../../{device}"), chip.join("device")).unwrap();
        for (input, label) in (1..).zip(labels) {
            fs::write(chip.join(format!("temp{input}_input")), format!("{number}{input}000\n")).unwrap();
            if !label.is_empty() {
                fs::write(chip.join(format!("temp{input}_label")), format!("{label}\n")).unwrap();
            }
        }
    }

    fn read(sysfs: &Path, packages: &[u32]) -> Vec<(Place, f64)> {
        let mut found: Vec<(Place, f64)> = thermometers(sysfs, packages)
            .iter()
            .map(|thermometer| (thermometer.place, celsius(&thermometer.path)))
            .collect();
        found.sort_by_key(|(place, _)| *place);
        found
    }

    #[test]
    fn two_packages_of_coretemp_are_told_apart_by_label_or_device() {
        let core = |package, core| Place::Core { package, core };
        let folder = TempDir::new();
        chip(folder.path(), 1, "coretemp", "coretemp.1", &["Package id 1", "Core 0", "Core 8"]);
        chip(folder.path(), 2, "coretemp", "coretemp.0", &["Physical id 0", "Core 0"]);
        let expected = [
            (core(0, 0), 22.0),
            (core(1, 0), 12.0),
            (core(1, 8), 13.0),
            (Place::Package(Some(0)), 21.0),
            (Place::Package(Some(1)), 11.0),
        ];
        assert_eq!(read(folder.path(), &[0, 1]), expected);
        // Before Sandy Bridge packages have no thermometers.
        let folder = TempDir::new();
        chip(folder.path(), 1, "coretemp", "coretemp.0", &["Core 0"]);
        chip(folder.path(), 2, "coretemp", "coretemp.1", &["Core 0"]);
        assert_eq!(read(folder.path(), &[0, 1]), [(core(0, 0), 11.0), (core(1, 0), 21.0)]);
    }

    #[test]
    fn packages_of_amd_have_equally_many_dies_with_a_thermometer_each() {
        let folder = TempDir::new();
        chip(folder.path(), 1, "k10temp", "0000:00:19.3", &["Tctl", "Tccd1"]);
        chip(folder.path(), 2, "k10temp", "0000:00:18.3", &["Tctl", "Tdie"]);
        let package = |id| Place::Package(Some(id));
        assert_eq!(read(folder.path(), &[0, 1]), [(package(0), 22.0), (package(1), 11.0)]);
        assert_eq!(read(folder.path(), &[0]), [(package(0), 11.0), (package(0), 22.0)]);
        assert_eq!(read(folder.path(), &[0, 1, 2]), [(Place::Package(None), 11.0), (Place::Package(None), 22.0)]);
        chip(folder.path(), 3, "k10temp", "0000:00:1a.3", &[""]);
        chip(folder.path(), 4, "k10temp", "0000:00:1b.3", &["", ""]);
        let expected = [(package(0), 11.0), (package(0), 22.0), (package(3), 31.0), (package(3), 41.0)];
        let mut found = read(folder.path(), &[0, 3]);
        found.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        assert_eq!(found, expected);
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
        let found = thermometers(folder.path(), &[0]);
        assert_eq!(found.len(), 1);
        assert_eq!(celsius(&found[0].path), -4.5);
    }
}
