//! Listening TCP sockets, counted by the kernel's socket diagnostics (sock_diag(7)): one dump for IPv4, one for IPv6.

use std::mem::size_of;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use crate::source::Source;

const SOCK_DIAG_BY_FAMILY: u16 = 20;
const TCP_LISTEN: u32 = 10;
const RECEIVE_BYTES: usize = 32 * 1024;

/// linux/inet_diag.h: struct inet_diag_req_v2, with struct inet_diag_sockid at its end.
#[repr(C)]
struct InetDiagRequest {
    family: u8,
    protocol: u8,
    extensions: u8,
    padding: u8,
    states: u32,
    socket_id: [u32; 12],
}

#[repr(C)]
struct Request {
    header: libc::nlmsghdr,
    body: InetDiagRequest,
}

pub(crate) struct ListeningSockets {
    netlink: OwnedFd,
    buffer: Vec<u8>,
}

impl ListeningSockets {
    pub(crate) fn open() -> Result<Self, String> {
        // SAFETY: socket takes integers and returns a descriptor or -1.
        let descriptor =
            unsafe { libc::socket(libc::AF_NETLINK, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, libc::NETLINK_SOCK_DIAG) };
        if descriptor < 0 {
            return Err(format!("sock_diag: {}", std::io::Error::last_os_error()));
        }
        // SAFETY: the descriptor was opened just now and nobody else owns it.
        let netlink = unsafe { OwnedFd::from_raw_fd(descriptor) };
        Ok(Self { netlink, buffer: vec![0; RECEIVE_BYTES] })
    }

    fn count(&mut self, family: libc::c_int) -> Result<u64, String> {
        self.ask(family)?;
        let mut sockets = 0;
        loop {
            // SAFETY: the pointer and length describe the buffer, which is borrowed mutably for the call.
            let received =
                unsafe { libc::recv(self.netlink.as_raw_fd(), self.buffer.as_mut_ptr().cast(), self.buffer.len(), 0) };
            let Ok(received) = usize::try_from(received) else {
                return Err(format!("sock_diag: {}", std::io::Error::last_os_error()));
            };
            let mut rest = &self.buffer[..received];
            while let (Some(length), Some(kind)) = (field(rest, 0), field(rest, 4)) {
                match i32::from(kind as u16) {
                    libc::NLMSG_DONE => return Ok(sockets),
                    libc::NLMSG_ERROR => return Err("sock_diag: refused".to_owned()),
                    _ => sockets += 1,
                }
                // netlink(7): messages are aligned to 4 bytes.
                rest = rest.get((length as usize).next_multiple_of(4).max(4)..).unwrap_or_default();
            }
        }
    }

    fn ask(&self, family: libc::c_int) -> Result<(), String> {
        let request = Request {
            header: libc::nlmsghdr {
                nlmsg_len: size_of::<Request>() as u32,
                nlmsg_type: SOCK_DIAG_BY_FAMILY,
                nlmsg_flags: (libc::NLM_F_REQUEST | libc::NLM_F_DUMP) as u16,
                nlmsg_seq: 0,
                nlmsg_pid: 0,
            },
            body: InetDiagRequest {
                family: family as u8,
                protocol: libc::IPPROTO_TCP as u8,
                extensions: 0,
                padding: 0,
                states: 1 << TCP_LISTEN,
                socket_id: [0; 12],
            },
        };
        // SAFETY: the pointer and length describe `request`, which has no padding and outlives the call.
        let sent =
            unsafe { libc::send(self.netlink.as_raw_fd(), (&raw const request).cast(), size_of::<Request>(), 0) };
        if sent < 0 {
            return Err(format!("sock_diag: {}", std::io::Error::last_os_error()));
        }
        Ok(())
    }
}

/// The 32-bit word at `offset` of a netlink message, in the host's byte order.
fn field(message: &[u8], offset: usize) -> Option<u32> {
    let bytes = message.get(offset..offset + 4)?;
    bytes.try_into().ok().map(u32::from_ne_bytes)
}

impl Source for ListeningSockets {
    fn read(&mut self) -> Result<u64, String> {
        Ok(self.count(libc::AF_INET)? + self.count(libc::AF_INET6)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn sees_a_socket_that_listens() -> Result<(), String> {
        let mut sockets = ListeningSockets::open()?;
        let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
        assert!(sockets.read()? > 0);
        drop(listener);
        Ok(())
    }
}
