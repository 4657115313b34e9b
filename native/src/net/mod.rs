//! What the kernel's network stack tells over netlink.

pub mod inet_diag;
