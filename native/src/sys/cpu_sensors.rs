//! Frequency and temperature of every CPU, read aside: on some hosts each of these files takes milliseconds.

use std::path::{Path, PathBuf};

use super::cpufreq;
use super::hwmon::{Place, Thermometer, celsius, thermometers};
use super::{attribute, numbered};
use crate::proc::cpuinfo::Cpuinfo;
use crate::sampler::kernel::{Kernel, Roots};
use crate::sampler::reader::{KernelFile, ReadError, Shared, Source};
use crate::sampler::slow::{Slow, SlowSource};

/// Sensors are not asked more often than this.
const FLOOR_NS: u64 = 1_000_000_000;
/// Sensors come and go with drivers and CPUs: the files are looked for again after this many passes.
const PASSES_PER_SCAN: u32 = 60;

/// What is known of a CPU; NaN where nothing is.
#[derive(Clone, Copy, Debug)]
pub struct Sensed {
    pub frequency_mhz: f64,
    pub temperature_celsius: f64,
}

impl Sensed {
    pub const NOTHING: Self = Self { frequency_mhz: f64::NAN, temperature_celsius: f64::NAN };
}

/// One reading of all sensors.
#[derive(Debug)]
pub struct Readings {
    cpus: Vec<(u32, Sensed)>,
    all: Sensed,
}

impl Default for Readings {
    fn default() -> Self {
        Self { cpus: Vec::new(), all: Sensed::NOTHING }
    }
}

impl Readings {
    /// Average frequency and highest temperature.
    pub const fn all(&self) -> Sensed {
        self.all
    }

    /// Of one CPU, most likely at the place `hint`.
    pub fn of(&self, cpu: u32, hint: usize) -> Sensed {
        match self.cpus.get(hint) {
            Some((number, sensed)) if *number == cpu => *sensed,
            _ => self.cpus.iter().find(|(number, _)| *number == cpu).map_or(Sensed::NOTHING, |(_, sensed)| *sensed),
        }
    }
}

/// The files to read.
struct Files {
    frequencies: Vec<(u32, PathBuf)>,
    thermometers: Vec<Thermometer>,
    /// Which core, of which package, a CPU is.
    cores: Vec<(u32, Place)>,
}

fn find(sysfs: &Path) -> Files {
    let cpus = numbered(&sysfs.join("devices/system/cpu"), "cpu");
    let id = |folder: &Path, name: &str| attribute(&folder.join("topology").join(name))?.parse::<u32>().ok();
    let mut packages = Vec::new();
    let cores = cpus.iter().map(|(cpu, folder)| {
        let core = id(folder, "core_id").unwrap_or(*cpu);
        let package = id(folder, "physical_package_id").unwrap_or(0);
        packages.push(package);
        (*cpu, Place::Core { package, core })
    });
    let cores = cores.collect();
    packages.sort_unstable();
    packages.dedup();
    Files { frequencies: cpufreq::files(sysfs), thermometers: thermometers(sysfs, &packages), cores }
}

/// All sensors of the CPUs.
pub struct Sensors {
    roots: Roots,
    cpuinfo: KernelFile<Cpuinfo>,
    buffer: Vec<u8>,
    files: Option<Files>,
    passes: u32,
}

impl Sensors {
    fn new(roots: &Roots) -> Self {
        let cpuinfo = KernelFile::new(roots.proc.join("cpuinfo"));
        Self { roots: roots.clone(), cpuinfo, buffer: Vec::new(), files: None, passes: 0 }
    }

    /// `asking` is called before each file.
    fn read_all(&mut self, asking: &dyn Fn()) -> Readings {
        if self.passes.is_multiple_of(PASSES_PER_SCAN) {
            self.files = None;
        }
        self.passes = self.passes.wrapping_add(1);
        let files = self.files.get_or_insert_with(|| find(&self.roots.sys));
        let frequencies: Vec<(u32, f64)> = if files.frequencies.is_empty() {
            asking();
            match self.cpuinfo.read(&mut self.buffer) {
                Ok(()) => self.cpuinfo.value().frequencies.clone(),
                Err(_) => Vec::new(),
            }
        } else {
            let read = |(cpu, path): &(u32, PathBuf)| {
                asking();
                (*cpu, cpufreq::mhz(path))
            };
            files.frequencies.iter().map(read).collect()
        };
        let read = |thermometer: &Thermometer| {
            asking();
            (thermometer.place, celsius(&thermometer.path))
        };
        let temperatures: Vec<(Place, f64)> = files.thermometers.iter().map(read).collect();
        combine(&files.cores, &frequencies, &temperatures)
    }
}

