//! sock_diag(7): how many TCP sockets are listening. Asking for one state costs microseconds, while reading
//! /proc/net/tcp walks every connection of the host.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::FromRawFd;

use crate::host::errno;
use crate::sampler::kernel::Kernel;
use crate::sampler::raw::Raw;
use crate::sampler::reader::{ReadError, Shared, Source};

const SOCK_DIAG_BY_FAMILY: u16 = 20;
const TCP_LISTEN: u32 = 10;
/// Netlink never sends a larger part of a dump at once (Documentation/userspace-api/netlink/intro.rst).
const BUFFER_BYTES: usize = 32 * 1024;
const HEADER_BYTES: usize = 16;
const REQUEST_BYTES: usize = HEADER_BYTES + 56;
/// A dump is answered at once or not at all.
static PATIENCE: libc::timeval = libc::timeval { tv_sec: 0, tv_usec: 100_000 };

/// Counts listening TCP sockets of IPv4 and IPv6.
pub struct InetDiag {
    /// False when /proc is another host's: this kernel's sockets are not those.
    this_host: bool,
    socket: Option<File>,
    listening: Raw,
}

impl InetDiag {
    pub fn shared(kernel: &mut Kernel) -> Shared<Self> {
        let this_host = kernel.roots.is_this_host();
        let name = "inet_diag";
        kernel.source(name, name.into(), || Self { this_host, socket: None, listening: Raw::ABSENT })
    }

    fn count(&mut self, buffer: &mut Vec<u8>) -> Result<u64, i32> {
        let socket = match &mut self.socket {
            Some(socket) => socket,
            closed => closed.insert(open()?),
        };
        if buffer.len() < BUFFER_BYTES {
            buffer.resize(BUFFER_BYTES, 0);
        }
        let families = [libc::AF_INET, libc::AF_INET6];
        families.into_iter().try_fold(0, |sum, family| Ok(sum + dump(socket, family as u8, buffer)?))
    }
}

fn open() -> Result<File, i32> {
    // SAFETY: socket takes no pointers; the descriptor is new, and owned by the File from here on. setsockopt reads a
    // timeval that lives as long as the program.
    unsafe {
        let kind = libc::SOCK_DGRAM | libc::SOCK_CLOEXEC;
        let descriptor = libc::socket(libc::AF_NETLINK, kind, libc::NETLINK_SOCK_DIAG);
        if descriptor < 0 {
            return Err(errno::last());
        }
        let length = size_of::<libc::timeval>() as libc::socklen_t;
        let value = (&raw const PATIENCE).cast();
        libc::setsockopt(descriptor, libc::SOL_SOCKET, libc::SO_RCVTIMEO, value, length);
        Ok(File::from_raw_fd(descriptor))
    }
}

/// `struct nlmsghdr` and `struct inet_diag_req_v2`.
fn request(family: u8) -> [u8; REQUEST_BYTES] {
    let mut bytes = [0; REQUEST_BYTES];
    let flags = (libc::NLM_F_REQUEST | libc::NLM_F_DUMP) as u16;
    bytes[0..4].copy_from_slice(&(REQUEST_BYTES as u32).to_ne_bytes());
    bytes[4..6].copy_from_slice(&SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    bytes[6..8].copy_from_slice(&flags.to_ne_bytes());
    bytes[16] = family;
    bytes[17] = libc::IPPROTO_TCP as u8;
    bytes[20..24].copy_from_slice(&(1_u32 << TCP_LISTEN).to_ne_bytes());
    bytes
}

fn dump(socket: &mut File, family: u8, buffer: &mut [u8]) -> Result<u64, i32> {
    socket.write_all(&request(family)).map_err(|error| errno::of(&error))?;
    let mut count = 0;
    loop {
        let length = socket.read(buffer).map_err(|error| errno::of(&error))?;
        let part = messages(&buffer[..length])?;
        count += part.sockets;
        if part.done {
            return Ok(count);
        }
    }
}

/// What one datagram of a dump holds.
#[derive(Debug, PartialEq, Eq)]
pub struct Part {
    pub sockets: u64,
    pub done: bool,
}

/// Counts the sockets in one datagram of a dump.
///
/// # Errors
/// The errno that the kernel sent, or what is wrong with the datagram.
pub fn messages(datagram: &[u8]) -> Result<Part, i32> {
    let mut part = Part { sockets: 0, done: false };
    let mut rest = datagram;
    if rest.is_empty() {
        return Err(libc::EIO);
    }
    while let Some(header) = rest.first_chunk::<HEADER_BYTES>() {
        let length = u32::from_ne_bytes([header[0], header[1], header[2], header[3]]) as usize;
        let kind = u16::from_ne_bytes([header[4], header[5]]);
        if length < HEADER_BYTES || length > rest.len() {
            return Err(libc::EBADMSG);
        }
        match i32::from(kind) {
            libc::NLMSG_DONE => part.done = true,
            libc::NLMSG_ERROR => {
                let code = rest.get(HEADER_BYTES..HEADER_BYTES + 4).and_then(|bytes| bytes.first_chunk::<4>());
                let code = code.map_or(-libc::EIO, |bytes| i32::from_ne_bytes(*bytes));
                return Err(code.checked_neg().unwrap_or(libc::EIO));
            }
            _ if kind == SOCK_DIAG_BY_FAMILY => part.sockets += 1,
            _ => {}
        }
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(part)
}

impl Source for InetDiag {
    type Value = Raw;

    fn read(&mut self, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        self.listening = Raw::ABSENT;
        if !self.this_host {
            return Err(ReadError::NotAsked("not asked, because procfs is not this host's"));
        }
        let count = self.count(buffer).map_err(|errno| {
            // What is left of an answer must not be taken for that to the next question.
            self.socket = None;
            ReadError::Io(errno)
        })?;
        self.listening = Raw::new(count);
        Ok(())
    }

    fn value(&self) -> &Raw {
        &self.listening
    }

    fn hint(&self, error: ReadError) -> &'static str {
        match error {
            ReadError::Io(libc::ENOENT | libc::EPROTONOSUPPORT | libc::EAFNOSUPPORT) => {
                "kernel without INET_DIAG, or its module cannot be loaded, or a sandbox forbids AF_NETLINK"
            }
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn count() -> u64 {
        let mut diag = InetDiag { this_host: true, socket: None, listening: Raw::ABSENT };
        diag.read(&mut Vec::new()).unwrap();
        // Twice on the same socket: nothing of the first answer is left over.
        diag.read(&mut Vec::new()).unwrap();
        diag.value().get().unwrap()
    }

    #[test]
    fn counts_what_the_kernel_has() {
        let listeners: Vec<TcpListener> = (0..50).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        assert!(count() >= listeners.len() as u64);
    }

    #[test]
    fn another_hosts_sockets_are_not_asked_for() {
        let mut diag = InetDiag { this_host: false, socket: None, listening: Raw::ABSENT };
        assert!(matches!(diag.read(&mut Vec::new()), Err(ReadError::NotAsked(_))));
    }

    #[test]
    fn errors_of_the_kernel_are_passed_on() {
        let mut message = [0; 20];
        message[0] = 20;
        message[4] = libc::NLMSG_ERROR as u8;
        message[16..20].copy_from_slice(&(-libc::ENOENT).to_ne_bytes());
        assert_eq!(messages(&message), Err(libc::ENOENT));
        message[0] = 3;
        assert_eq!(messages(&message), Err(libc::EBADMSG));
    }
}
