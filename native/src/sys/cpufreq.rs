//! `/sys/devices/system/cpu/cpu*/cpufreq` (Documentation/admin-guide/pm/cpufreq.rst): the frequency of each CPU.

use std::path::{Path, PathBuf};

use super::{attribute, numbered, thousandths};

/// CPU numbers and the files with their frequency in kHz.
pub fn files(sysfs: &Path) -> Vec<(u32, PathBuf)> {
    let cpus = numbered(&sysfs.join("devices/system/cpu"), "cpu");
    let files = cpus.into_iter().map(|(cpu, folder)| (cpu, folder.join("cpufreq/scaling_cur_freq")));
    files.filter(|(_, path)| path.exists()).collect()
}

/// The frequency in MHz; NaN when it cannot be read, as for a CPU that is offline.
pub fn mhz(path: &Path) -> f64 {
    attribute(path).map_or(f64::NAN, |khz| thousandths(&khz))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::host;

    #[test]
    fn reads_the_cpus_that_have_it() {
        let files = files(&host("cpu-holes").join("sys"));
        let read: Vec<(u32, f64)> = files.iter().map(|(cpu, path)| (*cpu, mhz(path))).collect();
        assert_eq!(read, [(0, 2_400.0), (2, 1_200.5), (3, 3_600.0), (7, 800.0)]);
        assert!(mhz(Path::new("/nonexistent")).is_nan());
    }
}
