//! Control groups, one file of ours per interface of the kernel's.

pub mod cpuacct;
