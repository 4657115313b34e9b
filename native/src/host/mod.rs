//! The host around the sampler: locks on files and the names of its errors.

pub mod descriptors;
pub mod errno;
pub mod lock;
