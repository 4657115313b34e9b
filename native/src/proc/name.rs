//! Names of kernel objects, kept inline so that parsing allocates nothing.

/// As long as the kernel's longest: disks have up to 31 bytes, interfaces 15.
const CAPACITY: usize = 31;

/// A name of up to 31 bytes; longer ones, which no kernel has, are cut.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Name {
    length: u8,
    bytes: [u8; CAPACITY],
}

impl Name {
    pub fn new(name: &[u8]) -> Self {
        let length = name.len().min(CAPACITY);
        let mut bytes = [0; CAPACITY];
        bytes[..length].copy_from_slice(&name[..length]);
        Self { length: length as u8, bytes }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl std::fmt::Debug for Name {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:?}", String::from_utf8_lossy(self.as_bytes()))
    }
}