/// Gives every CPU its frequency, and the temperature of its core or else of its package.
fn combine(cores: &[(u32, Place)], frequencies: &[(u32, f64)], temperatures: &[(Place, f64)]) -> Readings {
    let mut numbers: Vec<u32> = cores.iter().map(|(cpu, _)| *cpu).collect();
    numbers.extend(frequencies.iter().map(|(cpu, _)| *cpu));
    numbers.sort_unstable();
    numbers.dedup();
    // Where a package has several thermometers, its hottest part counts.
    let temperature = |wanted: &dyn Fn(Place) -> bool| {
        let wanted = temperatures.iter().filter(|(place, celsius)| wanted(*place) && !celsius.is_nan());
        wanted.map(|(_, celsius)| *celsius).reduce(f64::max)
    };
    let cpus: Vec<(u32, Sensed)> = numbers
        .into_iter()
        .map(|cpu| {
            let frequency = frequencies.iter().find(|(number, _)| *number == cpu).map(|(_, mhz)| *mhz);
            let core = cores.iter().find(|(number, _)| *number == cpu).map(|(_, core)| *core);
            let celsius = core.and_then(|core| {
                let package = match core {
                    Place::Core { package, .. } => Some(package),
                    Place::Package(package) => package,
                };
                let of_package = |place| matches!(place, Place::Package(other) if other.is_none() || other == package);
                temperature(&|place| place == core).or_else(|| temperature(&of_package))
            });
            let sensed = Sensed {
                frequency_mhz: frequency.unwrap_or(f64::NAN),
                temperature_celsius: celsius.unwrap_or(f64::NAN),
            };
            (cpu, sensed)
        })
        .collect();
    let known: Vec<f64> = cpus.iter().map(|(_, sensed)| sensed.frequency_mhz).filter(|mhz| !mhz.is_nan()).collect();
    let all = Sensed {
        frequency_mhz: known.iter().sum::<f64>() / known.len() as f64,
        temperature_celsius: temperatures.iter().fold(f64::NAN, |hottest, (_, celsius)| hottest.max(*celsius)),
    };
    Readings { cpus, all }
}

impl SlowSource for Sensors {
    type Value = Readings;
    const FLOOR_NS: u64 = FLOOR_NS;
    const OVERDUE: &'static str = "a sensor has not answered for a long time";

    fn read(&mut self, readings: &mut Readings, asking: &dyn Fn()) -> Result<(), ReadError> {
        *readings = self.read_all(asking);
        Ok(())
    }
}

/// The latest readings, as the sampler sees them.
pub type CpuSensors = Slow<Sensors>;

pub fn shared(kernel: &mut Kernel) -> Shared<CpuSensors> {
    let path = kernel.roots.sys.join("devices/system/cpu");
    kernel.slow_source("cpu_sensors", path, Sensors::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::host;

    fn readings(name: &str) -> Readings {
        let root = host(name);
        let roots = Roots { proc: root.join("proc"), sys: root.join("sys"), cgroup: root.join("cgroup") };
        Sensors::new(&roots).read_all(&|| ())
    }

    #[test]
    fn a_core_has_its_own_temperature_and_a_stranger_its_packages() {
        let readings = readings("cpu-holes");
        assert_eq!(readings.of(2, 0).frequency_mhz, 1200.5);
        assert_eq!(readings.of(0, 0).temperature_celsius, 61.0);
        assert_eq!(readings.of(2, 1).temperature_celsius, 58.5);
        assert_eq!(readings.of(7, 9).temperature_celsius, 63.0);
        assert_eq!(readings.all().frequency_mhz, (2400.0 + 1200.5 + 3600.0 + 800.0) / 4.0);
        assert_eq!(readings.all().temperature_celsius, 63.0);
        assert!(readings.of(1, 1).frequency_mhz.is_nan());
    }

    #[test]
    fn without_cpufreq_the_frequency_comes_from_cpuinfo() {
        let readings = readings("vm-2cpu");
        assert_eq!(readings.of(1, 1).frequency_mhz, 2899.998);
        assert!(readings.all().temperature_celsius.is_nan());
    }
}
