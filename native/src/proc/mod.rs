//! /proc, one file of ours per file of the kernel's: its parser and the metric family that mainly comes from it.

pub mod cpu_counts;
pub mod cpu_table;
pub mod cpuinfo;
pub mod diskstats;
pub mod interrupts;
pub mod line_file;
pub mod loadavg;
pub mod meminfo;
pub mod mounts;
pub mod name;
pub mod net_dev;
pub mod net_snmp;
pub mod pressure;
pub mod process;
mod process_choice;
mod process_folder;
pub mod process_stat;
#[cfg(test)]
mod process_test;
mod process_top;
pub mod process_use;
mod process_users;
pub mod resources;
#[cfg(test)]
pub mod robustness;
pub mod small_files;
pub mod sockstat;
pub mod softirqs;
pub mod stat;
pub mod statvfs;
pub mod swap;
pub mod system;
pub mod text;
pub mod uptime;
pub mod vmstat;
pub mod zoneinfo;
